/* The steps of a build:
 *
 *   <id>.db.part   no journal, no fsync: a crash leaves a .part that is swept
 *     reference tables, cursors, meta      one read transaction of the ledger (store_copy)
 *     search index                         (or catalogue and index from a donor, the rest anew)
 *   <id>.zst.part  packed, hashed, fsynced, renamed to <id>.zst
 */
#include "sync/ledger/snapshot_build.h"

#include "sync/protocol/compress.h"
#include "terminal/base/file.h"
#include "terminal/base/fs.h"
#include "terminal/catalogue/reference.h"
#include "terminal/catalogue/replica.h"
#include "terminal/catalogue/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TABLES_MAX   32
#define PACK_LEVEL   3
#define PACK_WORKERS 1

/* The texts of all copies, kept until they have run. */
struct plan {
    struct store_copy copies[TABLES_MAX + 2];
    int count;
    char *texts[TABLES_MAX + 2];
    struct store_value location;
    struct store_value cursor_values[3];
    struct store_value meta_values[4];
    char made[24];
};

/* The three, one behind the other, as new memory. */
static char *text_of(const char *a, const char *b, const char *c)
{
    struct buf text;
    char *copy;

    buf_init(&text, SIZE_MAX - 1);
    enum status status = buf_printf(&text, "%s%s%s", a, b, c);
    INVARIANT(status == STATUS_OK);
    copy = mem_copy_text(buf_text(&text));
    buf_finish(&text);
    return copy;
}

/* The virtual buckets of `stock` stay at the ledger. */
static void plan_table(struct plan *plan, const struct reference_table *table)
{
    bool local = table->scope == REFERENCE_LOCATION;
    const char *filter = strcmp(table->name, "stock") == 0
                             ? " WHERE location = ?1 AND substr(status, 1, 1) <> '@'"
                         : local ? " WHERE location = ?1"
                                 : "";

    INVARIANT(plan->count < TABLES_MAX);
    plan->texts[plan->count] = text_of("SELECT * FROM source.", table->name, filter);
    plan->copies[plan->count] = (struct store_copy){.into = table->name,
                                                    .select = plan->texts[plan->count],
                                                    .values = &plan->location,
                                                    .count = local ? 1 : 0};
    plan->count++;
}

static void plan_cursors(struct plan *plan, const char *scope, const char *incarnation,
                         int64_t now_ms)
{
    plan->cursor_values[0] = store_text(scope);
    plan->cursor_values[1] = store_text(incarnation);
    plan->cursor_values[2] = store_int(now_ms);
    plan->copies[plan->count++] = (struct store_copy){
        .into = "cursor",
        .columns = "scope, incarnation, position, as_of_ms",
        .select = "SELECT s.column1, ?2, coalesce(f.position, 0), ?3 FROM (VALUES('catalogue'), "
                  "('prices'), ('staff'), ('customers'), (?1)) s "
                  "LEFT JOIN source.feed f ON f.scope = s.column1",
        .values = plan->cursor_values,
        .count = 3};
}

static void plan_meta(struct plan *plan, const char *location, const char *incarnation,
                      const char *id, int64_t now_ms)
{
    plan->meta_values[0] = store_text(location);
    plan->meta_values[1] = store_text(incarnation);
    plan->meta_values[2] = store_text(id);
    (void)snprintf(plan->made, sizeof plan->made, "%lld", (long long)now_ms);
    plan->meta_values[3] = store_text(plan->made);
    plan->copies[plan->count++] = (struct store_copy){
        .into = "meta",
        .columns = "key, value",
        .select = "VALUES('location', ?1), ('incarnation', ?2), ('snapshot', ?3), ('made_ms', ?4)",
        .values = plan->meta_values,
        .count = 4};
}

static enum status copy_rows(struct snapshot_build *build, struct db *target, bool with_catalogue,
                             struct error *error)
{
    struct plan *plan = mem_alloc(sizeof *plan);
    char incarnation[ID_HEX_SIZE];
    char *scope = text_of("location:", build->location, "");
    int64_t now_ms = clock_wall_ms(&build->options->clock);
    enum status status;

    hex_write(build->options->incarnation.bytes, ID_SIZE, incarnation);
    plan->location = store_text(build->location);
    for (int i = 0; i < reference_table_count(); i++) {
        const struct reference_table *table = reference_table_at(i);
        if (with_catalogue || table->scope != REFERENCE_CATALOGUE)
            plan_table(plan, table);
    }
    plan_cursors(plan, scope, incarnation, now_ms);
    plan_meta(plan, build->location, incarnation, build->answer.id, now_ms);
    status = store_copy(build->options->store, target, plan->copies, plan->count, error);
    for (int i = 0; i < plan->count; i++)
        free(plan->texts[i]);
    free(plan);
    free(scope);
    return status;
}

static enum status read_cursors(struct snapshot_build *build, struct db *target,
                                struct error *error)
{
    static const char *const shared[] = {"catalogue", "prices", "staff", "customers"};

    for (int i = 0; i < SNAPSHOT_SCOPES; i++) {
        struct scope_cursor *cursor = &build->cursors[i];
        struct replica_cursor stored;
        if (i < SNAPSHOT_SCOPES - 1)
            (void)snprintf(cursor->scope, sizeof cursor->scope, "%s", shared[i]);
        else
            (void)snprintf(cursor->scope, sizeof cursor->scope, "location:%s", build->location);
        enum status status = replica_cursor(target, cursor->scope, &stored, error);
        if (status != STATUS_OK)
            return status;
        cursor->position = stored.position;
    }
    return STATUS_OK;
}

static enum status build_index(struct db *target, struct error *error)
{
    struct search_writer *writer;
    enum status status = search_writer_open(target, &writer, error);

    if (status != STATUS_OK)
        return status;
    status = search_build(writer, error);
    search_writer_close(writer);
    return status;
}

static bool given_up(struct snapshot_build *build, struct error *error)
{
    if (!atomic_load(build->stopping))
        return false;
    (void)error_set(error, STATUS_CANCELLED, "the snapshot was given up");
    return true;
}

/* No journal, no fsync, of this file only: unnamed, these would hold for the ledger that is
 * attached, too. */
static enum status open_part(const char *path, struct db **out, struct error *error)
{
    enum status status = db_open(path, DB_OWNER_NORMAL, out, error);

    if (status != STATUS_OK)
        return status;
    status = db_exec(*out,
                     "PRAGMA main.journal_mode=OFF; PRAGMA main.synchronous=OFF;"
                     "PRAGMA main.locking_mode=EXCLUSIVE; PRAGMA main.cache_size=-131072",
                     error);
    if (status == STATUS_OK)
        return STATUS_OK;
    db_close(*out);
    return status;
}

/* Once here, and not again at every till: what arrives there is what was hashed here. */
static enum status quick_check(struct db *target, struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status = db_prepare(target, "PRAGMA main.quick_check(1)", &statement, error);

    if (status != STATUS_OK)
        return status;
    status = db_step(statement, &row, error);
    if (status == STATUS_OK && (!row || strcmp(db_text(statement, 0), "ok") != 0))
        status = error_set(error, STATUS_CORRUPT, "the snapshot is damaged: %.200s",
                           row ? db_text(statement, 0) : "no answer");
    db_reset(statement);
    return status;
}

static enum status close_part(struct db *target, enum status status, struct error *error)
{
    if (status == STATUS_OK)
        status = quick_check(target, error);
    if (status == STATUS_OK)
        status = db_exec(target, "PRAGMA main.journal_mode=DELETE", error);
    db_close(target);
    return status;
}

/* Everything anew. */
static enum status fill_file(struct snapshot_build *build, const char *path, struct error *error)
{
    struct db *target;
    enum status status = open_part(path, &target, error);

    if (status != STATUS_OK)
        return status;
    status = replica_create(target, error);
    if (status == STATUS_OK)
        status = copy_rows(build, target, true, error);
    if (status == STATUS_OK)
        status = read_cursors(build, target, error);
    if (status == STATUS_OK && given_up(build, error))
        status = STATUS_CANCELLED;
    if (status == STATUS_OK)
        status = build_index(target, error);
    return close_part(target, status, error);
}

static enum status clear_all_but_catalogue(struct db *target, struct error *error)
{
    enum status status = db_exec(target, "DELETE FROM cursor; DELETE FROM meta", error);

    for (int i = 0; i < reference_table_count() && status == STATUS_OK; i++) {
        const struct reference_table *table = reference_table_at(i);
        if (table->scope == REFERENCE_CATALOGUE)
            continue;
        char *sql = text_of("DELETE FROM ", table->name, "");
        status = db_exec(target, sql, error);
        free(sql);
    }
    return status;
}

/* The donor's catalogue and index, everything else anew. STATUS_CONFLICT when the catalogue has
 * moved on meanwhile. */
static enum status refill_donor(struct snapshot_build *build, const char *path, struct error *error)
{
    struct db *target;
    enum status status =
        compress_unpack_file(build->donor, path, COMPRESS_FILE_CEILING, NULL, NULL, error);

    if (status == STATUS_OK)
        status = open_part(path, &target, error);
    if (status != STATUS_OK)
        return status;
    status = clear_all_but_catalogue(target, error);
    if (status == STATUS_OK)
        status = copy_rows(build, target, false, error);
    if (status == STATUS_OK)
        status = read_cursors(build, target, error);
    if (status == STATUS_OK && build->cursors[0].position != build->donor_catalogue)
        status = error_set(error, STATUS_CONFLICT, "the catalogue has changed");
    return close_part(target, status, error);
}

static enum status make_file(struct snapshot_build *build, const char *path, struct error *error)
{
    if (build->donor != NULL && refill_donor(build, path, error) == STATUS_OK)
        return STATUS_OK;
    (void)fs_unlink(path);
    return fill_file(build, path, error);
}

static enum status pack_file(struct snapshot_build *build, const char *from, const char *part,
                             const char *to, struct error *error)
{
    struct stat about;
    enum status status;

    if (fs_stat(from, &about) != 0)
        return error_set(error, STATUS_IO, "cannot look at %s", from);
    build->answer.unpacked_size = (int64_t)about.st_size;
    status = compress_file(from, part, PACK_LEVEL, build->options->inline_work ? 0 : PACK_WORKERS,
                           &build->answer.size, &build->answer.sha256, error);
    if (status == STATUS_OK)
        status = file_sync(part, error);
    if (status == STATUS_OK && fs_rename(part, to) != 0)
        status = error_set(error, STATUS_IO, "cannot rename %s", part);
    return status == STATUS_OK ? file_sync(build->folder, error) : status;
}

/* "S01-0123456789abcdef": what is not plain in a location's name is left out. */
static void name_snapshot(struct snapshot_build *build)
{
    struct id id = id_random(&build->options->entropy);
    char plain[33] = "";
    char hex[ID_HEX_SIZE];
    size_t used = 0;

    for (const char *at = build->location; *at != '\0' && used < sizeof plain - 1; at++) {
        bool fine =
            (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
        if (fine)
            plain[used++] = *at;
    }
    plain[used] = '\0';
    hex_write(id.bytes, ID_SIZE, hex);
    (void)snprintf(build->answer.id, sizeof build->answer.id, "%.32s-%.16s", plain, hex);
}

static char *file_path(const struct snapshot_build *build, const char *suffix)
{
    char *name = text_of("", build->answer.id, suffix);
    char *path = path_join(build->folder, name);

    free(name);
    return path;
}

enum status snapshot_build(struct snapshot_build *build, struct error *error)
{
    char *filled, *part, *packed;
    enum status status;

    memset(&build->answer, 0, sizeof build->answer);
    name_snapshot(build);
    filled = file_path(build, ".db.part");
    part = file_path(build, ".zst.part");
    packed = file_path(build, ".zst");
    status = make_file(build, filled, error);
    if (status == STATUS_OK && given_up(build, error))
        status = STATUS_CANCELLED;
    if (status == STATUS_OK)
        status = pack_file(build, filled, part, packed, error);
    (void)fs_unlink(filled);
    if (status != STATUS_OK)
        (void)fs_unlink(part);
    else
        build->answer.signature =
            countersign_snapshot(build->answer.id, &build->answer.sha256, &build->options->secret);
    free(filled);
    free(part);
    free(packed);
    return status;
}
