/* A growing byte buffer with a ceiling. Out of memory aborts; reaching the ceiling refuses.
 *
 *   data ──► [ used bytes │ NUL │ spare ]      used <= ceiling
 */
#ifndef HOLDFAST_BASE_BUF_H
#define HOLDFAST_BASE_BUF_H

#include "terminal/base/status.h"

#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; /* always NUL-terminated after the first append; NULL before */
    size_t used;
    size_t capacity;
    size_t ceiling;
};

/* An empty buffer that never holds more than `ceiling` bytes. Nothing is allocated yet. */
void buf_init(struct buf *buf, size_t ceiling);

/* Frees the memory; the buffer is empty again and keeps its ceiling. */
void buf_finish(struct buf *buf);

/* Forgets the bytes, keeps the memory. */
void buf_clear(struct buf *buf);

/* STATUS_RANGE when the ceiling would be passed; the buffer is unchanged then. */
enum status buf_append(struct buf *buf, const void *bytes, size_t length) MUST_USE;
enum status buf_append_text(struct buf *buf, const char *text) MUST_USE;
enum status buf_append_byte(struct buf *buf, uint8_t byte) MUST_USE;
enum status buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3) MUST_USE;

/* Removes the first `length` bytes (at most what is there). */
void buf_consume(struct buf *buf, size_t length);

/* The text, "" when nothing was appended. Valid until the next change. */
const char *buf_text(const struct buf *buf);

/* malloc, realloc and strdup that abort when memory is out. */
void *mem_alloc(size_t size); /* zeroed */
void *mem_resize(void *memory, size_t size);
char *mem_copy_text(const char *text);

#endif
