/* SQLite's memory, faster than a general malloc: what is freed waits in a list of its size for the
 * next that wants the same. Sizes go by quarters of powers of two; what is larger than LARGEST is
 * malloc's. One thread.
 */
#include "tests/sim/disk_internal.h"

#include "terminal/base/buf.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES 56
#define LARGEST 65536
#define SLAB    ((size_t)256 * 1024)

struct block {
    uint64_t class; /* CLASSES: malloc's own */
    uint64_t size;
};
struct free_block {
    struct free_block *next;
};

static struct free_block *free_blocks[CLASSES];
static char *slab;
static size_t slab_left;

/* 16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320 ... */
static size_t class_of(size_t size)
{
    unsigned bits = size <= 128 ? 0 : (unsigned)(64 - __builtin_clzll((size - 1) >> 7));

    return 4 * (size_t)bits + ((size - (size > 0)) >> (4 + bits));
}

static size_t size_of_class(size_t class)
{
    size_t shift = class < 8 ? 0 : (class - 4) / 4;

    return (class - 4 * shift + 1) * ((size_t)16 << shift);
}

static int rounded_up(int size)
{
    return size > LARGEST ? (size + 7) / 8 * 8 : (int)size_of_class(class_of((size_t)size));
}

static void *from_slab(size_t size)
{
    void *memory;

    if (slab_left < size) {
        slab = mem_resize(NULL, SLAB);
        slab_left = SLAB;
    }
    memory = slab;
    slab += size;
    slab_left -= size;
    return memory;
}

static void *take(int wanted)
{
    size_t class = wanted > LARGEST ? CLASSES : class_of((size_t)wanted);
    size_t size = class == CLASSES ? (size_t)wanted : size_of_class(class);
    struct block *block;

    if (!gate_memory())
        return NULL;
    if (class == CLASSES) {
        block = mem_resize(NULL, sizeof *block + size);
    } else if (free_blocks[class] != NULL) {
        struct free_block *first = free_blocks[class];
        free_blocks[class] = first->next;
        __builtin_prefetch(first->next, 1); /* it is the next one's, and long out of the cache */
        return first;
    } else {
        block = from_slab(sizeof *block + size);
    }
    *block = (struct block){.class = class, .size = size};
    return block + 1;
}

static struct block *block_of(void *memory)
{
    return (struct block *)memory - 1;
}

static void give_back(void *memory)
{
    struct block *block = block_of(memory);
    struct free_block *freed = memory;

    if (block->class == CLASSES) {
        free(block);
        return;
    }
    freed->next = free_blocks[block->class];
    free_blocks[block->class] = freed;
}

static int size_of(void *memory)
{
    return memory == NULL ? 0 : (int)block_of(memory)->size;
}

static void *resize(void *memory, int wanted)
{
    void *fresh;

    if (wanted <= size_of(memory) && wanted > size_of(memory) / 2)
        return memory;
    fresh = take(wanted);
    if (fresh == NULL)
        return NULL;
    memcpy(fresh, memory, (size_t)(wanted < size_of(memory) ? wanted : size_of(memory)));
    give_back(memory);
    return fresh;
}

static int start(void *context)
{
    (void)context;
    return SQLITE_OK;
}

static void stop(void *context)
{
    (void)context;
}

void disk_memory_install(void)
{
    static const sqlite3_mem_methods methods = {.xMalloc = take,
                                                .xFree = give_back,
                                                .xRealloc = resize,
                                                .xSize = size_of,
                                                .xRoundup = rounded_up,
                                                .xInit = start,
                                                .xShutdown = stop};

    if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
        disk_misused("SQLite runs already");
}
