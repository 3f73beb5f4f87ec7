/* The bytes of a file as pages that many contents share until one of them is written to.
 *
 *   content ──► pages[0..count)     a page: 4096 bytes and how many contents hold it
 *                 NULL: all zeros   bytes beyond `size` are always zero
 */
#ifndef HOLDFAST_SIM_DISK_CONTENT_H
#define HOLDFAST_SIM_DISK_CONTENT_H

#include <stddef.h>
#include <stdint.h>

#define DISK_PAGE 4096

struct page;

struct content {
    struct page **pages;
    size_t count; /* of slots; at least what `size` needs */
    int64_t size;
};

void content_finish(struct content *content);
/* `to` is replaced. */
void content_copy(struct content *to, const struct content *from);
/* What is there of the range; the count of bytes. */
size_t content_read(const struct content *content, void *bytes, size_t length, int64_t offset);
/* Grows when it must. NULL bytes are zeros. */
void content_write(struct content *content, const void *bytes, size_t length, int64_t offset);
void content_resize(struct content *content, int64_t size);
/* The pages that hold [offset, offset + length) become those of `from`; sizes stay. */
void content_share(struct content *to, const struct content *from, int64_t offset, int64_t length);
uint64_t content_digest(const struct content *content, uint64_t before);

#endif
