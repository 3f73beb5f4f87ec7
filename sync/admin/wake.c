#include "sync/admin/wake.h"

#include "terminal/base/file.h"
#include "terminal/catalogue/replica.h"

#include <stdlib.h>

static enum status wake(const char *folder, const char *path, const char *owned,
                        struct error *error)
{
    struct lock *lock = NULL;
    struct db *db = NULL;
    enum status status = lock_take(folder, owned, "holdfast-admin", &lock, error);
    if (!status)
        status = db_open(path, DB_OWNER_FULL, &db, error);
    if (!status) {
        int version;
        status = db_version(db, &version, error); /* a read brings the -shm file into being */
    }
    db_close(db);
    lock_release(lock);
    return status;
}

enum status open_at_rest(const char *folder, const char *name, const char *owned, struct db **out,
                         struct error *error)
{
    char *path = path_join(folder, name);
    enum status status = db_open(path, DB_READER, out, error);
    if (status == STATUS_BUSY) {
        status = wake(folder, path, owned, error);
        if (!status)
            status = db_open(path, DB_READER, out, error);
    }
    free(path);
    return status;
}

enum status wake_replica(const char *folder, struct error *error)
{
    char name[REPLICA_NAME_SIZE];
    struct db *db = NULL;
    enum status status = replica_pointer_read(folder, name, error);
    if (!status)
        status = open_at_rest(folder, name, "sync.db", &db, error);
    db_close(db);
    return status;
}
