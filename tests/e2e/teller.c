/* holdfast-teller: a till with hands, for what no screen does yet.
 *
 *   holdfast-teller --data DIR work SEED DEEDS   gift cards are loaded, promised, spent and given
 *                                                back; orders that wait are picked and handed over
 *   holdfast-teller --data DIR leases            "LEASE LEFT" of every lease held
 *
 * A program like the others that write a till's folder: it may be killed at any instant. What a
 * person would have been told is printed when it is durable: "sold RECEIPT", "wrote KIND". A deed
 * that can't be done now (nothing held, nothing waits) is no fault; one that fails is.
 */
#include "terminal/journal/moves.h"
#include "terminal/till_internal.h"
#include "terminal/till_lease.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAFF       "P03"
#define PIN         "3456"
#define CARDS       12
#define LEASES_MOST 200
#define LINES_MOST  20
#define DEEDS_MOST  1000

static uint64_t draws;

/* 0 to bound - 1. */
static int draw(int bound)
{
    draws = draws * 6364136223846793005U + 1442695040888963407U;
    return (int)((draws >> 33) % (uint64_t)bound);
}

static void said(const char *what, const char *which)
{
    (void)printf("%s %s\n", what, which);
    (void)fflush(stdout);
}

static void card_of(const struct till *till, char out[ACCOUNT_ID_SIZE])
{
    (void)snprintf(out, ACCOUNT_ID_SIZE, "GC-%s-%d", till->currency.code, draw(CARDS));
}

/* ---- gift cards ----------------------------------------------------------------------------- */

static enum status commit(struct till *till, struct error *error)
{
    struct sale_result result;
    enum status status = till_sale_commit(till, &result, error);

    if (status == STATUS_OK)
        said("sold", result.receipt);
    return status;
}

/* What was broken off is finished when it is paid for, else given up. */
static enum status clear_cart(struct till *till, struct error *error)
{
    enum status status = STATUS_OK;

    if (till_cart(till)->count > 0 && till_cart(till)->covered)
        return commit(till, error);
    for (int i = 0; status == STATUS_OK && i < till_cart(till)->tender_count; i++) {
        const struct tender_view *tender = &till_cart(till)->tenders[i];
        if (!tender->reversed)
            status = till_tender_reverse(till, tender->id, error);
    }
    if (status == STATUS_OK && till_cart(till)->count > 0)
        status = till_cart_discard(till, "left behind", error);
    return status;
}

static enum status load_card(struct till *till, struct error *error)
{
    char card[ACCOUNT_ID_SIZE];
    struct money amount = {500 + 100 * draw(40)};
    struct add_request line = {.name = "Gift card", .has_price = true, .price = amount};
    struct scan_result scanned;
    enum status status = till_add(till, &line, &scanned, error);

    card_of(till, card);
    if (status == STATUS_OK)
        status = till_cart_account(till, scanned.line, card, error);
    if (status == STATUS_OK)
        status = till_tender_card(till, till_cart(till)->to_pay, "", error);
    return status == STATUS_OK ? commit(till, error) : status;
}

static enum status ask(struct till *till, struct error *error)
{
    char card[ACCOUNT_ID_SIZE], request[ID_HEX_SIZE];

    card_of(till, card);
    return till_lease_ask(till, LEASE_OF_VALUE, card, 100 + draw(1500), request, error);
}

/* Any one that has something left. */
static enum status choose(struct till *till, bool *found, struct lease_view *out,
                          struct error *error)
{
    static struct lease_view leases[LEASES_MOST];
    int count = 0;
    enum status status = till_leases(till, leases, LEASES_MOST, &count, error);

    *found = false;
    if (status != STATUS_OK || count == 0)
        return status;
    for (int i = 0, at = draw(count); i < count && !*found; i++, at = (at + 1) % count) {
        *found = leases[at].state == LEASE_HELD && leases[at].usable && leases[at].left > 0;
        *out = leases[at];
    }
    return STATUS_OK;
}

static enum status spend(struct till *till, struct error *error)
{
    struct add_request line = {.name = "Sundries", .has_price = true, .price = {100 + draw(900)}};
    struct lease_view lease;
    struct scan_result scanned;
    bool found;
    enum status status = choose(till, &found, &lease, error);

    if (status != STATUS_OK || !found)
        return status;
    status = till_add(till, &line, &scanned, error);
    if (status == STATUS_OK) {
        int64_t due = till_cart(till)->to_pay.minor;
        status = till_tender_account(till, lease.subject,
                                     (struct money){lease.left < due ? lease.left : due}, error);
    }
    if (status == STATUS_OK && till_cart(till)->to_pay.minor > 0)
        status = till_tender_card(till, till_cart(till)->to_pay, "", error);
    return status == STATUS_OK ? commit(till, error) : status;
}

static enum status give_back(struct till *till, struct error *error)
{
    struct lease_view lease;
    bool found;
    enum status status = choose(till, &found, &lease, error);

    if (status != STATUS_OK || !found)
        return status;
    status = till_lease_return(till, lease.lease, 1 + lease.left / 2, error);
    if (status == STATUS_OK)
        said("wrote", "lease_return");
    return status;
}

/* ---- orders --------------------------------------------------------------------------------- */

struct order {
    char channel[KEY_SIZE], id[KEY_SIZE];
    struct stock_move moves[LINES_MOST];
    size_t count;
};

static enum status read_order(struct till *till, struct order *out, struct error *error)
{
    const char *location = till->identity.location;
    struct db_statement *statement;
    bool row = false;
    enum status status = db_prepare(
        catalogue_db(till->catalogue),
        "SELECT o.channel, o.id, l.line, l.sku, l.quantity_milli FROM pickup_line l JOIN "
        "(SELECT location, channel, id FROM pickup_order WHERE state IN ('placed', 'picked') "
        "ORDER BY id LIMIT 1 OFFSET ?1) o ON l.location = o.location AND l.channel = o.channel "
        "AND l.id = o.id ORDER BY l.line",
        &statement, error);

    out->count = 0;
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, draw(4));
    while (out->count < LINES_MOST && (status = db_step(statement, &row, error)) == STATUS_OK &&
           row) {
        (void)snprintf(out->channel, sizeof out->channel, "%s", db_text(statement, 0));
        (void)snprintf(out->id, sizeof out->id, "%s", db_text(statement, 1));
        out->moves[out->count++] = stock_move_make(
            db_int(statement, 2), db_text(statement, 3), (struct quantity){db_int(statement, 4)},
            location, BUCKET_RESERVED, location, BUCKET_CUSTOMER, "pickup");
    }
    db_reset(statement);
    return status;
}

/* The reference keeps one till from doing it twice; two tills may. */
static enum status mark(struct till *till, const char *kind, const char *state,
                        const struct order *order, size_t moves, struct error *error)
{
    char reference[2 * KEY_SIZE + 32];
    json_t *body = json_object(), *name = json_object();
    struct record record = {.kind = kind,
                            .staff = STAFF,
                            .body = body,
                            .moves = order->moves,
                            .move_count = moves,
                            .reference = reference};
    enum status status;

    (void)snprintf(reference, sizeof reference, "%s:%s/%s", state, order->channel, order->id);
    json_put_text(body, "location", till->identity.location);
    json_put_text(body, "reference", reference);
    json_put_text(name, "channel", order->channel);
    json_put_text(name, "id", order->id);
    json_put_text(name, "state", state);
    json_put(body, "order", name);
    entry_put_moves(body, order->moves, moves);
    status = till_write(till, &record, error);
    json_decref(body);
    if (status == STATUS_OK)
        said("wrote", kind);
    return status == STATUS_EXISTS ? STATUS_OK : status;
}

static enum status serve_order(struct till *till, struct error *error)
{
    static struct order order;
    enum status status = read_order(till, &order, error);

    if (status != STATUS_OK || order.count == 0)
        return status;
    if (draw(2) == 0)
        return mark(till, "pickup_pick", "picked", &order, 0, error);
    return mark(till, "pickup_hand_over", "handed_over", &order, order.count, error);
}

/* ---- the work ------------------------------------------------------------------------------- */

static enum status sign_in(struct till *till, struct error *error)
{
    struct pin_check check;
    enum status status = till_pin_begin(till, STAFF, PIN, &check, error);

    if (status != STATUS_OK)
        return status;
    pin_check_run(&check);
    return till_sign_in(till, &check, error);
}

static enum status work(struct till *till, int deeds, struct error *error)
{
    static enum status (*const all[])(struct till *, struct error *) = {
        load_card, ask, ask, spend, spend, spend, give_back, serve_order, serve_order};
    bool changed;
    enum status status = sign_in(till, error);

    if (status == STATUS_OK)
        status = clear_cart(till, error);
    for (int i = 0; status == STATUS_OK && i < deeds; i++) {
        status = till_refresh(till, &changed, error);
        if (status == STATUS_OK)
            status = all[draw((int)(sizeof all / sizeof all[0]))](till, error);
    }
    return status;
}

static enum status tell_leases(struct till *till, struct error *error)
{
    static struct lease_view leases[LEASES_MOST];
    int count = 0;
    enum status status = till_leases(till, leases, LEASES_MOST, &count, error);

    for (int i = 0; status == STATUS_OK && i < count; i++)
        if (leases[i].state == LEASE_HELD)
            (void)printf("%s %" PRId64 "\n", leases[i].lease,
                         leases[i].usable ? leases[i].left : 0);
    return status;
}

int main(int count, char **words)
{
    bool working = count == 6 && strcmp(words[3], "work") == 0;
    bool telling = count == 4 && strcmp(words[3], "leases") == 0;
    long deeds = working ? strtol(words[5], NULL, 10) : 0;
    struct till *till = NULL;
    struct error error = {0};

    if ((!working && !telling) || deeds < 0 || deeds > DEEDS_MOST) {
        (void)fprintf(stderr, "holdfast-teller --data DIR work SEED DEEDS | leases\n");
        return 2;
    }
    draws = working ? strtoull(words[4], NULL, 10) : 0;
    struct till_options options = {.folder = words[2],
                                   .program = "holdfast-teller",
                                   .mode = TILL_WRITER,
                                   .clock = clock_system(),
                                   .entropy = entropy_system()};
    enum status status = till_open(&options, &till, &error);
    if (status == STATUS_OK)
        status = working ? work(till, (int)deeds, &error) : tell_leases(till, &error);
    till_close(till);
    if (status == STATUS_OK)
        return 0;
    (void)fprintf(stderr, "holdfast-teller: %s\n", error.text);
    return 1;
}
