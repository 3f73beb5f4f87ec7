/* An open hash table of cells over an arena of their texts:
 *
 *   slots ──► cell { hash, text offset, delta } ──► arena "S01\0available\0SKU\0"
 */
#include "sync/ledger/tally.h"

#include "terminal/base/buf.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024

struct cell {
    uint64_t hash;
    size_t text;
    int64_t delta;
};

struct tally {
    struct buf arena;
    struct cell *cells;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* index into cells + 1; 0 is empty */
    size_t slot_count;
    struct tally_total *totals;
    size_t total_count;
};

struct tally *tally_new(void)
{
    struct tally *tally = mem_alloc(sizeof *tally);

    buf_init(&tally->arena, SIZE_MAX - 1);
    tally->slot_count = FIRST_SLOTS;
    tally->slots = mem_alloc(FIRST_SLOTS * sizeof *tally->slots);
    return tally;
}

void tally_free(struct tally *tally)
{
    if (tally == NULL)
        return;
    buf_finish(&tally->arena);
    free(tally->cells);
    free(tally->slots);
    free(tally->totals);
    free(tally);
}

void tally_clear(struct tally *tally)
{
    buf_clear(&tally->arena);
    memset(tally->slots, 0, tally->slot_count * sizeof *tally->slots);
    tally->count = 0;
    tally->total_count = 0;
}

/* FNV-1a over the three texts with their NULs. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;

    do {
        hash = (hash ^ *byte) * UINT64_C(0x100000001B3);
    } while (*byte++ != '\0');
    return hash;
}

static uint64_t hash_key(const char *location, const char *status, const char *sku)
{
    uint64_t hash = hash_text(UINT64_C(0xCBF29CE484222325), location);

    return hash_text(hash_text(hash, status), sku);
}

struct tally_cell tally_cell(const struct tally *tally, size_t index)
{
    const struct cell *cell = &tally->cells[index];
    const char *location = tally->arena.data + cell->text;
    const char *status = location + strlen(location) + 1;

    return (struct tally_cell){.location = location,
                               .status = status,
                               .sku = status + strlen(status) + 1,
                               .delta_milli = cell->delta};
}

static uint32_t *find_slot(const struct tally *tally, uint64_t hash, const char *location,
                           const char *status, const char *sku)
{
    size_t at = (size_t)(hash ^ hash >> 32) & (tally->slot_count - 1);

    for (; tally->slots[at] != 0; at = (at + 1) & (tally->slot_count - 1)) {
        size_t index = tally->slots[at] - 1;
        if (tally->cells[index].hash != hash)
            continue;
        struct tally_cell cell = tally_cell(tally, index);
        if (strcmp(cell.sku, sku) == 0 && strcmp(cell.status, status) == 0 &&
            strcmp(cell.location, location) == 0)
            break;
    }
    return &tally->slots[at];
}

static void grow_slots(struct tally *tally)
{
    free(tally->slots);
    tally->slot_count *= 4;
    tally->slots = mem_alloc(tally->slot_count * sizeof *tally->slots);
    for (size_t i = 0; i < tally->count; i++) {
        uint64_t hash = tally->cells[i].hash;
        size_t at = (size_t)(hash ^ hash >> 32) & (tally->slot_count - 1);
        while (tally->slots[at] != 0)
            at = (at + 1) & (tally->slot_count - 1);
        tally->slots[at] = (uint32_t)i + 1;
    }
}

static size_t add_text(struct tally *tally, const char *location, const char *status,
                       const char *sku)
{
    size_t at = tally->arena.used;
    enum status result = buf_append(&tally->arena, location, strlen(location) + 1);

    if (result == STATUS_OK)
        result = buf_append(&tally->arena, status, strlen(status) + 1);
    if (result == STATUS_OK)
        result = buf_append(&tally->arena, sku, strlen(sku) + 1);
    INVARIANT(result == STATUS_OK);
    return at;
}

/* The index of the cell, made when it is not there. */
static size_t cell_index(struct tally *tally, const struct bucket *bucket, const char *sku)
{
    uint64_t hash = hash_key(bucket->location, bucket->status, sku);
    uint32_t *slot = find_slot(tally, hash, bucket->location, bucket->status, sku);

    if (*slot != 0)
        return *slot - 1;
    if ((tally->count + 1) * 2 > tally->slot_count) {
        grow_slots(tally);
        slot = find_slot(tally, hash, bucket->location, bucket->status, sku);
    }
    if (tally->count == tally->capacity) {
        tally->capacity = tally->capacity == 0 ? 256 : tally->capacity * 2;
        tally->cells = mem_resize(tally->cells, tally->capacity * sizeof *tally->cells);
    }
    INVARIANT(tally->count < UINT32_MAX - 1);
    tally->cells[tally->count] =
        (struct cell){.hash = hash, .text = add_text(tally, bucket->location, bucket->status, sku)};
    *slot = (uint32_t)++tally->count;
    return tally->count - 1;
}

enum status tally_move(struct tally *tally, const char *sku, int64_t quantity_milli,
                       const struct bucket *from, const struct bucket *to)
{
    size_t taken = cell_index(tally, from, sku);
    size_t given = cell_index(tally, to, sku);
    int64_t less, more;

    if (__builtin_sub_overflow(tally->cells[taken].delta, quantity_milli, &less) ||
        __builtin_add_overflow(tally->cells[given].delta, quantity_milli, &more))
        return STATUS_RANGE;
    INVARIANT(taken != given);
    tally->cells[taken].delta = less;
    tally->cells[given].delta = more;
    return STATUS_OK;
}

size_t tally_cells(const struct tally *tally)
{
    return tally->count;
}

int64_t tally_delta(const struct tally *tally, const char *location, const char *status,
                    const char *sku)
{
    uint32_t slot = *find_slot(tally, hash_key(location, status, sku), location, status, sku);

    return slot == 0 ? 0 : tally->cells[slot - 1].delta;
}

enum status tally_total_add(struct tally *tally, const struct tally_total *add)
{
    struct tally_total *total = NULL;

    for (size_t i = 0; i < tally->total_count && total == NULL; i++) {
        if (strcmp(tally->totals[i].location, add->location) == 0 &&
            strcmp(tally->totals[i].currency, add->currency) == 0)
            total = &tally->totals[i];
    }
    if (total == NULL) {
        tally->totals = mem_resize(tally->totals, (tally->total_count + 1) * sizeof *tally->totals);
        tally->totals[tally->total_count++] = *add;
        return STATUS_OK;
    }
    if (__builtin_add_overflow(total->gross_minor, add->gross_minor, &total->gross_minor)) {
        total->gross_minor = (int64_t)((uint64_t)total->gross_minor - (uint64_t)add->gross_minor);
        return STATUS_RANGE;
    }
    total->entries += add->entries;
    total->sales += add->sales;
    total->returns += add->returns;
    return STATUS_OK;
}

size_t tally_totals(const struct tally *tally)
{
    return tally->total_count;
}

const struct tally_total *tally_total(const struct tally *tally, size_t index)
{
    return &tally->totals[index];
}
