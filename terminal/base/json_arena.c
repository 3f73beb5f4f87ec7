/* A bump allocator per thread behind json_set_alloc_funcs.
 *
 *   block  ███████████░░░░░░░░░    used: back to 0 at json_arena_enter
 *
 * An address inside of the block is the arena's and is never freed; any other is malloc's.
 */
#include "terminal/base/json_arena.h"

#include "terminal/base/buf.h"

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define BLOCK     ((size_t)256 << 10) /* a sale of 20 lines takes 40 KiB */
#define ALIGNMENT sizeof(max_align_t)

struct arena {
    size_t used;
    size_t live; /* allocations that were not freed: none when it is left */
    bool entered;
    _Alignas(max_align_t) unsigned char block[BLOCK];
};

static _Thread_local struct arena *own;
static pthread_key_t key; /* frees the arena when its thread ends */
static bool installed;

static void *take(size_t size)
{
    struct arena *arena = own;
    size_t rounded = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);

    if (arena == NULL || !arena->entered || rounded < size || rounded > BLOCK - arena->used)
        return malloc(size);
    arena->used += rounded;
    arena->live++;
    return arena->block + arena->used - rounded;
}

static void give(void *at)
{
    struct arena *arena = own;
    uintptr_t address = (uintptr_t)at;

    if (arena == NULL || address - (uintptr_t)arena->block >= BLOCK)
        free(at);
    else
        arena->live--;
}

static void thread_ends(void *arena)
{
    own = NULL;
    free(arena);
}

void json_arena_install(void)
{
    if (installed)
        return;
    int result = pthread_key_create(&key, thread_ends);
    INVARIANT(result == 0);
    json_set_alloc_funcs(take, give);
    installed = true;
}

void json_arena_enter(void)
{
    if (!installed)
        return;
    if (own == NULL) {
        own = mem_alloc(sizeof *own);
        int result = pthread_setspecific(key, own);
        INVARIANT(result == 0);
    }
    INVARIANT(!own->entered && own->live == 0);
    own->used = 0;
    own->entered = true;
}

void json_arena_leave(void)
{
    if (!installed)
        return;
    INVARIANT(own != NULL && own->entered && own->live == 0);
    own->entered = false;
}
