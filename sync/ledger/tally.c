/* An open hash table of cells over an arena of their keys:
 *
 *   slots ──► cell { figure, hash, text offset, sums } ──► arena "S01\0SKU\0available\0"
 */
#include "sync/ledger/tally.h"

#include "terminal/base/buf.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024

struct cell {
    uint64_t hash;
    size_t text;
    int64_t sum[FIGURE_SUMS];
    enum figure figure;
};

struct tally {
    struct buf arena;
    struct cell *cells;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* index into cells + 1; 0 is empty */
    size_t slot_count;
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
    free(tally);
}

void tally_clear(struct tally *tally)
{
    buf_clear(&tally->arena);
    memset(tally->slots, 0, tally->slot_count * sizeof *tally->slots);
    tally->count = 0;
}

/* FNV-1a over the figure and its keys with their NULs. */
static uint64_t hash_key(enum figure figure, const char *const *key)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ (uint64_t)figure;

    for (int i = 0; i < figure_table(figure)->keys; i++) {
        const unsigned char *byte = (const unsigned char *)key[i];
        do {
            hash = (hash ^ *byte) * UINT64_C(0x100000001B3);
        } while (*byte++ != '\0');
    }
    return hash;
}

struct tally_cell tally_cell(const struct tally *tally, size_t index)
{
    const struct cell *cell = &tally->cells[index];
    struct tally_cell out = {.figure = cell->figure, .sum = cell->sum};
    const char *text = tally->arena.data + cell->text;

    for (int i = 0; i < figure_table(cell->figure)->keys; i++) {
        out.key[i] = text;
        text += strlen(text) + 1;
    }
    return out;
}

static int compare_cells(const void *a, const void *b)
{
    const struct tally_cell *one = a, *other = b;
    int order = (int)one->figure - (int)other->figure;

    for (int i = 0; order == 0 && i < figure_table(one->figure)->keys; i++)
        order = strcmp(one->key[i], other->key[i]);
    return order;
}

struct tally_cell *tally_sorted(const struct tally *tally)
{
    struct tally_cell *cells = mem_alloc((tally->count + 1) * sizeof *cells);

    for (size_t i = 0; i < tally->count; i++)
        cells[i] = tally_cell(tally, i);
    qsort(cells, tally->count, sizeof *cells, compare_cells);
    return cells;
}

static bool is_cell(const struct tally *tally, size_t index, uint64_t hash, enum figure figure,
                    const char *const *key)
{
    const struct cell *cell = &tally->cells[index];
    const char *text = tally->arena.data + cell->text;

    if (cell->hash != hash || cell->figure != figure)
        return false;
    for (int i = 0; i < figure_table(figure)->keys; i++) {
        if (strcmp(text, key[i]) != 0)
            return false;
        text += strlen(text) + 1;
    }
    return true;
}

static uint32_t *find_slot(const struct tally *tally, uint64_t hash, enum figure figure,
                           const char *const *key)
{
    size_t at = (size_t)(hash ^ hash >> 32) & (tally->slot_count - 1);

    while (tally->slots[at] != 0 && !is_cell(tally, tally->slots[at] - 1, hash, figure, key))
        at = (at + 1) & (tally->slot_count - 1);
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

static size_t add_text(struct tally *tally, enum figure figure, const char *const *key)
{
    size_t at = tally->arena.used;

    for (int i = 0; i < figure_table(figure)->keys; i++) {
        enum status status;
        INVARIANT(key[i] != NULL);
        status = buf_append(&tally->arena, key[i], strlen(key[i]) + 1);
        INVARIANT(status == STATUS_OK);
    }
    return at;
}

/* The index of the cell, made when it is not there. */
static size_t cell_index(struct tally *tally, enum figure figure, const char *const *key)
{
    uint64_t hash = hash_key(figure, key);
    uint32_t *slot = find_slot(tally, hash, figure, key);

    if (*slot != 0)
        return *slot - 1;
    if ((tally->count + 1) * 2 > tally->slot_count) {
        grow_slots(tally);
        slot = find_slot(tally, hash, figure, key);
    }
    if (tally->count == tally->capacity) {
        tally->capacity = tally->capacity == 0 ? 256 : tally->capacity * 2;
        tally->cells = mem_resize(tally->cells, tally->capacity * sizeof *tally->cells);
    }
    INVARIANT(tally->count < UINT32_MAX - 1);
    tally->cells[tally->count] =
        (struct cell){.hash = hash, .figure = figure, .text = add_text(tally, figure, key)};
    *slot = (uint32_t)++tally->count;
    return tally->count - 1;
}

enum status tally_add(struct tally *tally, enum figure figure, const char *const *key,
                      const int64_t *sums)
{
    size_t index = cell_index(tally, figure, key); /* may move the cells */
    int64_t *sum = tally->cells[index].sum;
    int64_t after[FIGURE_SUMS] = {0};
    int count = figure_table(figure)->sums;

    for (int i = 0; i < count; i++) {
        if (__builtin_add_overflow(sum[i], sums[i], &after[i]))
            return STATUS_RANGE;
    }
    memcpy(sum, after, (size_t)count * sizeof *sum);
    return STATUS_OK;
}

enum status tally_move(struct tally *tally, const char *sku, int64_t quantity_milli,
                       const struct bucket *from, const struct bucket *to)
{
    const char *const taken[FIGURE_KEYS] = {from->location, sku, from->status};
    const char *const given[FIGURE_KEYS] = {to->location, sku, to->status};
    int64_t less = -quantity_milli;
    enum status status = tally_add(tally, FIGURE_STOCK, taken, &less);

    INVARIANT(quantity_milli > 0);
    if (status != STATUS_OK)
        return status;
    status = tally_add(tally, FIGURE_STOCK, given, &quantity_milli);
    if (status != STATUS_OK) {
        enum status back = tally_add(tally, FIGURE_STOCK, taken, &quantity_milli);
        INVARIANT(back == STATUS_OK);
    }
    return status;
}

size_t tally_cells(const struct tally *tally)
{
    return tally->count;
}

const int64_t *tally_sums(const struct tally *tally, enum figure figure, const char *const *key)
{
    uint32_t slot = *find_slot(tally, hash_key(figure, key), figure, key);

    return slot == 0 ? NULL : tally->cells[slot - 1].sum;
}
