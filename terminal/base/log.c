/* The log: a level, and one write(2) per line so that lines of threads and processes never mix.
 */
#include "terminal/base/log.h"

#include "terminal/base/clock.h"
#include "terminal/base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_LIMIT 1000

static atomic_int threshold = LOG_LEVEL_INFO;

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
};

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* nobody listens: there is nowhere left to say it */
        bytes += written;
        length -= (size_t)written;
    }
}

void log_line(enum log_level level, const char *module, const char *format, ...)
{
    if ((int)level < atomic_load_explicit(&threshold, memory_order_relaxed))
        return;
    int saved_errno = errno;
    char stamp[UTC_STAMP_SIZE];
    struct clock clock = clock_system();
    utc_stamp(clock_wall_ms(&clock), stamp);

    char line[2 * LINE_LIMIT];
    (void)snprintf(line, sizeof line, "%.19sZ %s %.40s: ", stamp, level_names[level], module);
    size_t used = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(line + used, sizeof line - used, format, arguments) < 0)
        line[used] = '\0';
    va_end(arguments);

    size_t length = text_cut(line, strlen(line), LINE_LIMIT - 1);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)line[i];
        if (byte < 0x20 || byte == 0x7F)
            line[i] = '?';
    }
    line[length] = '\n';
    write_all(line, length + 1);
    errno = saved_errno;
}
