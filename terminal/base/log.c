/* The log: a level, a form, a descriptor, and one write(2) per line so that lines of threads and
 * processes never mix.
 */
#include "terminal/base/log.h"

#include "terminal/base/clock.h"
#include "terminal/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_LIMIT 1000
#define PATH_LIMIT 4096

static atomic_int threshold = LOG_LEVEL_INFO;
static atomic_int form = LOG_TEXT;
static atomic_int descriptor = STDERR_FILENO;
static char file_path[PATH_LIMIT]; /* set once, before threads */

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
};

/* A line as it grows: cut where it is full. */
struct line {
    char text[LINE_LIMIT + 8];
    size_t used;
    size_t limit;
};

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

bool log_wants(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&threshold, memory_order_relaxed);
}

void log_set_format(enum log_format format)
{
    atomic_store(&form, (int)format);
}

/* Not through fs.h: a log is appended to, and no part of a simulated disk. */
static int open_file(void)
{
    return open(file_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

enum status log_open(const char *path, struct error *error)
{
    int fd;

    if (strlen(path) >= sizeof file_path)
        return error_set(error, STATUS_INVALID, "the log's path is too long");
    strcpy(file_path, path);
    fd = open_file();
    if (fd < 0)
        return error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
    atomic_store(&descriptor, fd);
    return STATUS_OK;
}

/* The number stays, so that a thread which is writing meets the old file or the new one. */
void log_reopen(void)
{
    int fd;

    if (file_path[0] == '\0')
        return;
    fd = open_file();
    if (fd < 0) {
        log_line(LOG_LEVEL_ERROR, "log", "the log's file can't be opened: %s", strerror(errno));
        return;
    }
    (void)dup3(fd, atomic_load(&descriptor), O_CLOEXEC);
    (void)close(fd);
}

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(atomic_load(&descriptor), bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* nobody listens: there is nowhere left to say it */
        bytes += written;
        length -= (size_t)written;
    }
}

static void put(struct line *line, const char *text, size_t length)
{
    size_t room = line->limit - line->used;

    if (length > room)
        length = text_cut(text, length, room);
    memcpy(line->text + line->used, text, length);
    line->used += length;
}

/* In one piece, or not at all and nothing more. */
static void put_escape(struct line *line, const char *text)
{
    if (line->limit - line->used < strlen(text))
        line->limit = line->used;
    put(line, text, strlen(text));
}

/* What could forge a line, or is no UTF-8, does not get through. */
static void put_safe(struct line *line, const char *text, bool json)
{
    size_t length = strlen(text), at = 0;

    while (at < length && line->used < line->limit) {
        size_t start = at;
        uint32_t character = text_next(text, length, &at);
        char escape[8];
        if (json && (character == '"' || character == '\\')) {
            (void)snprintf(escape, sizeof escape, "\\%c", (char)character);
            put_escape(line, escape);
        } else if (json && (character < 0x20 || character == 0x7F)) {
            (void)snprintf(escape, sizeof escape, "\\u%04x", (unsigned)character);
            put_escape(line, escape);
        } else if (character < 0x20 || character == 0x7F) {
            put(line, "?", 1);
        } else if (json && character == 0xFFFD) {
            put_escape(line, "\\ufffd");
        } else {
            put(line, text + start, at - start);
        }
    }
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static void start_line(struct line *line, bool json, enum log_level level, const char *module)
{
    char stamp[UTC_STAMP_SIZE], name[48];
    struct clock clock = clock_system();

    utc_stamp(clock_wall_ms(&clock), stamp);
    (void)snprintf(name, sizeof name, "%.40s", module);
    line->used = 0;
    line->limit = LINE_LIMIT - (json ? 3 : 1);
    if (!json)
        stamp[19] = '\0';
    put_text(line, json ? "{\"time\":\"" : "");
    put_text(line, stamp);
    put_text(line, json ? "\",\"level\":\"" : "Z ");
    put_text(line, level_names[level]);
    put_text(line, json ? "\",\"module\":\"" : " ");
    put_safe(line, name, json);
    put_text(line, json ? "\",\"message\":\"" : ": ");
}

static void put_field(struct line *line, const struct log_field *field, bool json)
{
    char number[32];
    struct line before = *line;
    size_t limit = line->limit;

    if (field->text != NULL && field->text[0] == '\0')
        return;
    (void)snprintf(number, sizeof number, "%" PRId64, field->number);
    put_text(line, json ? ",\"" : " ");
    put_safe(line, field->key, json);
    put_text(line, json ? "\":" : "=");
    if (field->text != NULL) {
        put_text(line, json ? "\"" : "");
        put_safe(line, field->text, json);
        put_text(line, json ? "\"" : "");
    } else {
        put_text(line, number);
    }
    if (line->used >= limit || line->limit < limit)
        *line = before; /* it does not fit whole */
}

static void write_line(enum log_level level, const char *module, const char *message,
                       const struct log_field *fields, size_t count)
{
    int saved_errno = errno;
    bool json = atomic_load(&form) == LOG_JSON;
    struct line line;

    start_line(&line, json, level, module);
    put_safe(&line, message, json);
    line.limit = LINE_LIMIT - (json ? 2 : 1);
    put_text(&line, json ? "\"" : "");
    for (size_t i = 0; i < count; i++)
        put_field(&line, &fields[i], json);
    line.limit = sizeof line.text;
    put_text(&line, json ? "}\n" : "\n");
    write_all(line.text, line.used);
    errno = saved_errno;
}

void log_line(enum log_level level, const char *module, const char *format, ...)
{
    char message[2 * LINE_LIMIT];
    va_list arguments;
    int saved_errno = errno;

    if (!log_wants(level))
        return;
    va_start(arguments, format);
    if (vsnprintf(message, sizeof message, format, arguments) < 0)
        message[0] = '\0';
    va_end(arguments);
    errno = saved_errno;
    write_line(level, module, message, NULL, 0);
}

void log_event(enum log_level level, const char *module, const char *message,
               const struct log_field *fields, size_t count)
{
    if (log_wants(level))
        write_line(level, module, message, fields, count);
}
