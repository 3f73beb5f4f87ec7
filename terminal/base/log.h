/* The program's log: one line per event on stderr, `2026-11-21T09:00:00Z warn agent: text`.
 * The only global state of the project. Thread-safe. Never hand it a PIN, token or personal data.
 */
#ifndef HOLDFAST_BASE_LOG_H
#define HOLDFAST_BASE_LOG_H

#include "terminal/base/status.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Lines below `level` are dropped. The default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* Control characters in the text are written as `?`; a line is cut at 1,000 bytes. */
void log_line(enum log_level level, const char *module, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
