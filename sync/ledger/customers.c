/* The row that follows from the facts, and the side records. */
#include "sync/ledger/customers.h"

#include "sync/ledger/effect.h"
#include "terminal/base/crypto.h"
#include "terminal/base/json.h"
#include "terminal/catalogue/reference.h"

#include <stdio.h>
#include <string.h>

struct standing {
    bool found, erased;
    char group[EFFECT_CUSTOMER_MAX + 1];
};

static enum status read_standing(struct store_session *session, const char *customer,
                                 struct standing *out, struct error *error)
{
    struct store_value values[] = {store_text(customer)};
    struct store_query *query;
    enum status status = store_query(session,
                                     "SELECT op, group_id FROM customer_fact WHERE customer = ?1 "
                                     "ORDER BY CASE WHEN op = 'erased' THEN 0 ELSE 1 END, "
                                     "stamp DESC LIMIT 1",
                                     values, 1, &query, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK)
        status = store_next(session, query, &out->found, error);
    if (status != STATUS_OK || !out->found)
        return status;
    out->erased = strcmp(store_column_text(session, query, 0), "erased") == 0;
    (void)snprintf(out->group, sizeof out->group, "%s", store_column_text(session, query, 1));
    store_done(session, query);
    return STATUS_OK;
}

static enum status write_row(const struct writer_turn *turn, const char *customer,
                             const struct standing *standing, struct error *error)
{
    struct store_value values[] = {store_text(customer), store_text(standing->group)};
    struct reference_row row;
    enum status status;

    reference_row_init(&row, reference_table_find("customer"));
    reference_row_set_text(&row, "id", customer);
    reference_row_set_text(&row, "group_id", standing->group);
    if (standing->erased)
        status = store_run(turn->session, "DELETE FROM customer WHERE id = ?1", values, 1, error);
    else
        status = store_run(turn->session,
                           "INSERT INTO customer(id, name, group_id, note) VALUES(?1, '', ?2, '') "
                           "ON CONFLICT(id) DO UPDATE SET name = '', group_id = excluded.group_id, "
                           "note = ''",
                           values, 2, error);
    feed_add_row(turn->feed, &row, standing->erased);
    return status;
}

enum status customers_judge(const struct writer_turn *turn, const char *customer,
                            struct error *error)
{
    struct store_value values[] = {store_text(customer)};
    struct standing standing;
    enum status status = read_standing(turn->session, customer, &standing, error);

    if (status != STATUS_OK)
        return status;
    INVARIANT(standing.found);
    if (standing.erased)
        status = store_run(turn->session, "DELETE FROM side_record WHERE pseudonym = ?1", values, 1,
                           error);
    return status == STATUS_OK ? write_row(turn, customer, &standing, error) : status;
}

/* The pseudonym that a side record names; "" when it names none by our rules. */
static void read_pseudonym(const char *json, size_t length, char out[EFFECT_CUSTOMER_MAX + 1])
{
    const char *pseudonym;
    json_t *record;

    out[0] = '\0';
    if (json_read(json, length, &record, NULL) != STATUS_OK)
        return;
    pseudonym = json_text_or(record, "pseudonym", "");
    if (effect_id_sound(pseudonym, EFFECT_CUSTOMER_MAX))
        (void)snprintf(out, EFFECT_CUSTOMER_MAX + 1, "%s", pseudonym);
    json_decref(record);
}

enum status customers_keep_side(const struct writer_turn *turn, int64_t epoch, const char *json,
                                size_t length, struct error *error)
{
    char pseudonym[EFFECT_CUSTOMER_MAX + 1];
    struct standing standing = {0};
    struct hash hash = hash_bytes(json, length);
    enum status status = STATUS_OK;

    read_pseudonym(json, length, pseudonym);
    struct store_value values[] = {store_int(epoch), store_blob(hash.bytes, HASH_SIZE),
                                   store_int(turn->now_ms), store_text_n(json, length),
                                   store_text(pseudonym)};
    if (pseudonym[0] != '\0')
        status = read_standing(turn->session, pseudonym, &standing, error);
    if (status != STATUS_OK || standing.erased)
        return status;
    return store_run(turn->session,
                     "INSERT INTO side_record(epoch, hash, received_ms, body, pseudonym) "
                     "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                     values, 5, error);
}

enum status customers_refold(const struct writer_turn *turn, struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(turn->session, "SELECT DISTINCT customer FROM customer_fact ORDER BY customer",
                    NULL, 0, &query, error);

    while (status == STATUS_OK &&
           (status = store_next(turn->session, query, &row, error)) == STATUS_OK && row) {
        status = customers_judge(turn, store_column_text(turn->session, query, 0), error);
        if (status != STATUS_OK)
            store_done(turn->session, query);
    }
    return status;
}
