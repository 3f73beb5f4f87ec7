/* What may stand in entries of any kind: value accounts, leases, orders, customers, the drawer. */
#include "sync/ledger/effect.h"

#include "terminal/money/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STAMP_SIZE 128

/* --- value accounts --- */

static bool read_account(const struct json_item *item, struct effect *out)
{
    const char *account = json_view_text_or(item, "account", "");
    const char *const keys[FIGURE_KEYS] = {account, json_view_text_or(item, "currency", "")};
    struct currency currency;
    int64_t amount;

    if (!effect_id_sound(account, EFFECT_ACCOUNT_MAX) ||
        currency_find(keys[1], &currency) != STATUS_OK ||
        json_view_want_int(item, "amount", -EFFECT_MONEY_MAX, EFFECT_MONEY_MAX, &amount, NULL) !=
            STATUS_OK)
        return false;
    effect_post(out, FIGURE_ACCOUNT, keys, &amount);
    return true;
}

static void read_accounts(const struct entry_view *entry, struct effect *out)
{

    const struct json_item *items = json_view_array(entry->body, "accounts");
    for (const struct json_item *item = json_view_first(items); item != NULL;
         item = json_view_next(items, item)) {
        if (!read_account(item, out))
            effect_odd(out, "account", "a change of an account breaks its rules");
    }
}

/* --- leases --- */

static void read_lease(const struct entry_view *entry, const struct json_item *item, bool back,
                       struct effect *out)
{
    char lease[ID_HEX_SIZE], device[ID_HEX_SIZE];
    const char *const keys[FIGURE_KEYS] = {lease, device};
    struct id id;
    int64_t amount;

    if (json_view_want_hex(item, "lease", id.bytes, ID_SIZE, NULL) != STATUS_OK ||
        json_view_want_int(item, "amount", 1, EFFECT_MONEY_MAX, &amount, NULL) != STATUS_OK) {
        effect_odd(out, "lease", "a use of a lease breaks its rules");
        return;
    }
    hex_write(id.bytes, ID_SIZE, lease);
    hex_write(entry->head.device.bytes, ID_SIZE, device);
    effect_post(out, FIGURE_LEASE_USE, keys,
                (const int64_t[]){back ? 0 : amount, back ? amount : 0});
}

static void read_leases(const struct entry_view *entry, struct effect *out)
{

    const struct json_item *items = json_view_array(entry->body, "leases");
    for (const struct json_item *item = json_view_first(items); item != NULL;
         item = json_view_next(items, item)) {
        read_lease(entry, item, false, out);
    }
    if (strcmp(entry->head.kind, "lease_return") == 0)
        read_lease(entry, entry->body, true, out);
}

/* --- orders --- */

static const char *const order_states[] = {"picked", "staged", "handed_over", "refused",
                                           "returned"};
#define ORDER_STATES (sizeof order_states / sizeof order_states[0])

static void post_handed(const char *channel, const char *id, struct effect *out)
{
    for (size_t i = 0; i < out->moves.count; i++) {
        const struct stock_move *move = &out->moves.items[i];
        const char *const keys[FIGURE_KEYS] = {channel, id, move->sku};
        if (strcmp(move->to.status, BUCKET_CUSTOMER) == 0)
            effect_post(out, FIGURE_ORDER_HANDED, keys, &move->quantity.milli);
    }
}

static void read_order(const struct entry_view *entry, struct effect *out)
{
    const struct json_item *order = json_view_get(entry->body, "order");
    const char *channel = json_view_text_or(order, "channel", "");
    const char *id = json_view_text_or(order, "id", "");
    const char *state = json_view_text_or(order, "state", "");
    const char *const keys[FIGURE_KEYS] = {channel, id};
    int64_t sums[FIGURE_SUMS] = {0};
    size_t at = 0;

    if (strncmp(entry->head.kind, "pickup_", 7) != 0)
        return;
    while (at < ORDER_STATES && strcmp(state, order_states[at]) != 0)
        at++;
    if (at == ORDER_STATES || !effect_id_sound(channel, EFFECT_ORDER_MAX) ||
        !effect_id_sound(id, EFFECT_ORDER_MAX)) {
        effect_odd(out, "order", "the order is not named by its rules");
        return;
    }
    sums[at] = 1;
    effect_post(out, FIGURE_ORDER_MARK, keys, sums);
    if (strcmp(entry->head.kind, "pickup_hand_over") == 0)
        post_handed(channel, id, out);
}

/* --- customers --- */

static bool hash_sound(const char *hash)
{
    return hash[0] == '\0' ||
           (strlen(hash) == 2 * HASH_SIZE && strspn(hash, "0123456789abcdef") == 2 * HASH_SIZE);
}

static void read_customer(const struct entry_view *entry, struct effect *out)
{
    const struct json_item *body = entry->body;
    const struct entry_head *head = &entry->head;
    char stamp[STAMP_SIZE], device[ID_HEX_SIZE], epoch[ID_HEX_SIZE];
    const char *op = json_view_text_or(body, "op", "");
    const char *const keys[FIGURE_KEYS] = {json_view_text_or(body, "customer", ""), stamp, op,
                                           json_view_text_or(body, "group", ""),
                                           json_view_text_or(body, "hash", "")};

    if (strcmp(head->kind, "customer") != 0)
        return;
    hex_write(head->device.bytes, ID_SIZE, device);
    hex_write(head->epoch.bytes, ID_SIZE, epoch);
    (void)snprintf(stamp, sizeof stamp, "%019" PRId64 "/%s/%s/%010" PRId64, head->hlc, device,
                   epoch, head->seq);
    if (!effect_id_sound(keys[0], EFFECT_CUSTOMER_MAX) ||
        (strcmp(op, "created") != 0 && strcmp(op, "updated") != 0 && strcmp(op, "erased") != 0) ||
        (keys[3][0] != '\0' && !effect_id_sound(keys[3], EFFECT_CUSTOMER_MAX)) ||
        !hash_sound(keys[4])) {
        effect_odd(out, "customer", "what is said of a customer breaks its rules");
        return;
    }
    effect_post(out, FIGURE_CUSTOMER_FACT, keys, (const int64_t[]){1});
}

/* --- the drawer --- */

static void read_drawer(const struct entry_view *entry, struct effect *out)
{
    static const struct {
        const char *kind, *member, *what;
    } amounts[] = {{"paid_in", "amount", "paid_in"},
                   {"paid_out", "amount", "paid_out"},
                   {"shift_close", "difference", "drawer_difference"}};

    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        int64_t amount;
        if (strcmp(entry->head.kind, amounts[i].kind) != 0)
            continue;
        amount = json_view_int_or(entry->body, amounts[i].member, 0);
        if (amount < -EFFECT_MONEY_MAX || amount > EFFECT_MONEY_MAX)
            effect_odd(out, "sale", "an amount is beyond all reason");
        else
            effect_money(out, entry, "", amounts[i].what, amount);
    }
}

void effect_read_trade(const struct entry_view *entry, struct effect *out)
{
    read_accounts(entry, out);
    read_leases(entry, out);
    read_order(entry, out);
    read_customer(entry, out);
    read_drawer(entry, out);
}
