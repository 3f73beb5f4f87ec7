/* The growing buffer, and allocation that never fails: out of memory ends the program, because a
 * till that went on without it could only half do what it promised.
 */
#include "terminal/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

void *mem_alloc(size_t size)
{
    void *memory = calloc(1, size > 0 ? size : 1);
    INVARIANT(memory != NULL);
    return memory;
}

void *mem_resize(void *memory, size_t size)
{
    void *moved = realloc(memory, size > 0 ? size : 1);
    INVARIANT(moved != NULL);
    return moved;
}

char *mem_copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = mem_alloc(size);
    memcpy(copy, text, size);
    return copy;
}

void buf_init(struct buf *buf, size_t ceiling)
{
    *buf = (struct buf){.ceiling = ceiling};
}

void buf_finish(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){.ceiling = buf->ceiling};
}

void buf_clear(struct buf *buf)
{
    buf->used = 0;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

/* Makes room for `more` bytes and the NUL. Doubling keeps n appends at O(n) copied bytes. */
static enum status reserve(struct buf *buf, size_t more)
{
    if (more > buf->ceiling - buf->used)
        return STATUS_RANGE;
    size_t needed = buf->used + more + 1;
    INVARIANT(needed > more);
    if (needed <= buf->capacity)
        return STATUS_OK;
    size_t capacity = buf->capacity > 0 ? buf->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    if (capacity - 1 > buf->ceiling)
        capacity = buf->ceiling + 1;
    buf->data = mem_resize(buf->data, capacity);
    buf->capacity = capacity;
    return STATUS_OK;
}

enum status buf_append(struct buf *buf, const void *bytes, size_t length)
{
    enum status status = reserve(buf, length);
    if (status != STATUS_OK)
        return status;
    if (length > 0)
        memcpy(buf->data + buf->used, bytes, length);
    buf->used += length;
    buf->data[buf->used] = '\0';
    return STATUS_OK;
}

enum status buf_append_text(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

enum status buf_append_byte(struct buf *buf, uint8_t byte)
{
    return buf_append(buf, &byte, 1);
}

enum status buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    INVARIANT(length >= 0);
    enum status status = reserve(buf, (size_t)length);
    if (status != STATUS_OK)
        return status;
    va_start(arguments, format);
    (void)vsnprintf(buf->data + buf->used, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buf->used += (size_t)length;
    return STATUS_OK;
}

void buf_consume(struct buf *buf, size_t length)
{
    if (length >= buf->used) {
        buf_clear(buf);
        return;
    }
    buf->used -= length;
    memmove(buf->data, buf->data + length, buf->used + 1);
}

const char *buf_text(const struct buf *buf)
{
    return buf->data != NULL ? buf->data : "";
}
