/* Keeping the index: one item at a time.
 *
 * A row's rank lies between those of its neighbours in the order. Bulk building leaves gaps; where
 * a gap is used up, the rows behind it are spread over the next free stretch:
 *
 *   64  128  129  130  192 ...  insert after 128  ─►  64  128  139  150  161  192
 *
 * The neighbours are found by bisecting the ranks, since their order is the rows' order. What a row
 * was indexed under is kept in the index itself (FTS5's content), so it can be taken out exactly
 * whatever `item` says by now.
 */
#include "terminal/catalogue/search_writer.h"

#include <stdlib.h>
#include <string.h>

/* Before the first row and behind the last there is much room, and it is where rows that become
 * popular are put: they stand far apart, so that many more find a place between them. */
#define EDGE_GAP (INT64_C(1) << 20)

/* Ranks per row that a spread must find: enough for four more between any two. */
#define SPREAD_STEP 16

/* What the index holds for a rank. */
struct indexed {
    int64_t rank;
    int64_t popularity;
    char *words;
    char *sku;
};

enum status search_create(struct db *db, struct error *error)
{
    /* No positions, no sizes: only which rows hold a word. The words arrive folded and cut by
     * spaces, so the plainest tokenizer does. Prefix indexes of every length up to nine make a
     * prefix cost what it answers: a longer one gathers the rows of few words. */
    enum status status =
        db_exec(db,
                "CREATE VIRTUAL TABLE search USING fts5(words, sku UNINDEXED,"
                " popularity UNINDEXED, detail=none, columnsize=0, tokenize='ascii',"
                " prefix='1 2 3 4 5 6 7 8 9');",
                error);
    if (status != STATUS_OK)
        return status;
    return db_exec(db,
                   "CREATE TABLE search_rank(sku TEXT PRIMARY KEY, rank INTEGER NOT NULL)"
                   " WITHOUT ROWID;",
                   error);
}

enum status search_writer_open(struct db *db, struct search_writer **out, struct error *error)
{
    struct db_statement *probe; /* whoever forgot search_create learns it here */
    enum status status = db_prepare(db, "SELECT rank FROM search_rank WHERE sku=?", &probe, error);
    if (status != STATUS_OK)
        return status;
    struct search_writer *writer = mem_alloc(sizeof *writer);
    writer->db = db;
    search_words_init(&writer->words);
    *out = writer;
    return STATUS_OK;
}

void search_writer_close(struct search_writer *writer)
{
    if (writer == NULL)
        return;
    search_words_finish(&writer->words);
    free(writer);
}

/* --- Single rows of the index --- */

static void forget(struct indexed *row)
{
    free(row->words);
    free(row->sku);
    *row = (struct indexed){0};
}

static void take_row(struct db_statement *statement, struct indexed *out)
{
    out->rank = db_int(statement, 0);
    out->popularity = db_int(statement, 1);
    out->words = mem_copy_text(db_text(statement, 2));
    out->sku = mem_copy_text(db_text(statement, 3));
    db_reset(statement);
}

/* The first row at or behind `rank`; *found is false behind the last. */
static enum status row_from(struct search_writer *writer, int64_t rank, struct indexed *out,
                            bool *found, struct error *error)
{
    struct db_statement *statement;
    *out = (struct indexed){0};
    enum status status = db_prepare(writer->db,
                                    "SELECT rowid,popularity,words,sku FROM search"
                                    " WHERE rowid>=? ORDER BY rowid LIMIT 1",
                                    &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, rank);
    status = db_step(statement, found, error);
    if (status == STATUS_OK && *found)
        take_row(statement, out);
    return status;
}

static enum status rank_of(struct search_writer *writer, const char *sku, int64_t *rank,
                           bool *found, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(writer->db, "SELECT rank FROM search_rank WHERE sku=?", &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, sku);
    status = db_step(statement, found, error);
    if (status == STATUS_OK && *found) {
        *rank = db_int(statement, 0);
        db_reset(statement);
    }
    return status;
}

static enum status end_of_ranks(struct search_writer *writer, bool last, int64_t *rank, bool *found,
                                struct error *error)
{
    struct db_statement *statement;
    enum status status =
        last ? db_prepare(writer->db, "SELECT rowid FROM search ORDER BY rowid DESC LIMIT 1",
                          &statement, error)
             : db_prepare(writer->db, "SELECT rowid FROM search ORDER BY rowid LIMIT 1", &statement,
                          error);
    if (status != STATUS_OK)
        return status;
    status = db_step(statement, found, error);
    if (status == STATUS_OK && *found) {
        *rank = db_int(statement, 0);
        db_reset(statement);
    }
    return status;
}

enum status search_writer_insert(struct search_writer *writer, int64_t rank,
                                 const struct search_key *key, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(writer->db, "INSERT INTO search(rowid,words,sku,popularity) VALUES(?,?,?,?)",
                   &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, rank);
    db_bind_text(statement, 2, key->words);
    db_bind_text(statement, 3, key->sku);
    db_bind_int(statement, 4, key->popularity);
    return db_run(statement, error);
}

enum status search_writer_note(struct search_writer *writer, const char *sku, int64_t rank,
                               struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(
        writer->db, "INSERT OR REPLACE INTO search_rank(sku,rank) VALUES(?,?)", &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, sku);
    db_bind_int(statement, 2, rank);
    return db_run(statement, error);
}

static enum status insert_row(struct search_writer *writer, int64_t rank,
                              const struct search_key *key, struct error *error)
{
    enum status status = search_writer_insert(writer, rank, key, error);
    return status == STATUS_OK ? search_writer_note(writer, key->sku, rank, error) : status;
}

/* Takes a rank out of the index, not the SKU out of search_rank. */
static enum status drop_rank(struct search_writer *writer, int64_t rank, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(writer->db, "DELETE FROM search WHERE rowid=?", &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, rank);
    return db_run(statement, error);
}

/* --- Finding a place --- */

/* The smallest rank whose row does not come before `key`, else one behind the last. The ranks lie
 * in low..high; each probe reads one row. */
static enum status lower_bound(struct search_writer *writer, const struct search_key *key,
                               int64_t low, int64_t high, int64_t *out, struct error *error)
{
    int64_t end = high + 1;
    while (low < end) {
        int64_t middle = low + (end - low) / 2;
        struct indexed row;
        bool found;
        enum status status = row_from(writer, middle, &row, &found, error);
        if (status != STATUS_OK)
            return status;
        struct search_key there = {row.popularity, row.words, row.sku};
        if (!found || search_key_compare(&there, key) >= 0)
            end = middle;
        else
            low = row.rank + 1;
        forget(&row);
    }
    *out = low;
    return STATUS_OK;
}

/* The rank of the row before `rank`; *found is false when there is none. */
static enum status rank_before(struct search_writer *writer, int64_t rank, int64_t *out,
                               bool *found, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(writer->db, "SELECT rowid FROM search WHERE rowid<? ORDER BY rowid DESC LIMIT 1",
                   &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, rank);
    status = db_step(statement, found, error);
    if (status == STATUS_OK && *found) {
        *out = db_int(statement, 0);
        db_reset(statement);
    }
    return status;
}

/* Rows that are to move, and the rank behind them that must not be reached. */
struct stretch {
    struct indexed *rows;
    int64_t count, capacity;
    int64_t limit;
};

static void stretch_add(struct stretch *stretch, const struct indexed *row)
{
    if (stretch->count == stretch->capacity) {
        stretch->capacity = stretch->capacity == 0 ? 64 : stretch->capacity * 2;
        stretch->rows =
            mem_resize(stretch->rows, (size_t)stretch->capacity * sizeof *stretch->rows);
    }
    stretch->rows[stretch->count++] = *row;
}

static void stretch_finish(struct stretch *stretch)
{
    for (int64_t i = 0; i < stretch->count; i++)
        forget(&stretch->rows[i]);
    free(stretch->rows);
}

/* Takes rows behind `before` until the ranks up to the next one have room for them and one more.
 * Behind the last row there is always room. */
static enum status find_stretch(struct search_writer *writer, int64_t before, struct stretch *out,
                                struct error *error)
{
    int64_t from = before + 1;
    for (;;) {
        struct indexed row;
        bool found;
        enum status status = row_from(writer, from, &row, &found, error);
        if (status != STATUS_OK)
            return status;
        out->limit = found ? row.rank : before + (out->count + 2) * EDGE_GAP;
        if (out->limit - before >= (out->count + 2) * SPREAD_STEP) {
            forget(&row);
            return STATUS_OK;
        }
        from = row.rank + 1;
        stretch_add(out, &row);
    }
}

static enum status move_rows(struct search_writer *writer, const struct stretch *stretch,
                             int64_t first, int64_t step, struct error *error)
{
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < stretch->count && status == STATUS_OK; i++)
        status = drop_rank(writer, stretch->rows[i].rank, error);
    for (int64_t i = 0; i < stretch->count && status == STATUS_OK; i++) {
        const struct indexed *row = &stretch->rows[i];
        struct search_key key = {row->popularity, row->words, row->sku};
        status = insert_row(writer, first + i * step, &key, error);
    }
    return status;
}

/* Spreads the rows behind `before` so that *rank, the one right behind it, is free with room. */
static enum status spread(struct search_writer *writer, int64_t before, int64_t *rank,
                          struct error *error)
{
    struct stretch stretch = {0};
    enum status status = find_stretch(writer, before, &stretch, error);
    if (status == STATUS_OK) {
        int64_t step = (stretch.limit - before) / (stretch.count + 2);
        *rank = before + step;
        status = move_rows(writer, &stretch, before + 2 * step, step, error);
    }
    stretch_finish(&stretch);
    return status;
}

/* A free rank for `key`. */
static enum status find_place(struct search_writer *writer, const struct search_key *key,
                              int64_t *rank, struct error *error)
{
    int64_t first = 0, last = 0, next, before = 0;
    bool any, has_before;
    enum status status = end_of_ranks(writer, false, &first, &any, error);
    if (status == STATUS_OK && any)
        status = end_of_ranks(writer, true, &last, &any, error);
    if (status != STATUS_OK)
        return status;
    *rank = SEARCH_RANK_START;
    if (!any)
        return STATUS_OK;
    status = lower_bound(writer, key, first, last, &next, error);
    if (status == STATUS_OK)
        status = rank_before(writer, next, &before, &has_before, error);
    if (status != STATUS_OK)
        return status;
    if (next > last)
        *rank = last + EDGE_GAP;
    else if (!has_before)
        *rank = first - (first / 4096 < EDGE_GAP ? first / 4096 : EDGE_GAP);
    else
        *rank = before + (next - before) / 2;
    /* Without room before it, the neighbour behind has to move. */
    return *rank > before && (next > last || *rank < next) ? STATUS_OK
                                                           : spread(writer, before, rank, error);
}

/* --- One item --- */

/* The words of the SKU as `item` and `item_code` have it now; *found is false when it is gone. */
static enum status current_words(struct search_writer *writer, const char *sku, int64_t *popularity,
                                 bool *found, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(
        writer->db, "SELECT name,category,popularity FROM item WHERE sku=?", &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, sku);
    status = db_step(statement, found, error);
    if (status != STATUS_OK || !*found)
        return status;
    status = search_words_begin(&writer->words, db_text(statement, 0), db_text(statement, 1));
    *popularity = db_int(statement, 2);
    db_reset(statement);
    if (status == STATUS_OK)
        status =
            db_prepare(writer->db, "SELECT code,given FROM item_code WHERE sku=? ORDER BY code",
                       &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, sku);
    bool row = true;
    while (status == STATUS_OK && row) {
        status = db_step(statement, &row, error);
        if (status == STATUS_OK && row)
            search_words_code(&writer->words, sku, db_text(statement, 0), db_text(statement, 1));
    }
    search_words_end(&writer->words, sku);
    return status;
}

enum status search_remove_item(struct search_writer *writer, const char *sku, struct error *error)
{
    int64_t rank;
    bool found;
    enum status status = rank_of(writer, sku, &rank, &found, error);
    if (status == STATUS_OK && found)
        status = drop_rank(writer, rank, error);
    if (status != STATUS_OK || !found)
        return status;
    struct db_statement *statement;
    status = db_prepare(writer->db, "DELETE FROM search_rank WHERE sku=?", &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, sku);
    return db_run(statement, error);
}

/* Whether the index already says what it should. */
static enum status is_current(struct search_writer *writer, const struct search_key *key,
                              bool *current, struct error *error)
{
    int64_t rank;
    bool found;
    *current = false;
    enum status status = rank_of(writer, key->sku, &rank, &found, error);
    if (status != STATUS_OK || !found)
        return status;
    struct indexed row;
    status = row_from(writer, rank, &row, &found, error);
    if (status != STATUS_OK)
        return status;
    *current = found && row.rank == rank && row.popularity == key->popularity &&
               strcmp(row.words, key->words) == 0;
    forget(&row);
    return STATUS_OK;
}

enum status search_put_item(struct search_writer *writer, const char *sku, struct error *error)
{
    struct search_key key = {.sku = sku};
    bool found, current;
    int64_t rank;
    enum status status = current_words(writer, sku, &key.popularity, &found, error);
    if (status != STATUS_OK || !found)
        return status == STATUS_OK ? search_remove_item(writer, sku, error) : status;
    key.words = buf_text(&writer->words.out);
    status = is_current(writer, &key, &current, error);
    if (status != STATUS_OK || current)
        return status;
    status = search_remove_item(writer, sku, error);
    if (status == STATUS_OK)
        status = find_place(writer, &key, &rank, error);
    return status == STATUS_OK ? insert_row(writer, rank, &key, error) : status;
}
