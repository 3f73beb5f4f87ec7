/* JSON values of short life without malloc and free for each of their hundreds of parts.
 *
 *   json_arena_enter ──► json_read, look at it, json_decref ──► json_arena_leave
 *
 * Between the two every allocation of jansson in this thread comes from one block, one after the
 * other, and freeing costs nothing; what the block can't hold comes from malloc as always. Every
 * value made between them is dropped before json_arena_leave, by the same thread; values made
 * outside may be used and dropped inside, too. json_dumps has no place there: its text is freed by
 * free().
 *
 * Other threads, and threads that never enter, notice nothing.
 */
#ifndef HOLDFAST_BASE_JSON_ARENA_H
#define HOLDFAST_BASE_JSON_ARENA_H

/* Once in a program, before its threads start: without it the other functions do nothing. */
void json_arena_install(void);

/* Do not nest. */
void json_arena_enter(void);
/* The block stays with the thread until it ends. */
void json_arena_leave(void);

#endif
