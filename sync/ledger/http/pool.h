/* A few threads that work off tasks in order. Tasks are embedded in what they work on. */
#ifndef HOLDFAST_LEDGER_POOL_H
#define HOLDFAST_LEDGER_POOL_H

struct pool;

struct pool_task {
    void (*run)(struct pool_task *task); /* the task may be freed or submitted again inside */
    struct pool_task *next;              /* the pool's */
};

struct pool *pool_start(int threads);
void pool_submit(struct pool *pool, struct pool_task *task); /* any thread; never blocks */
/* Works off what has been submitted, then ends the threads. Nothing may be submitted after. */
void pool_stop(struct pool *pool); /* NULL is fine */

#endif
