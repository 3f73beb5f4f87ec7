/* A line of a script, cut into words.
 */
#ifndef HOLDFAST_UI_SCRIPT_WORDS_H
#define HOLDFAST_UI_SCRIPT_WORDS_H

#include <stdbool.h>

enum { WORDS_MAX = 8 };

struct words {
    int count; /* 0 for an empty line or a comment */
    const char *at[WORDS_MAX];
};

/* Cuts in place: `line` is changed, and the words point into it. Words are separated by blanks;
 * "in quotes" with \" and \\ is one word; an unquoted # ends the line. False for more than
 * WORDS_MAX words or a quote that never ends. */
bool words_cut(char *line, struct words *out);

#endif
