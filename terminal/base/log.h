/* The program's log: one line per event on stderr, or in a file.
 *
 *   LOG_TEXT   2026-11-21T09:00:00Z warn agent: text key=value
 *   LOG_JSON   {"time":"2026-11-21T09:00:00.123Z","level":"warn","module":"agent",
 *               "message":"text","key":"value","number":1}
 *
 * The only global state of the project. Thread-safe. Never hand it a PIN, token or personal data.
 */
#ifndef HOLDFAST_BASE_LOG_H
#define HOLDFAST_BASE_LOG_H

#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Lines below `level` are dropped. The default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

bool log_wants(enum log_level level); /* whether a line of this level is written */

enum log_format { LOG_TEXT, LOG_JSON };
void log_set_format(enum log_format format); /* LOG_TEXT before */

/* Appends to this file (made with mode 0600) from now on, instead of stderr. */
enum status log_open(const char *path, struct error *error) MUST_USE;
/* Opens the file anew, after it was moved away. Goes on with the old one when that fails. */
void log_reopen(void);

/* Control characters in the text are written as `?` (in LOG_JSON escaped); a line is cut at 1,000
 * bytes. */
void log_line(enum log_level level, const char *module, const char *format, ...) PRINTF_LIKE(3, 4);

/* An event with figures. `text` NULL: the number; a text that is "" is left out. */
struct log_field {
    const char *key;
    const char *text;
    int64_t number;
};
void log_event(enum log_level level, const char *module, const char *message,
               const struct log_field *fields, size_t count);

#endif
