/* The words and options of one call of holdfast-admin.
 *
 * Every option has a value but --json, --help and --version. An option that the command does not
 * know, one given twice (unless the command takes it often), or a missing value is an error.
 */
#ifndef HOLDFAST_ADMIN_OPTIONS_H
#define HOLDFAST_ADMIN_OPTIONS_H

#include "terminal/base/status.h"

#include <stdbool.h>

#define OPTIONS_MAX 32
#define WORDS_MAX   8

struct options {
    const char *words[WORDS_MAX]; /* what is no option: the command and its arguments */
    int word_count;
    struct {
        const char *name; /* "url" */
        const char *value;
    } given[OPTIONS_MAX];
    int given_count;
    bool json, help, version;
};

/* Borrowed from argv. */
enum status options_read(int argc, char **argv, struct options *out, struct error *error) MUST_USE;

/* The value, or NULL. */
const char *options_get(const struct options *options, const char *name);
/* STATUS_INVALID "--name is missing". */
enum status options_want(const struct options *options, const char *name, const char **out,
                         struct error *error) MUST_USE;
/* `allowed` is a list of names separated by spaces. */
enum status options_check(const struct options *options, const char *allowed,
                          struct error *error) MUST_USE;

#endif
