/* Entries of all kinds, and looking at exceptions: for the tests of figures and what follows. */
#ifndef HOLDFAST_TEST_TRADE_FIXTURE_H
#define HOLDFAST_TEST_TRADE_FIXTURE_H

#include "ledger_fixture.h"

/* --- entries --- */

static inline json_t *list_of(json_t *item)
{
    json_t *list = json_array();

    json_add(list, item);
    return list;
}

static inline json_t *account_item(const char *account, int64_t amount)
{
    json_t *item = json_object();

    json_put_text(item, "account", account);
    json_put_int(item, "amount", amount);
    json_put_text(item, "currency", "GBP");
    json_put_text(item, "lease", "");
    json_put_text(item, "reason", amount < 0 ? "spend" : "load");
    return item;
}

static inline json_t *lease_item(const struct id *lease, int64_t amount)
{
    json_t *item = json_object();

    json_put_hex(item, "lease", lease->bytes, ID_SIZE);
    json_put_int(item, "amount", amount);
    return item;
}

static inline json_t *order_item(const char *channel, const char *id, const char *state)
{
    json_t *item = json_object();

    json_put_text(item, "channel", channel);
    json_put_text(item, "id", id);
    json_put_text(item, "state", state);
    return item;
}

static inline void put_move(json_t *entry, const char *sku, int64_t milli, const char *location,
                            const char *from, const char *to)
{
    struct stock_move move =
        stock_move_make(1, sku, (struct quantity){milli}, location, from, location, to, "test");

    entry_put_moves(entry, &move, 1);
}

/* Loads (or, negative, spends) a value account. */
static inline void add_account(struct device *device, const char *account, int64_t amount)
{
    json_t *entry = next_entry(device, "sale");

    put_sale(entry, device->location, "A", 1000, 100);
    json_put(entry, "accounts", list_of(account_item(account, amount)));
    seal_entry(device, entry);
}

static inline void add_spend(struct device *device, const char *account, const struct id *lease,
                             int64_t amount)
{
    json_t *entry = next_entry(device, "sale");

    put_sale(entry, device->location, "A", 1000, 100);
    json_put(entry, "accounts", list_of(account_item(account, -amount)));
    json_put(entry, "leases", list_of(lease_item(lease, amount)));
    seal_entry(device, entry);
}

static inline void add_lease_return(struct device *device, const struct id *lease, int64_t amount)
{
    json_t *entry = next_entry(device, "lease_return");

    json_put_hex(entry, "lease", lease->bytes, ID_SIZE);
    json_put_int(entry, "amount", amount);
    seal_entry(device, entry);
}

/* A sale of one line with an id and a base quantity, which a return can name. */
static inline void add_line_sale(struct device *device, const char *sku, int64_t milli,
                                 int64_t gross)
{
    json_t *entry = next_entry(device, "sale"), *line = json_object();

    put_sale(entry, device->location, sku, milli, gross);
    json_put_int(line, "id", 1);
    json_put_text(line, "sku", sku);
    json_put_int(line, "base", milli);
    json_put(entry, "lines", list_of(line));
    seal_entry(device, entry);
}

static inline void add_linked_return(struct device *device, const struct device *of, int64_t seq,
                                     const char *sku, int64_t milli, int64_t gross)
{
    json_t *entry = next_entry(device, "sale"), *line = json_object(), *original = json_object();

    put_sale(entry, device->location, sku, -milli, -gross);
    json_put_hex(original, "device", of->id.bytes, ID_SIZE);
    json_put_hex(original, "epoch", of->epoch.bytes, ID_SIZE);
    json_put_int(original, "seq", seq);
    json_put_int(original, "line", 1);
    json_put_int(line, "id", 1);
    json_put_text(line, "sku", sku);
    json_put_int(line, "base", -milli);
    json_put(line, "original", original);
    json_put(entry, "lines", list_of(line));
    seal_entry(device, entry);
}

static inline void add_pickup(struct device *device, const char *kind, const char *id,
                              const char *state, const char *sku, int64_t milli, const char *from,
                              const char *to)
{
    json_t *entry = next_entry(device, kind);

    json_put(entry, "order", order_item("web", id, state));
    put_move(entry, sku, milli, device->location, from, to);
    seal_entry(device, entry);
}

static inline void add_customer(struct device *device, const char *customer, const char *op,
                                const char *group)
{
    json_t *entry = next_entry(device, "customer");

    json_put_text(entry, "customer", customer);
    json_put_text(entry, "op", op);
    json_put_text(entry, "group", group);
    json_put_text(entry, "hash", "");
    seal_entry(device, entry);
}

/* --- questions --- */

static inline struct answer post_json(struct fixture *fixture, const char *path, const char *body)
{
    return admin_call(fixture, "POST", path, "", body, strlen(body));
}

static inline struct answer get(struct fixture *fixture, const char *path, const char *query)
{
    return admin_call(fixture, "GET", path, query, "", 0);
}

static inline void expect_status(struct answer answer, int status)
{
    if (answer.status != status)
        fail_msg("%d %s instead of %d", answer.status, answer.text, status);
    answer_free(&answer);
}

static inline struct answer ask_lease(struct fixture *fixture, const struct device *device,
                                      const struct id *request, const char *kind,
                                      const char *subject, int64_t amount)
{
    char body[512], hex[ID_HEX_SIZE];

    hex_write(request->bytes, ID_SIZE, hex);
    (void)snprintf(body, sizeof body,
                   "{\"request\":\"%s\",\"kind\":\"%s\",\"subject\":\"%s\",\"amount\":%lld,"
                   "\"currency\":\"%s\"}",
                   hex, kind, subject, (long long)amount, strcmp(kind, "value") == 0 ? "GBP" : "");
    return signed_call(fixture, device, "POST", "/v1/leases", "", body, strlen(body));
}

/* The lease's id; fails the test when less or more was granted. */
static inline struct id grant(struct fixture *fixture, const struct device *device,
                              const char *kind, const char *subject, int64_t asked, int64_t granted)
{
    struct entropy entropy = entropy_system();
    struct id request = id_random(&entropy), lease = {{0}};
    struct answer answer = ask_lease(fixture, device, &request, kind, subject, asked);

    if (answer.status != 200 || json_int_or(answer.json, "amount", 0) != granted)
        fail_msg("%d %s instead of %lld", answer.status, answer.text, (long long)granted);
    if (hex_read(json_text_or(answer.json, "lease", ""), lease.bytes, ID_SIZE) != STATUS_OK)
        fail();
    answer_free(&answer);
    return lease;
}

static inline int64_t count_text(struct fixture *fixture, const char *sql, const char *value)
{
    struct store_session *reader;
    struct error error = {0};
    int64_t count = 0;
    struct store_value values[] = {store_text(value)};

    must(ledger_reader(fixture->ledger, &reader, &error), &error);
    must(store_one_int(reader, sql, values, 1, 0, &count, &error), &error);
    ledger_reader_back(fixture->ledger, reader);
    return count;
}

/* How many exceptions of the kind there are, in any state. */
static inline int64_t exceptions_of(struct fixture *fixture, const char *kind)
{
    return count_text(fixture, "SELECT count(*) FROM exception WHERE kind = ?1", kind);
}

static inline int64_t exception_id(struct fixture *fixture, const char *kind)
{
    return count_text(fixture, "SELECT max(id) FROM exception WHERE kind = ?1", kind);
}

static inline struct answer change_exception(struct fixture *fixture, int64_t id, const char *body)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/v1/exceptions/%lld", (long long)id);
    return post_json(fixture, path, body);
}

static inline int64_t available(struct fixture *fixture, const char *sku)
{
    return count_text(fixture,
                      "SELECT quantity_milli FROM stock WHERE location = 'S01' AND "
                      "status = 'available' AND sku = ?1",
                      sku);
}

static inline void open_stock(struct fixture *fixture, const char *sku, int64_t milli)
{
    char body[256];

    (void)snprintf(body, sizeof body,
                   "{\"location\":\"S01\",\"lines\":[{\"sku\":\"%s\",\"quantity_milli\":%lld}]}",
                   sku, (long long)milli);
    expect_status(post_json(fixture, "/v1/admin/opening-stock", body), 200);
}

/* A copy that shares the entries so far and goes on by itself. */
static inline struct device *clone_of(const struct device *device)
{
    struct device *clone = mem_alloc(sizeof *clone);

    *clone = *device;
    return clone;
}

static inline void clone_free(struct device *clone, int shared)
{
    for (int i = shared; i < clone->count; i++)
        sealed_entry_finish(&clone->entries[i]);
    free(clone);
}

#endif
