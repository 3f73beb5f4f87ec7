/* Search as you type: what people type on the way to a product, and the worst that can be typed;
 * beside the same FTS5 expression asked bare, in row order, on a connection of its own.
 */
#include "tests/bench/shop.h"

#include "terminal/base/file.h"
#include "terminal/catalogue/fold.h"
#include "terminal/catalogue/replica.h"
#include "terminal/catalogue/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRODUCTS = 400, PREFIX_MAX = 6, TRIES = 5, QUERY_SIZE = 64 };

struct finder {
    struct replica *replica;
    struct search *search;
    struct fold *fold;
    struct db *bare_db;
    sqlite3_stmt *bare;
};

struct figures {
    struct samples ours, limit;
    double worst, worst_limit;
    char worst_query[QUERY_SIZE];
};

/* "ab cdefg" -> "cdefg"* AND "ab"*; what is the beginning of another word says nothing more. */
static void expression(const char *query, char *out, size_t size)
{
    char copy[QUERY_SIZE], *rest;
    snprintf(copy, sizeof copy, "%s", query);
    const char *one = strtok_r(copy, " ", &rest), *other = strtok_r(NULL, " ", &rest);
    if (other && strlen(other) > strlen(one)) {
        const char *longer = other;
        other = one;
        one = longer;
    }
    if (other && strncmp(one, other, strlen(other)) != 0)
        snprintf(out, size, "\"%s\"* AND \"%s\"*", one, other);
    else
        snprintf(out, size, "\"%s\"*", one);
}

static enum status ask(struct finder *finder, const char *query, double *us, struct error *error)
{
    struct search_hit hits[SEARCH_PAGE];
    size_t count;
    double start = now_us();
    enum status status = search_find(finder->search, replica_db(finder->replica), query, 0, hits,
                                     SEARCH_PAGE, &count, error);
    *us = now_us() - start;
    return status;
}

static enum status ask_bare(struct finder *finder, const char *query, double *us,
                            struct error *error)
{
    char match[2 * QUERY_SIZE];
    int result;
    expression(query, match, sizeof match);
    double start = now_us();
    sqlite3_bind_text(finder->bare, 1, match, -1, SQLITE_STATIC);
    while ((result = sqlite3_step(finder->bare)) == SQLITE_ROW)
        (void)sqlite3_column_int64(finder->bare, 0);
    sqlite3_reset(finder->bare);
    *us = now_us() - start;
    return result == SQLITE_DONE ? STATUS_OK : db_error(finder->bare_db, result, match, error);
}

static enum status ask_both(struct finder *finder, const char *query, bool product_first,
                            double us[2], struct error *error)
{
    enum status status = STATUS_OK;
    if (product_first)
        status = ask(finder, query, &us[0], error);
    if (!status)
        status = ask_bare(finder, query, &us[1], error);
    if (!status && !product_first)
        status = ask(finder, query, &us[0], error);
    return status;
}

static enum status try_query(struct finder *finder, const char *query, struct figures *figures,
                             struct error *error)
{
    double us[2];
    enum status status = STATUS_OK;
    for (int tries = 0; tries < TRIES && !status; tries++) {
        bench_disturbed();
        status = ask_both(finder, query, (figures->ours.count + (size_t)tries) % 2 == 0, us, error);
        if (!bench_disturbed())
            break;
    }
    if (status)
        return status;
    samples_add(&figures->ours, us[0]);
    samples_add(&figures->limit, us[1]);
    if (us[0] > figures->worst) {
        figures->worst = us[0];
        figures->worst_limit = us[1];
        snprintf(figures->worst_query, sizeof figures->worst_query, "%s", query);
    }
    return STATUS_OK;
}

/* Bytes of the first `letters` characters of a word. */
static int letters_of(const char *word, int letters)
{
    int length = 0;
    while (word[length] && word[length] != ' ' &&
           (letters > 0 || ((unsigned char)word[length] & 0xC0) == 0x80)) {
        letters -= ((unsigned char)word[length] & 0xC0) != 0x80;
        length++;
    }
    while (((unsigned char)word[length] & 0xC0) == 0x80)
        length++;
    return length;
}

/* The first word letter by letter, then the second behind a part of the first; the code. */
static enum status try_product(struct finder *finder, const char *gtin, const char *name,
                               struct figures *figures, struct error *error)
{
    struct buf folded;
    char query[QUERY_SIZE];
    buf_init(&folded, 4096);
    enum status status = fold_words(finder->fold, name, strlen(name), &folded);
    const char *first = buf_text(&folded), *second = strchr(first, ' ');
    for (int letters = 1; letters <= PREFIX_MAX && *first && !status; letters++) {
        int length = letters_of(first, letters);
        snprintf(query, sizeof query, "%.*s", length, first);
        status = try_query(finder, query, figures, error);
        if (second && !status) {
            snprintf(query, sizeof query, "%.*s %.*s", letters_of(first, 1 + letters % 4), first,
                     letters_of(second + 1, letters), second + 1);
            status = try_query(finder, query, figures, error);
        }
        if (!status) {
            snprintf(query, sizeof query, "%.*s", letters, gtin);
            status = try_query(finder, query, figures, error);
        }
    }
    buf_finish(&folded);
    return status;
}

/* Every letter and digit, and every pair of letters as two words: many match each, few both. */
static enum status try_worst(struct finder *finder, struct figures *figures, struct error *error)
{
    enum status status = STATUS_OK;
    char query[QUERY_SIZE];
    for (const char *at = "abcdefghijklmnopqrstuvwxyz0123456789"; *at && !status; at++) {
        snprintf(query, sizeof query, "%c", *at);
        status = try_query(finder, query, figures, error);
    }
    for (char one = 'a'; one <= 'z'; one++)
        for (char other = (char)(one + 1); other <= 'z' && !status; other++) {
            snprintf(query, sizeof query, "%c %c", one, other);
            status = try_query(finder, query, figures, error);
        }
    return status;
}

static enum status open_finder(const char *folder, struct finder *out, struct error *error)
{
    out->search = search_open();
    out->fold = fold_create();
    enum status status = replica_open_reader(folder, &out->replica, error);
    if (status)
        return status;
    char *path = path_join(folder, replica_name(out->replica));
    status = db_open(path, DB_READER, &out->bare_db, error);
    free(path);
    if (status)
        return status;
    int result =
        sqlite3_prepare_v2(db_handle(out->bare_db),
                           "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid LIMIT 50",
                           -1, &out->bare, NULL);
    return result == SQLITE_OK ? STATUS_OK : db_error(out->bare_db, result, "search", error);
}

static void close_finder(struct finder *finder)
{
    sqlite3_finalize(finder->bare);
    db_close(finder->bare_db);
    replica_close(finder->replica);
    search_close(finder->search);
    fold_destroy(finder->fold);
}

static void report(struct bench *bench, struct figures *figures, const char *kind)
{
    char what[96];
    snprintf(what, sizeof what, "search, %s, p50", kind);
    bench_below(bench, "search", what, samples_at(&figures->ours, 0.5) / 1e3,
                samples_at(&figures->limit, 0.5) / 1e3, "ms", 8, "<= 8 ms");
    snprintf(what, sizeof what, "search, %s, p99", kind);
    bench_below(bench, "search", what, samples_at(&figures->ours, 0.99) / 1e3,
                samples_at(&figures->limit, 0.99) / 1e3, "ms", 8, "<= 8 ms");
    snprintf(what, sizeof what, "search, %s, slowest: \"%s\"", kind, figures->worst_query);
    bench_below(bench, "search", what, figures->worst / 1e3, figures->worst_limit / 1e3, "ms", 8,
                "(p99 <= 8 ms)");
    samples_finish(&figures->ours);
    samples_finish(&figures->limit);
}

enum status bench_search(struct bench *bench, struct error *error)
{
    struct shop *shop;
    int agent = 0;
    struct finder finder = {0};
    struct figures typed = {0}, worst = {0};
    enum status status = bench_shop(bench, &shop, error);
    if (!status)
        status = shop_start_agent(bench, shop->till, &agent, error);
    if (status)
        return status;
    status = open_finder(shop->till, &finder, error);
    for (int i = 0; i < PRODUCTS && !status; i++) {
        int64_t index = shop_random(shop);
        status = try_product(&finder, shop_product(shop, index, PRODUCT_GTIN),
                             shop_product(shop, index, PRODUCT_NAME), &typed, error);
    }
    if (!status)
        status = try_worst(&finder, &worst, error);
    close_finder(&finder);
    bench_stop(agent);
    if (!status) {
        report(bench, &typed, "typed prefixes");
        report(bench, &worst, "single letters and pairs");
    }
    return status;
}
