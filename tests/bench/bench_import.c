/* The catalogue into the ledger, and from the ledger into a new till.
 *
 *   import   holdfast-admin import: upload, parsing, checks, durable rows; beside bare inserts of
 *            the same rows into the same tables with the same indexes. Then all of it once more,
 *            and meanwhile one small write after the other, each a program of its own as beside it
 *            without an import: what a sale waits for
 *   till     holdfast-sync --once in an enrolled, empty folder, the snapshot prepared: fetched,
 *            unpacked, checked, durable, in use; beside copy and fsync of the replica file
 */
#include "tests/bench/bare.h"
#include "tests/bench/shop.h"

#include "terminal/base/file.h"
#include "terminal/catalogue/replica.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NEW_TILLS = 3, COPY_BYTES = 1 << 20, QUIET_WRITES = 50 };

static void remove_database(const char *path)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    char name[160];
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, parts[i]);
        unlink(name);
    }
}

/* Milliseconds of a write that waits its turn among all others of the ledger. */
static enum status small_write(struct bench *bench, const struct shop *shop,
                               struct samples *samples, struct error *error)
{
    char *make[] = {"enroll-code", "--location", "S01", "--till", "T99", NULL};
    double start = now_us();
    enum status status = shop_admin(bench, shop, make, error);
    samples_add(samples, (now_us() - start) / 1e3);
    return status;
}

static enum status write_meanwhile(struct bench *bench, struct shop *shop, struct samples *samples,
                                   struct error *error)
{
    char *program = bench_program(bench, "holdfast-admin");
    char *import[] = {program,     "--url",  shop->url,      "--token-file",
                      shop->token, "import", shop->products, NULL};
    int pid, out, result;
    enum status status = bench_start(import, &pid, &out, error);
    free(program);
    if (status)
        return status;
    close(out);
    while (!status && waitpid(pid, &result, WNOHANG) == 0)
        status = small_write(bench, shop, samples, error);
    if (status)
        bench_stop(pid);
    return status;
}

static enum status wait_for_import(struct bench *bench, struct shop *shop, struct error *error)
{
    struct samples quiet = {0}, busy = {0};
    enum status status = STATUS_OK;
    for (int i = 0; i < QUIET_WRITES && !status; i++)
        status = small_write(bench, shop, &quiet, error);
    if (!status)
        status = write_meanwhile(bench, shop, &busy, error);
    if (!status) {
        bench_below(bench, "import", "a write while an import goes in, p99",
                    samples_at(&busy, 0.99), samples_at(&quiet, 0.99), "ms", 200, "<= 200 ms");
        bench_below(bench, "import", "  the longest", samples_at(&busy, 1), samples_at(&quiet, 1),
                    "ms", 1e9, "(no budget)");
    }
    samples_finish(&quiet);
    samples_finish(&busy);
    return status;
}

enum status bench_import(struct bench *bench, struct error *error)
{
    struct shop *shop;
    char path[128], what[96];
    double bare_s;
    enum status status = bench_shop(bench, &shop, error);
    if (status)
        return status;
    snprintf(path, sizeof path, "%s/bare.db", shop->folder);
    status = bare_catalogue(shop, path, &bare_s, error);
    remove_database(path);
    if (status)
        return status;
    snprintf(what, sizeof what, "import of %lld products at the ledger",
             (long long)shop->product_count);
    bench_at_most(bench, "import", what, shop->import_s, bare_s, "s", 2, "<= 2 x bare inserts");
    return wait_for_import(bench, shop, error);
}

static bool copy_bytes(int from, int to)
{
    static char bytes[COPY_BYTES];
    ssize_t got;
    while ((got = read(from, bytes, sizeof bytes)) > 0)
        if (write(to, bytes, (size_t)got) != got)
            return false;
    return got == 0 && fsync(to) == 0;
}

static enum status copy_replica(const char *till, const char *to_path, double *seconds, double *mib,
                                struct error *error)
{
    char name[REPLICA_NAME_SIZE];
    struct stat info = {0};
    enum status status = replica_pointer_read(till, name, error);
    if (status)
        return status;
    char *path = path_join(till, name);
    double start = now_us();
    int from = open(path, O_RDONLY | O_CLOEXEC);
    int to = open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool copied = from >= 0 && to >= 0 && fstat(from, &info) == 0 && copy_bytes(from, to);
    *seconds = (now_us() - start) / 1e6;
    *mib = (double)info.st_size / 1024 / 1024;
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    unlink(to_path);
    status = copied ? STATUS_OK : error_set(error, STATUS_IO, "%s can't be copied", path);
    free(path);
    return status;
}

enum status bench_new_till(struct bench *bench, struct error *error)
{
    struct shop *shop;
    struct samples ours = {0}, limit = {0};
    char folder[96], copy[128], till[16], what[96];
    double seconds, mib = 0;
    enum status status = bench_shop(bench, &shop, error);
    if (status)
        return status;
    snprintf(copy, sizeof copy, "%s/copy.db", shop->folder);
    for (int i = 0; i < NEW_TILLS && !status; i++) {
        snprintf(till, sizeof till, "N%02d", i);
        status = shop_enroll(bench, shop, till, folder, error);
        if (!status)
            status = shop_sync(bench, folder, &seconds, error);
        samples_add(&ours, seconds);
        if (!status)
            status = copy_replica(folder, copy, &seconds, &mib, error);
        samples_add(&limit, seconds);
        char *remove[] = {"/bin/rm", "-rf", folder, NULL};
        if (!status)
            status = bench_run(remove, NULL, 0, error);
    }
    if (!status) {
        snprintf(what, sizeof what, "a new till, all products (%.0f MiB), ready, p50", mib);
        bench_at_most(bench, "till", what, samples_at(&ours, 0.5), samples_at(&limit, 0.5), "s", 3,
                      "<= 3 x file copy");
        bench_at_most(bench, "till", "the first till: its snapshot is made, too",
                      shop->first_sync_s, samples_at(&limit, 0.5), "s", 1e9, "(no budget)");
    }
    samples_finish(&ours);
    samples_finish(&limit);
    return status;
}
