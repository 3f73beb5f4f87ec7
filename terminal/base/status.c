/* Status names, one-line errors, and the stop of a program whose invariant broke.
 *
 * Every text goes through a local buffer first, so that a caller may pass error->text itself as an
 * argument.
 */
#include "terminal/base/status.h"

#include "terminal/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    [STATUS_OK] = "ok",
    [STATUS_INVALID] = "invalid",
    [STATUS_RANGE] = "range",
    [STATUS_NOT_FOUND] = "not_found",
    [STATUS_EXISTS] = "exists",
    [STATUS_BUSY] = "busy",
    [STATUS_DENIED] = "denied",
    [STATUS_CONFLICT] = "conflict",
    [STATUS_CORRUPT] = "corrupt",
    [STATUS_FULL] = "full",
    [STATUS_IO] = "io",
    [STATUS_NETWORK] = "network",
    [STATUS_TIMEOUT] = "timeout",
    [STATUS_UNSUPPORTED] = "unsupported",
    [STATUS_CANCELLED] = "cancelled",
};

const char *status_name(enum status status)
{
    size_t index = (size_t)status;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}

/* Stores `text`, cut at a character boundary and freed of control characters. */
static void store_line(struct error *error, const char *text)
{
    size_t length = text_cut(text, strlen(text), sizeof error->text - 1);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        error->text[i] = byte < 0x20 || byte == 0x7F ? ' ' : text[i];
    }
    error->text[length] = '\0';
}

enum status(error_set)(struct error *error, enum status status, const char *format, ...)
{
    if (error == NULL)
        return status;
    char line[2 * sizeof error->text];
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (written < 0)
        line[0] = '\0';
    error->status = status;
    store_line(error, line);
    return status;
}

enum status error_prefix(struct error *error, const char *format, ...)
{
    char line[2 * sizeof error->text];
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(line, sizeof error->text, format, arguments);
    va_end(arguments);
    if (written < 0)
        line[0] = '\0';
    size_t used = strlen(line);
    (void)snprintf(line + used, sizeof line - used, ": %s", error->text);
    store_line(error, line);
    return error->status;
}

void invariant_failed(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, condition);
    abort();
}
