/* Asking the index. The query is folded as the names were, and becomes an FTS5 expression of
 * prefixes:   Crème "brûlée  ->  "brulee"* AND "creme"*
 *
 * The index has its rows in the order of the answer, so the first `capacity` rows of the match are
 * the answer. Words of up to nine letters are read from FTS5's prefix indexes; longer ones are few
 * enough to be gathered.
 */
#include "terminal/catalogue/search.h"

#include "terminal/base/text.h"
#include "terminal/catalogue/column.h"
#include "terminal/catalogue/fold.h"
#include "terminal/catalogue/search_index.h"

#include <stdlib.h>
#include <string.h>

#define EXPRESSION_MAX 16384

struct search {
    struct fold *fold;
    struct buf words;
    struct buf expression;
};

struct word {
    const char *text;
    size_t length;
};

struct search *search_open(void)
{
    struct search *search = mem_alloc(sizeof *search);
    search->fold = fold_create();
    buf_init(&search->words, EXPRESSION_MAX);
    buf_init(&search->expression, EXPRESSION_MAX);
    return search;
}

void search_close(struct search *search)
{
    if (search == NULL)
        return;
    fold_destroy(search->fold);
    buf_finish(&search->words);
    buf_finish(&search->expression);
    free(search);
}

static bool is_beginning_of(const struct word *a, const struct word *b)
{
    return a->length <= b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* Adds a word unless another says more; drops those that it says more than. The longest stands
 * first: it is most likely the rarest, and FTS5 lets the first lead. */
static size_t add_word(struct word *words, size_t count, struct word word)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (is_beginning_of(&word, &words[i]))
            return count;
    for (size_t i = 0; i < count; i++)
        if (!is_beginning_of(&words[i], &word))
            words[kept++] = words[i];
    if (kept == SEARCH_WORDS_MAX)
        return kept;
    size_t at = kept;
    for (; at > 0 && words[at - 1].length < word.length; at--)
        words[at] = words[at - 1];
    words[at] = word;
    return kept + 1;
}

static size_t split(const struct buf *text, struct word *words)
{
    size_t count = 0;
    const char *at = buf_text(text);
    while (*at != '\0') {
        size_t length = strcspn(at, " ");
        count = add_word(words, count, (struct word){at, length});
        at += length;
        at += strspn(at, " ");
    }
    return count;
}

/* Makes search->expression; empty when the query holds no word and no category is asked for. */
static enum status make_expression(struct search *search, const char *category, const char *query)
{
    struct word words[SEARCH_WORDS_MAX];
    struct buf *out = &search->expression;
    buf_clear(&search->words);
    buf_clear(out);
    size_t length = text_cut(query, strlen(query), SEARCH_QUERY_MAX);
    enum status status = fold_words(search->fold, query, length, &search->words);
    if (status != STATUS_OK)
        return status;
    if (search->words.used == 0)
        status = search_index_signs(query, length, &search->words);
    if (status != STATUS_OK)
        return status;
    size_t count = split(&search->words, words);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = buf_printf(out, "%s\"%.*s\"*", i > 0 ? " AND " : "", (int)words[i].length,
                            words[i].text);
    if (category == NULL || status != STATUS_OK)
        return status;
    status = buf_append_text(out, count > 0 ? " AND \"" : "\"");
    if (status == STATUS_OK)
        status = search_index_category(category, out);
    return status == STATUS_OK ? buf_append_text(out, "\"") : status;
}

static void read_hit(struct db_statement *statement, struct search_hit *out)
{
    out->rank = db_int(statement, 0);
    column_text(statement, 1, out->sku, sizeof out->sku);
    column_text(statement, 2, out->name, sizeof out->name);
}

static enum status read_hits(struct db_statement *statement, struct search_hit *out,
                             size_t capacity, size_t *count, struct error *error)
{
    bool row = true;
    enum status status = STATUS_OK;
    while (*count < capacity && status == STATUS_OK && row) {
        status = db_step(statement, &row, error);
        if (status == STATUS_OK && row)
            read_hit(statement, &out[(*count)++]);
    }
    db_reset(statement);
    return status;
}

static enum status find(struct search *search, struct db *db, const char *category,
                        const char *query, int64_t after, struct search_hit *out, size_t capacity,
                        size_t *count, struct error *error)
{
    *count = 0;
    enum status status = make_expression(search, category, query);
    if (status != STATUS_OK)
        return error_set(error, status, "the query is too long");
    struct db_statement *statement;
    bool everything = search->expression.used == 0;
    if (everything)
        status = db_prepare(db,
                            "SELECT s.rowid,s.sku,i.name FROM search AS s"
                            " CROSS JOIN item AS i ON i.sku=s.sku"
                            " WHERE s.rowid>?1 ORDER BY s.rowid",
                            &statement, error);
    else
        status = db_prepare(db,
                            "SELECT s.rowid,s.sku,i.name FROM search AS s"
                            " CROSS JOIN item AS i ON i.sku=s.sku"
                            " WHERE s.search MATCH ?2 AND s.rowid>?1 ORDER BY s.rowid",
                            &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, after);
    if (!everything)
        db_bind_text_n(statement, 2, search->expression.data, search->expression.used);
    return read_hits(statement, out, capacity, count, error);
}

enum status search_find(struct search *search, struct db *db, const char *query, int64_t after,
                        struct search_hit *out, size_t capacity, size_t *count, struct error *error)
{
    return find(search, db, NULL, query, after, out, capacity, count, error);
}

enum status search_category(struct search *search, struct db *db, const char *category,
                            const char *query, int64_t after, struct search_hit *out,
                            size_t capacity, size_t *count, struct error *error)
{
    return find(search, db, category, query, after, out, capacity, count, error);
}
