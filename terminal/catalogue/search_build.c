/* Building the whole index: read, sort, insert in the order of ranks.
 *
 *   item, item_code ──► arena: "words\0sku\0words\0sku\0..."
 *                       rows:  { popularity, offset } sorted by search_key
 *                   ──► search, in ascending ranks, through a large hash in FTS5, then merged to
 * one segment
 */
#include "terminal/catalogue/search_writer.h"

#include <stdlib.h>
#include <string.h>

struct build_row {
    int64_t popularity;
    size_t words, sku; /* offsets in the arena */
    int64_t rank;
};

struct build {
    struct search_writer *writer;
    struct buf arena;
    struct build_row *rows;
    uint32_t *order;
    size_t count, capacity;
};

/* FTS5 gathers this many bytes before it writes a segment, and merges none until the end. */
static const char prepare_index[] = "DROP TABLE search; DROP TABLE search_rank;";
static const char tune_index[] = "INSERT INTO search(search,rank) VALUES('hashsize',67108864);"
                                 "INSERT INTO search(search,rank) VALUES('automerge',0);"
                                 "INSERT INTO search(search,rank) VALUES('crisismerge',1000);";
static const char finish_index[] = "INSERT INTO search(search) VALUES('optimize');"
                                   "INSERT INTO search(search,rank) VALUES('hashsize',1048576);"
                                   "INSERT INTO search(search,rank) VALUES('automerge',4);"
                                   "INSERT INTO search(search,rank) VALUES('crisismerge',16);";

static void keep_text(struct buf *arena, const char *text, size_t *offset)
{
    *offset = arena->used;
    enum status status = buf_append(arena, text, strlen(text) + 1);
    INVARIANT(status == STATUS_OK);
}

static void keep_row(struct build *build, const char *sku, int64_t popularity)
{
    if (build->count == build->capacity) {
        build->capacity = build->capacity == 0 ? 1024 : build->capacity * 2;
        build->rows = mem_resize(build->rows, build->capacity * sizeof *build->rows);
    }
    struct build_row *row = &build->rows[build->count++];
    row->popularity = popularity;
    search_words_end(&build->writer->words, sku);
    keep_text(&build->arena, buf_text(&build->writer->words.out), &row->words);
    keep_text(&build->arena, sku, &row->sku);
}

/* Items with their codes come as one run of rows per SKU. */
static enum status read_items(struct build *build, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(build->writer->db,
                   "SELECT i.sku,i.name,i.category,i.popularity,c.code,c.given FROM item AS i"
                   " LEFT JOIN item_code AS c ON c.sku=i.sku ORDER BY i.sku,c.code",
                   &statement, error);
    char sku[KEY_SIZE] = "";
    int64_t popularity = 0;
    bool row = true, any = false;
    while (status == STATUS_OK && row) {
        status = db_step(statement, &row, error);
        if (status != STATUS_OK || !row)
            break;
        const char *next = db_text(statement, 0);
        if (strlen(next) >= sizeof sku)
            continue; /* a damaged row: it can't be sold, so it need not be found */
        if (!any || strcmp(next, sku) != 0) {
            if (any)
                keep_row(build, sku, popularity);
            any = true;
            memcpy(sku, next, strlen(next) + 1);
            popularity = db_int(statement, 3);
            status = search_words_begin(&build->writer->words, db_text(statement, 1),
                                        db_text(statement, 2));
        }
        if (status == STATUS_OK && !db_is_null(statement, 4))
            search_words_code(&build->writer->words, sku, db_text(statement, 4),
                              db_text(statement, 5));
    }
    if (status == STATUS_OK && any)
        keep_row(build, sku, popularity);
    return status;
}

static struct search_key key_of(const struct build *build, const struct build_row *row)
{
    const char *arena = buf_text(&build->arena);
    return (struct search_key){row->popularity, arena + row->words, arena + row->sku};
}

static int compare_rows(const void *a, const void *b, void *context)
{
    const struct build *build = context;
    struct search_key left = key_of(build, &build->rows[*(const uint32_t *)a]);
    struct search_key right = key_of(build, &build->rows[*(const uint32_t *)b]);
    return search_key_compare(&left, &right);
}

static void sort_rows(struct build *build)
{
    INVARIANT(build->count < UINT32_MAX);
    build->order = mem_alloc((build->count + 1) * sizeof *build->order);
    for (size_t i = 0; i < build->count; i++)
        build->order[i] = (uint32_t)i;
    qsort_r(build->order, build->count, sizeof *build->order, compare_rows, build);
    for (size_t i = 0; i < build->count; i++)
        build->rows[build->order[i]].rank = SEARCH_RANK_START + (int64_t)i * SEARCH_RANK_GAP;
}

static enum status write_rows(struct build *build, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < build->count && status == STATUS_OK; i++) {
        const struct build_row *row = &build->rows[build->order[i]];
        struct search_key key = key_of(build, row);
        status = search_writer_insert(build->writer, row->rank, &key, error);
    }
    for (size_t i = 0; i < build->count && status == STATUS_OK; i++) {
        struct search_key key = key_of(build, &build->rows[i]);
        status = search_writer_note(build->writer, key.sku, build->rows[i].rank, error);
    }
    return status;
}

static enum status rebuild(struct build *build, struct error *error)
{
    struct db *db = build->writer->db;
    enum status status = read_items(build, error);
    if (status == STATUS_OK)
        status = db_exec(db, prepare_index, error);
    if (status == STATUS_OK)
        status = search_create(db, error);
    if (status == STATUS_OK)
        status = db_exec(db, tune_index, error);
    if (status != STATUS_OK)
        return status;
    sort_rows(build);
    status = write_rows(build, error);
    return status == STATUS_OK ? db_exec(db, finish_index, error) : status;
}

enum status search_build(struct search_writer *writer, struct error *error)
{
    struct build build = {.writer = writer};
    buf_init(&build.arena, SIZE_MAX / 2);
    enum status status = db_begin(writer->db, error);
    if (status != STATUS_OK)
        return status;
    status = rebuild(&build, error);
    if (status == STATUS_OK)
        status = db_commit(writer->db, error);
    else
        db_rollback(writer->db);
    buf_finish(&build.arena);
    free(build.order);
    free(build.rows);
    return status;
}
