/* One queue, one mutex. */
#include "sync/ledger/http/pool.h"

#include "terminal/base/buf.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct pool {
    pthread_mutex_t mutex;
    pthread_cond_t work;
    struct pool_task *first, **last;
    bool stopping;
    int count;
    pthread_t threads[];
};

static void *pool_thread(void *argument)
{
    struct pool *pool = argument;

    (void)pthread_mutex_lock(&pool->mutex);
    for (;;) {
        struct pool_task *task = pool->first;
        if (task == NULL) {
            if (pool->stopping)
                break;
            (void)pthread_cond_wait(&pool->work, &pool->mutex);
            continue;
        }
        pool->first = task->next;
        if (pool->first == NULL)
            pool->last = &pool->first;
        (void)pthread_mutex_unlock(&pool->mutex);
        task->run(task);
        (void)pthread_mutex_lock(&pool->mutex);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

struct pool *pool_start(int threads)
{
    struct pool *pool = mem_alloc(sizeof *pool + (size_t)threads * sizeof pool->threads[0]);

    (void)pthread_mutex_init(&pool->mutex, NULL);
    (void)pthread_cond_init(&pool->work, NULL);
    pool->last = &pool->first;
    pool->count = threads;
    for (int i = 0; i < threads; i++) {
        int result = pthread_create(&pool->threads[i], NULL, pool_thread, pool);
        INVARIANT(result == 0);
    }
    return pool;
}

void pool_submit(struct pool *pool, struct pool_task *task)
{
    task->next = NULL;
    (void)pthread_mutex_lock(&pool->mutex);
    *pool->last = task;
    pool->last = &task->next;
    (void)pthread_cond_signal(&pool->work);
    (void)pthread_mutex_unlock(&pool->mutex);
}

void pool_stop(struct pool *pool)
{
    if (pool == NULL)
        return;
    (void)pthread_mutex_lock(&pool->mutex);
    pool->stopping = true;
    (void)pthread_cond_broadcast(&pool->work);
    (void)pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; i < pool->count; i++)
        (void)pthread_join(pool->threads[i], NULL);
    (void)pthread_cond_destroy(&pool->work);
    (void)pthread_mutex_destroy(&pool->mutex);
    free(pool);
}
