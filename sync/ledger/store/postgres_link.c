/* The pipeline: what has been sent, what is still to come, and the rows of the query being read. */
#include "sync/ledger/store/postgres_link.h"

#include "sync/ledger/store/postgres_connect.h"
#include "sync/ledger/store/postgres_copy.h"
#include "sync/ledger/store/postgres_sql.h"
#include "sync/ledger/store/postgres_value.h"
#include "terminal/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What may be under way before the answers are looked at: bounds the memory of both sides. */
#define WAITING_MAX 512
#define SENT_MAX    (1 << 20)

#define TABLE_FIRST 64

static const char commit_sql[] = "COMMIT";
static const char rollback_sql[] = "ROLLBACK";

struct link_query {
    struct link *link;
    PGresult *row;   /* the one that is being looked at */
    PGresult **kept; /* rows that were taken off the wire for another statement's sake */
    size_t kept_count, kept_next, kept_room;
    bool open;  /* between link_query and the last row, or link_done */
    bool live;  /* its answers are still to come */
    bool first; /* none of its answers has been looked at */
};

/* A text is prepared once per connection, and found again by its address. */
struct statement {
    const char *literal;
    char *sql; /* as the caller wrote it */
    char *translated;
    char name[24];
    bool prepared; /* or sent to be */
    struct link_query query;
};

enum kind { KIND_PREPARE, KIND_RUN, KIND_QUERY, KIND_SYNC };

struct waiting {
    enum kind kind;
    struct statement *statement;
};

struct link {
    PGconn *conn; /* NULL: lost */
    char *uri, *application;
    struct link_start start;
    struct statement **table;
    size_t table_size, statement_count;
    struct waiting *waiting; /* first .. first + count - 1 */
    size_t first, count, room;
    size_t sent; /* bytes since the last sync */
    struct value_list values;
    struct error failure; /* status STATUS_OK: none */
    int64_t changed;      /* by the statement that ended last */
    char ended[16];       /* its command tag */
    bool in_transaction;
    struct link_query *live;
};

/* --- Failures --- */

static void fail(struct link *link, enum status status, const char *text)
{
    if (link->failure.status == STATUS_OK)
        (void)error_set(&link->failure, status, "%s", text);
}

static void query_clear(struct link_query *query)
{
    PQclear(query->row);
    query->row = NULL;
    while (query->kept_next < query->kept_count)
        PQclear(query->kept[query->kept_next++]);
    free(query->kept);
    query->kept = NULL;
    query->kept_count = query->kept_next = query->kept_room = 0;
    query->open = query->live = false;
}

static void lose(struct link *link)
{
    struct error error;

    if (link->conn == NULL)
        return;
    (void)postgres_error(link->conn, NULL, &error);
    fail(link, STATUS_IO, error.text);
    PQfinish(link->conn);
    link->conn = NULL;
    link->first = link->count = link->sent = 0;
    if (link->live != NULL)
        link->live->live = false;
    link->live = NULL;
    for (size_t i = 0; i < link->table_size; i++)
        if (link->table[i] != NULL)
            link->table[i]->prepared = false;
}

/* What the caller is told. Outside a transaction a failure concerns one statement alone. */
static enum status outcome(struct link *link, struct error *error)
{
    enum status status = link->failure.status;

    if (status == STATUS_OK)
        return STATUS_OK;
    (void)error_set(error, status, "%s", link->failure.text);
    if (!link->in_transaction)
        link->failure.status = STATUS_OK;
    return status;
}

/* --- Answers --- */

static struct waiting *head(struct link *link)
{
    return link->count == 0 ? NULL : &link->waiting[link->first];
}

static void pop(struct link *link)
{
    link->first++;
    link->count--;
    if (link->count == 0)
        link->first = 0;
}

/* The next answer; NULL is the end of one statement's. False: the connection is lost. */
static bool answer(struct link *link, PGresult **out)
{
    if (!postgres_answer(link->conn, out)) {
        lose(link);
        return false;
    }
    return true;
}

static void judge(struct link *link, const struct waiting *waiting, const PGresult *result)
{
    struct error error;

    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        if (waiting->kind == KIND_PREPARE)
            return;
        link->changed = strtoll(PQcmdTuples((PGresult *)result), NULL, 10);
        (void)snprintf(link->ended, sizeof link->ended, "%.15s", PQcmdStatus((PGresult *)result));
        return;
    case PGRES_SINGLE_TUPLE:
        return;
    case PGRES_PIPELINE_ABORTED:
        if (waiting->kind == KIND_PREPARE)
            waiting->statement->prepared = false;
        fail(link, STATUS_INVALID, "a statement before has failed");
        return;
    default:
        if (waiting->kind == KIND_PREPARE)
            waiting->statement->prepared = false;
        (void)postgres_error(link->conn, result, &error);
        fail(link, error.status, error.text);
    }
}

/* Takes everything off the wire that belongs to the head. */
static void finish_head(struct link *link)
{
    struct waiting waiting = *head(link);
    PGresult *result = NULL;

    for (;;) {
        if (!answer(link, &result))
            return;
        if (result == NULL)
            break;
        if (waiting.kind != KIND_SYNC)
            judge(link, &waiting, result);
        PQclear(result);
        if (waiting.kind == KIND_SYNC)
            break; /* a sync has no NULL behind it */
    }
    pop(link);
}

/* One more row of the live query, or NULL when it has ended; then its answers are all taken. */
static PGresult *live_row(struct link *link)
{
    struct link_query *query = link->live;
    PGresult *result = NULL;

    while (head(link) != NULL && head(link)->kind != KIND_QUERY)
        finish_head(link);
    if (link->live == NULL)
        return NULL;
    if (query->first)
        (void)PQsetSingleRowMode(link->conn); /* refused when it is aborted: there is no row then */
    query->first = false;
    if (!answer(link, &result))
        return NULL;
    if (result != NULL && PQresultStatus(result) == PGRES_SINGLE_TUPLE)
        return result;
    if (result != NULL) {
        INVARIANT(PQntuples(result) == 0);
        judge(link, head(link), result);
    }
    PQclear(result);
    query->live = false;
    link->live = NULL;
    finish_head(link);
    while (head(link) != NULL)
        finish_head(link);
    return NULL;
}

/* Holds the rest of the live query in memory: the wire is wanted for another statement. */
static void keep_live(struct link *link)
{
    struct link_query *query = link->live;
    PGresult *row;

    while (link->live != NULL && (row = live_row(link)) != NULL) {
        if (query->kept_count == query->kept_room) {
            query->kept_room = query->kept_room == 0 ? 16 : 2 * query->kept_room;
            query->kept = mem_resize(query->kept, query->kept_room * sizeof(void *));
        }
        query->kept[query->kept_count++] = row;
    }
}

static void push(struct link *link, enum kind kind, struct statement *statement)
{
    if (link->first + link->count == link->room) {
        link->room = link->room == 0 ? 64 : 2 * link->room;
        link->waiting = mem_resize(link->waiting, link->room * sizeof *link->waiting);
    }
    link->waiting[link->first + link->count++] =
        (struct waiting){.kind = kind, .statement = statement};
}

static void sync_now(struct link *link)
{
    if (link->conn == NULL)
        return;
    if (PQpipelineSync(link->conn) != 1) {
        lose(link);
        return;
    }
    push(link, KIND_SYNC, NULL);
    link->sent = 0;
}

/* Everything that is under way is answered. */
static void drain(struct link *link)
{
    keep_live(link);
    if (link->count > 0 && link->waiting[link->first + link->count - 1].kind != KIND_SYNC)
        sync_now(link);
    while (head(link) != NULL)
        finish_head(link);
}

/* --- Statements --- */

static size_t slot_of(const struct link *link, const char *literal)
{
    return (size_t)(((uintptr_t)literal * UINT64_C(0x9E3779B97F4A7C15)) >> 20) &
           (link->table_size - 1);
}

static void place(struct link *link, struct statement *statement)
{
    size_t slot = slot_of(link, statement->literal);

    while (link->table[slot] != NULL)
        slot = (slot + 1) & (link->table_size - 1);
    link->table[slot] = statement;
}

static void grow_table(struct link *link)
{
    struct statement **old = link->table;
    size_t old_size = link->table_size;

    if (old_size > 0 && 2 * link->statement_count < old_size)
        return;
    link->table_size = old_size == 0 ? TABLE_FIRST : 2 * old_size;
    link->table = mem_alloc(link->table_size * sizeof(void *));
    for (size_t i = 0; i < old_size; i++)
        if (old[i] != NULL)
            place(link, old[i]);
    free(old);
}

static struct statement *find_statement(struct link *link, const char *sql)
{
    struct statement *statement;

    grow_table(link);
    for (size_t slot = slot_of(link, sql); link->table[slot] != NULL;
         slot = (slot + 1) & (link->table_size - 1)) {
        statement = link->table[slot];
        if (statement->literal == sql && strcmp(statement->sql, sql) == 0)
            return statement;
    }
    statement = mem_alloc(sizeof *statement);
    statement->literal = sql;
    statement->sql = mem_copy_text(sql);
    statement->translated = postgres_sql(sql);
    statement->query.link = link;
    (void)snprintf(statement->name, sizeof statement->name, "s%zu", ++link->statement_count);
    place(link, statement);
    return statement;
}

/* Queues the statement, preparing it before if need be. */
static void send(struct link *link, struct statement *statement, const struct store_value *values,
                 int count, enum kind kind)
{
    struct value_list *list = &link->values;
    bool sent = true;

    value_list_set(list, values, count);
    if (!statement->prepared) {
        sent = PQsendPrepare(link->conn, statement->name, statement->translated, count,
                             list->types) == 1;
        if (sent) {
            push(link, KIND_PREPARE, statement);
            statement->prepared = true;
        }
    }
    if (sent)
        sent = PQsendQueryPrepared(link->conn, statement->name, count, list->pointers,
                                   list->lengths, list->formats, 1) == 1;
    if (!sent) {
        lose(link);
        return;
    }
    push(link, kind, statement);
    for (int i = 0; i < count; i++)
        link->sent += (size_t)(list->pointers[i] == NULL ? 0 : list->lengths[i]);
}

enum status link_run(struct link *link, const char *sql, const struct store_value *values,
                     int count, int64_t *changed, struct error *error)
{
    keep_live(link);
    if (link->conn == NULL)
        fail(link, STATUS_IO, "there is no connection to the database");
    if (link->failure.status != STATUS_OK)
        return outcome(link, error);
    send(link, find_statement(link, sql), values, count, KIND_RUN);
    if (changed != NULL || !link->in_transaction || link->count >= WAITING_MAX ||
        link->sent >= SENT_MAX)
        drain(link);
    if (changed != NULL)
        *changed = link->changed;
    return outcome(link, error);
}

enum status link_query(struct link *link, const char *sql, const struct store_value *values,
                       int count, struct link_query **out, struct error *error)
{
    struct statement *statement;

    keep_live(link);
    if (link->conn == NULL)
        fail(link, STATUS_IO, "there is no connection to the database");
    if (link->failure.status != STATUS_OK)
        return outcome(link, error);
    statement = find_statement(link, sql);
    INVARIANT(!statement->query.open); /* it is read twice at a time */
    send(link, statement, values, count, KIND_QUERY);
    sync_now(link);
    if (link->conn == NULL)
        return outcome(link, error);
    link->live = &statement->query;
    statement->query.open = statement->query.live = statement->query.first = true;
    *out = &statement->query;
    return STATUS_OK;
}

enum status link_next(struct link_query *query, bool *row, struct error *error)
{
    struct link *link = query->link;

    PQclear(query->row);
    query->row = NULL;
    if (query->kept_next < query->kept_count)
        query->row = query->kept[query->kept_next++];
    else if (query->live)
        query->row = live_row(link);
    *row = query->row != NULL;
    if (*row)
        return STATUS_OK;
    query_clear(query);
    return outcome(link, error);
}

void link_done(struct link_query *query)
{
    struct link *link = query->link;
    PGresult *row;

    while (query->live && (row = live_row(link)) != NULL)
        PQclear(row);
    query_clear(query);
}

const PGresult *link_row(const struct link_query *query)
{
    return query->row;
}

/* --- Bulk --- */

enum status link_copy(struct link *link, const char *sql, const struct store_value *values,
                      int columns, int rows, struct error *error)
{
    struct error why;
    enum status status;

    INVARIANT(link->in_transaction);
    drain(link);
    if (link->conn == NULL)
        fail(link, STATUS_IO, "there is no connection to the database");
    if (link->failure.status != STATUS_OK)
        return outcome(link, error);
    if (PQexitPipelineMode(link->conn) != 1) {
        lose(link);
        return outcome(link, error);
    }
    status = postgres_copy_values(link->conn, sql, values, columns, rows, &why);
    if (status != STATUS_OK)
        fail(link, status, why.text);
    if (PQstatus(link->conn) != CONNECTION_OK || PQenterPipelineMode(link->conn) != 1)
        lose(link);
    return outcome(link, error);
}

/* --- Transactions --- */

enum status link_begin(struct link *link, const char *sql, struct error *error)
{
    INVARIANT(!link->in_transaction);
    drain(link);
    link->failure.status = STATUS_OK;
    if (link->conn == NULL)
        return error_set(error, STATUS_IO, "there is no connection to the database");
    link->in_transaction = true;
    return link_run(link, sql, NULL, 0, NULL, error);
}

enum status link_commit(struct link *link, bool wait, bool *known, struct error *error)
{
    bool sent = false;

    keep_live(link);
    if (link->failure.status == STATUS_OK && link->conn != NULL) {
        sent = true;
        send(link, find_statement(link, commit_sql), NULL, 0, KIND_RUN);
        sync_now(link);
        if (wait)
            drain(link);
    }
    *known = !sent || link->conn != NULL;
    if (wait && link->failure.status == STATUS_OK && strcmp(link->ended, "COMMIT") != 0)
        fail(link, STATUS_INVALID, "the transaction was rolled back");
    if (link->failure.status == STATUS_OK)
        link->in_transaction = false;
    return outcome(link, error);
}

void link_reset(struct link *link)
{
    drain(link);
    if (link->conn != NULL && PQtransactionStatus(link->conn) != PQTRANS_IDLE) {
        link->failure.status = STATUS_OK;
        send(link, find_statement(link, rollback_sql), NULL, 0, KIND_RUN);
        drain(link);
        if (link->conn != NULL && PQtransactionStatus(link->conn) != PQTRANS_IDLE)
            lose(link);
    }
    link->in_transaction = false;
    link->failure.status = STATUS_OK;
}

/* --- Connections --- */

bool link_alive(struct link *link)
{
    if (link->conn != NULL && link->count > 0)
        drain(link);
    if (link->conn != NULL && !postgres_alive(link->conn))
        lose(link);
    return link->conn != NULL;
}

bool link_in_transaction(const struct link *link)
{
    return link->in_transaction;
}

static enum status connect_again(struct link *link, struct error *error)
{
    PGconn *conn;
    enum status status = postgres_connect(link->uri, link->application, &conn, error);

    if (status != STATUS_OK)
        return status;
    if (link->start.run != NULL)
        status = link->start.run(link->start.context, conn, error);
    if (status == STATUS_OK && (PQsetnonblocking(conn, 1) != 0 || PQenterPipelineMode(conn) != 1))
        status = error_set(error, STATUS_IO, "libpq cannot enter its pipeline mode");
    if (status != STATUS_OK) {
        PQfinish(conn);
        return status;
    }
    link->conn = conn;
    return STATUS_OK;
}

enum status link_ready(struct link *link, bool *fresh, struct error *error)
{
    INVARIANT(!link->in_transaction);
    *fresh = false;
    if (link_alive(link))
        return STATUS_OK;
    link->failure.status = STATUS_OK;
    *fresh = true;
    return connect_again(link, error);
}

enum status link_open(const char *uri, const char *application, const struct link_start *start,
                      struct link **out, struct error *error)
{
    struct link *link = mem_alloc(sizeof *link);
    bool fresh;
    enum status status;

    link->uri = mem_copy_text(uri);
    link->application = mem_copy_text(application);
    link->start = *start;
    status = link_ready(link, &fresh, error);
    if (status != STATUS_OK) {
        link_close(link);
        return status;
    }
    *out = link;
    return STATUS_OK;
}

void link_close(struct link *link)
{
    if (link == NULL)
        return;
    PQfinish(link->conn);
    for (size_t i = 0; i < link->table_size; i++) {
        struct statement *statement = link->table[i];
        if (statement == NULL)
            continue;
        query_clear(&statement->query);
        free(statement->sql);
        free(statement->translated);
        free(statement);
    }
    free(link->table);
    free(link->waiting);
    value_list_finish(&link->values);
    free(link->uri);
    free(link->application);
    free(link);
}
