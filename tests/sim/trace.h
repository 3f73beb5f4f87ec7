/* The trace: one line per event, and one number over all lines. The same seed gives the same number
 * on every machine and in every build; that is invariant 17.
 */
#ifndef HOLDFAST_SIM_TRACE_H
#define HOLDFAST_SIM_TRACE_H

#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trace {
    uint64_t hash;
    uint64_t lines;
    bool shown; /* on standard output, too */
};

void trace_start(struct trace *trace, bool shown);
void trace_line(struct trace *trace, int64_t now_ms, const char *format, ...) PRINTF_LIKE(3, 4);
void trace_number(struct trace *trace, uint64_t number);

/* FNV-1a over bytes, going on from `hash`. */
#define TRACE_START UINT64_C(14695981039346656037)
uint64_t trace_bytes(uint64_t hash, const void *bytes, size_t length);

#endif
