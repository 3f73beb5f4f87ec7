#include "sync/admin/options.h"

#include <string.h>

static enum status take_option(int argc, char **argv, int *at, struct options *out,
                               struct error *error)
{
    const char *name = argv[*at] + 2;
    bool *flag = strcmp(name, "json") == 0      ? &out->json
                 : strcmp(name, "help") == 0    ? &out->help
                 : strcmp(name, "version") == 0 ? &out->version
                                                : NULL;
    if (flag) {
        *flag = true;
        return STATUS_OK;
    }
    if (*at + 1 == argc)
        return error_set(error, STATUS_INVALID, "--%s needs a value", name);
    if (options_get(out, name))
        return error_set(error, STATUS_INVALID, "--%s is given twice", name);
    if (out->given_count == OPTIONS_MAX)
        return error_set(error, STATUS_INVALID, "too many options");
    out->given[out->given_count].name = name;
    out->given[out->given_count++].value = argv[++*at];
    return STATUS_OK;
}

enum status options_read(int argc, char **argv, struct options *out, struct error *error)
{
    *out = (struct options){0};
    for (int at = 1; at < argc; at++) {
        if (strncmp(argv[at], "--", 2) == 0 && argv[at][2]) {
            enum status status = take_option(argc, argv, &at, out, error);
            if (status)
                return status;
        } else if (out->word_count == WORDS_MAX) {
            return error_set(error, STATUS_INVALID, "too many arguments");
        } else {
            out->words[out->word_count++] = argv[at];
        }
    }
    return STATUS_OK;
}

const char *options_get(const struct options *options, const char *name)
{
    for (int i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].name, name) == 0)
            return options->given[i].value;
    return NULL;
}

enum status options_want(const struct options *options, const char *name, const char **out,
                         struct error *error)
{
    *out = options_get(options, name);
    return *out ? STATUS_OK : error_set(error, STATUS_INVALID, "--%s is missing", name);
}

static bool listed(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = names; (at = strstr(at, name)); at += length)
        if ((at == names || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

enum status options_check(const struct options *options, const char *allowed, struct error *error)
{
    for (int i = 0; i < options->given_count; i++)
        if (!listed(allowed, options->given[i].name))
            return error_set(error, STATUS_INVALID, "--%s is no option of this command; see --help",
                             options->given[i].name);
    return STATUS_OK;
}
