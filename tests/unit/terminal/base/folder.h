/* A folder of its own for one test, and processes that a test stops or kills.
 */
#ifndef HOLDFAST_TESTS_FOLDER_H
#define HOLDFAST_TESTS_FOLDER_H

#include "terminal/base/file.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct folder {
    char path[64];
};

static inline struct folder folder_make(void)
{
    struct folder folder;
    (void)snprintf(folder.path, sizeof folder.path, "/tmp/holdfast-test-XXXXXX");
    INVARIANT(mkdtemp(folder.path) != NULL);
    return folder;
}

static inline int folder_remove_one(const char *path, const struct stat *about, int kind,
                                    struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline void folder_remove(const struct folder *folder)
{
    (void)nftw(folder->path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A child that has done `work` and then waits to be killed. Returns after the work. */
static inline pid_t child_after(void (*work)(const char *path), const char *path)
{
    int ready[2];
    INVARIANT(pipe(ready) == 0);
    pid_t child = fork();
    INVARIANT(child >= 0);
    if (child == 0) {
        work(path);
        INVARIANT(write(ready[1], "r", 1) == 1);
        for (;;)
            (void)pause();
    }
    (void)close(ready[1]);
    char byte;
    INVARIANT(read(ready[0], &byte, 1) == 1);
    (void)close(ready[0]);
    return child;
}

static inline void child_stop(pid_t child)
{
    int how;
    INVARIANT(kill(child, SIGSTOP) == 0);
    INVARIANT(waitpid(child, &how, WUNTRACED) == child && WIFSTOPPED(how));
}

static inline void child_kill(pid_t child)
{
    int how;
    INVARIANT(kill(child, SIGKILL) == 0);
    INVARIANT(waitpid(child, &how, 0) == child);
}

#endif
