/* The commands of holdfast-ledger. Each prints what it has to say on stdout. */
#ifndef HOLDFAST_LEDGER_COMMANDS_H
#define HOLDFAST_LEDGER_COMMANDS_H

#include "terminal/base/status.h"

#include <stdbool.h>

/* Options that were not given are NULL; `location` always is. */
struct command_options {
    const char *location;
    const char *token_file;
    const char *listen;
    const char *tls_cert;
    const char *tls_key;
    const char *to;
    const char *from;
    const char *log;       /* text (before) or json */
    const char *log_level; /* debug, info (before) or warn */
    const char *log_file;
    const char *patience; /* seconds */
    bool repair;
};

/* STATUS_INVALID for an option that is missing. */
enum status command_init(const struct command_options *options, struct error *error) MUST_USE;
/* Serves until SIGTERM or SIGINT; prints "listening on ADDRESS:PORT" once it does. Then: no new
 * connections, waiting questions are answered, what is in work is finished, and the database is
 * closed. A second signal, or COMMANDS_STOP_S, ends the process where it is, which the database
 * stands as it stands every kill. */
#define COMMANDS_STOP_S 60
enum status command_serve(const struct command_options *options, struct error *error) MUST_USE;
enum status command_backup(const struct command_options *options, struct error *error) MUST_USE;
enum status command_restore(const struct command_options *options, struct error *error) MUST_USE;
/* STATUS_CORRUPT when the projections differ and are not to be repaired. */
enum status command_rebuild(const struct command_options *options, struct error *error) MUST_USE;

#endif
