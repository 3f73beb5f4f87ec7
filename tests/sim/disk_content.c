/* Pages, counted and shared. Those nobody holds wait in a list for the next that needs one.
 */
#include "tests/sim/disk_content.h"

#include "terminal/base/buf.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct page {
    uint32_t holders;
    struct page *next; /* while nobody holds it */
    uint64_t words[DISK_PAGE / 8];
};

static struct page *spare;

static struct page *page_new(void)
{
    struct page *page = spare;

    if (page != NULL)
        spare = page->next;
    else
        page = mem_resize(NULL, sizeof *page);
    page->holders = 1;
    return page;
}

static void page_drop(struct page *page)
{
    if (page == NULL || --page->holders > 0)
        return;
    page->next = spare;
    spare = page;
}

static size_t slots_for(int64_t size)
{
    return (size_t)((size + DISK_PAGE - 1) / DISK_PAGE);
}

static void want_slots(struct content *content, size_t count)
{
    size_t room;

    if (count <= content->count)
        return;
    room = content->count < 8 ? 8 : content->count;
    while (room < count)
        room *= 2;
    content->pages = mem_resize(content->pages, room * sizeof(struct page *));
    memset(content->pages + content->count, 0, (room - content->count) * sizeof(struct page *));
    content->count = room;
}

void content_finish(struct content *content)
{
    for (size_t i = 0; i < content->count; i++)
        page_drop(content->pages[i]);
    free(content->pages);
    *content = (struct content){0};
}

void content_copy(struct content *to, const struct content *from)
{
    struct content fresh = {.size = from->size};

    want_slots(&fresh, slots_for(from->size));
    for (size_t i = 0; i < slots_for(from->size); i++) {
        fresh.pages[i] = from->pages[i];
        if (fresh.pages[i] != NULL)
            fresh.pages[i]->holders++;
    }
    content_finish(to);
    *to = fresh;
}

size_t content_read(const struct content *content, void *bytes, size_t length, int64_t offset)
{
    char *at = bytes;
    size_t there;

    if (offset >= content->size)
        return 0;
    there = (size_t)(content->size - offset);
    length = there = length < there ? length : there;
    while (length > 0) {
        const struct page *page = content->pages[offset / DISK_PAGE];
        size_t from = (size_t)(offset % DISK_PAGE);
        size_t part = DISK_PAGE - from < length ? DISK_PAGE - from : length;
        if (page != NULL)
            memcpy(at, (const char *)page->words + from, part);
        else
            memset(at, 0, part);
        at += part;
        offset += (int64_t)part;
        length -= part;
    }
    return there;
}

/* The page of this slot, for our own writing; its old bytes are needed unless all are written. */
static struct page *own_page(struct page **slot, bool whole)
{
    struct page *old = *slot;

    if (old != NULL && old->holders == 1)
        return old;
    *slot = page_new();
    if (!whole && old != NULL)
        memcpy((*slot)->words, old->words, DISK_PAGE);
    else if (!whole)
        memset((*slot)->words, 0, DISK_PAGE);
    page_drop(old);
    return *slot;
}

static void write_part(struct page **slot, const void *bytes, size_t from, size_t length)
{
    bool whole = length == DISK_PAGE;

    if (bytes == NULL && (whole || *slot == NULL)) {
        page_drop(*slot);
        *slot = NULL;
        return;
    }
    char *page = (char *)own_page(slot, whole)->words;
    if (bytes != NULL)
        memcpy(page + from, bytes, length);
    else
        memset(page + from, 0, length);
}

void content_write(struct content *content, const void *bytes, size_t length, int64_t offset)
{
    const char *at = bytes;
    int64_t end = offset + (int64_t)length;

    want_slots(content, slots_for(end));
    if (end > content->size)
        content->size = end;
    while (length > 0) {
        size_t from = (size_t)(offset % DISK_PAGE);
        size_t part = DISK_PAGE - from < length ? DISK_PAGE - from : length;
        write_part(&content->pages[offset / DISK_PAGE], at, from, part);
        if (at != NULL)
            at += part;
        offset += (int64_t)part;
        length -= part;
    }
}

void content_resize(struct content *content, int64_t size)
{
    size_t keep = slots_for(size);

    if (size < content->size) {
        for (size_t i = keep; i < slots_for(content->size); i++) {
            page_drop(content->pages[i]);
            content->pages[i] = NULL;
        }
        if (size % DISK_PAGE != 0)
            write_part(&content->pages[keep - 1], NULL, (size_t)(size % DISK_PAGE),
                       DISK_PAGE - (size_t)(size % DISK_PAGE));
    }
    want_slots(content, keep);
    content->size = size;
}

void content_share(struct content *to, const struct content *from, int64_t offset, int64_t length)
{
    size_t end = slots_for(offset + length);

    want_slots(to, end);
    for (size_t i = (size_t)(offset / DISK_PAGE); i < end; i++) {
        struct page *page = i < from->count ? from->pages[i] : NULL;
        if (page == to->pages[i])
            continue;
        if (page != NULL)
            page->holders++;
        page_drop(to->pages[i]);
        to->pages[i] = page;
    }
}

uint64_t content_digest(const struct content *content, uint64_t before)
{
    uint64_t sum = before ^ (uint64_t)content->size;

    for (size_t i = 0; i < slots_for(content->size); i++) {
        /* A page never written counts as one word: a reserve of megabytes is nothing. */
        for (size_t word = 0; word < (content->pages[i] != NULL ? DISK_PAGE / 8 : 1); word++) {
            uint64_t value = content->pages[i] != NULL ? content->pages[i]->words[word] : 0;
            sum = (sum ^ value) * UINT64_C(0x100000001B3);
            sum ^= sum >> 29;
        }
    }
    return sum;
}
