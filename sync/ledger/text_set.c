/* Open addressing over an arena: each slot has 32 bits of the hash and where the text stands. */
#include "sync/ledger/text_set.h"

#include "terminal/base/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024

struct slot {
    uint32_t hash;
    uint32_t length; /* of the text + 1; 0: empty */
    size_t at;
};

struct text_set {
    struct buf arena;
    struct slot *slots;
    size_t slot_count;
    size_t used;
};

struct text_set *text_set_new(void)
{
    struct text_set *set = mem_alloc(sizeof *set);

    buf_init(&set->arena, SIZE_MAX - 1);
    set->slot_count = FIRST_SLOTS;
    set->slots = mem_alloc(FIRST_SLOTS * sizeof *set->slots);
    return set;
}

void text_set_free(struct text_set *set)
{
    if (set == NULL)
        return;
    buf_finish(&set->arena);
    free(set->slots);
    free(set);
}

static uint32_t hash_of(const char *bytes, size_t length)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001B3);
    return (uint32_t)(hash ^ hash >> 32);
}

static struct slot *find(const struct text_set *set, uint32_t hash, const char *bytes,
                         size_t length)
{
    size_t at = hash & (set->slot_count - 1);

    for (; set->slots[at].length != 0; at = (at + 1) & (set->slot_count - 1)) {
        const struct slot *slot = &set->slots[at];
        if (slot->hash == hash && slot->length == length + 1 &&
            memcmp(set->arena.data + slot->at, bytes, length) == 0)
            break;
    }
    return &set->slots[at];
}

bool text_set_has(const struct text_set *set, const char *bytes, size_t length)
{
    return find(set, hash_of(bytes, length), bytes, length)->length != 0;
}

static void grow(struct text_set *set)
{
    size_t count = set->slot_count * 2;
    struct slot *slots = mem_alloc(count * sizeof *slots);

    for (size_t i = 0; i < set->slot_count; i++) {
        size_t at = set->slots[i].hash & (count - 1);
        if (set->slots[i].length == 0)
            continue;
        while (slots[at].length != 0)
            at = (at + 1) & (count - 1);
        slots[at] = set->slots[i];
    }
    free(set->slots);
    set->slots = slots;
    set->slot_count = count;
}

bool text_set_add(struct text_set *set, const char *bytes, size_t length)
{
    uint32_t hash = hash_of(bytes, length);
    struct slot *slot = find(set, hash, bytes, length);

    INVARIANT(length <= UINT16_MAX);
    if (slot->length != 0)
        return false;
    *slot = (struct slot){.hash = hash, .length = (uint32_t)length + 1, .at = set->arena.used};
    enum status status = buf_append(&set->arena, bytes, length);
    INVARIANT(status == STATUS_OK);
    if (++set->used * 2 > set->slot_count)
        grow(set);
    return true;
}
