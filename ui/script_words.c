#include "ui/script_words.h"

/* Moves the quoted text down over its quotes and backslashes; returns behind it, NULL when it never
 * ends. */
static char *cut_quoted(char *from, char **word)
{
    char *to = from;

    *word = from;
    for (; *from && *from != '"'; from++) {
        if (*from == '\\' && (from[1] == '"' || from[1] == '\\')) {
            from++;
        }
        *to++ = *from;
    }
    if (*from != '"') {
        return 0;
    }
    *to = '\0';
    return from + 1;
}

bool words_cut(char *line, struct words *out)
{
    out->count = 0;
    for (;;) {
        while (*line == ' ' || *line == '\t' || *line == '\r') {
            line++;
        }
        if (*line == '\0' || *line == '#') {
            return true;
        }
        if (out->count == WORDS_MAX) {
            return false;
        }
        char *word = line;
        if (*line == '"') {
            line = cut_quoted(line + 1, &word);
            if (!line) {
                return false;
            }
        } else {
            while (*line && *line != ' ' && *line != '\t' && *line != '\r') {
                line++;
            }
            if (*line) {
                *line++ = '\0';
            }
        }
        out->at[out->count++] = word;
    }
}
