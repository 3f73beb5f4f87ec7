/* FNV-1a over the lines as they are printed. */
#include "tests/sim/trace.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_BYTES 400
#define FNV_PRIME      UINT64_C(1099511628211)

uint64_t trace_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * FNV_PRIME;
    return hash;
}

void trace_start(struct trace *trace, bool shown)
{
    *trace = (struct trace){.hash = TRACE_START, .shown = shown};
}

void trace_line(struct trace *trace, int64_t now_ms, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list arguments;
    int start = snprintf(line, sizeof line, "%8lld.%03lld ", (long long)(now_ms / 1000),
                         (long long)(now_ms % 1000));
    size_t length;

    va_start(arguments, format);
    int rest = vsnprintf(line + start, sizeof line - (size_t)start, format, arguments);
    va_end(arguments);
    length = (size_t)start + (size_t)(rest < 0 ? 0 : rest);
    if (length >= sizeof line)
        length = sizeof line - 1;
    trace->hash = trace_bytes(trace->hash, line, length);
    trace->lines++;
    if (trace->shown)
        (void)printf("%.*s\n", (int)length, line);
}

void trace_number(struct trace *trace, uint64_t number)
{
    trace->hash = trace_bytes(trace->hash, &number, sizeof number);
}
