#include "terminal/selling/accounts.h"

#include <string.h>

static void add_item(json_t *list, const char *account, int64_t amount, const char *currency,
                     const char *lease, const char *reason)
{
    json_t *item = json_object();

    json_put_text(item, "account", account);
    json_put_int(item, "amount", amount);
    json_put_text(item, "currency", currency);
    json_put_text(item, "lease", lease);
    json_put_text(item, "reason", reason);
    json_add(list, item);
}

static json_t *account_items(const struct cart *cart, const struct figures *figures,
                             const char *currency)
{
    json_t *list = json_array();

    for (int i = 0; i < cart->count; i++) {
        const struct cart_line *line = &cart->lines[i];

        if (!line->removed && line->account[0] != '\0' && figures->lines[i].gross.minor != 0)
            add_item(list, line->account, figures->lines[i].gross.minor, currency, "", "load");
    }
    for (int64_t i = 0; i < cart->tender_count; i++) {
        const struct cart_tender *tender = &cart->tenders[i];

        if (!tender->reversed && tender->account[0] != '\0')
            add_item(list, tender->account, -tender->amount, currency, tender->lease,
                     tender->amount > 0 ? "spend" : "refund");
    }
    return list;
}

size_t accounts_uses(const struct cart *cart, struct lease_use out[CART_TENDERS])
{
    size_t count = 0;

    for (int64_t i = 0; i < cart->tender_count; i++) {
        const struct cart_tender *tender = &cart->tenders[i];
        struct id lease = {{0}};
        size_t at = 0;

        if (tender->reversed || tender->lease[0] == '\0' ||
            hex_read(tender->lease, lease.bytes, ID_SIZE) != STATUS_OK)
            continue;
        while (at < count && memcmp(out[at].lease.bytes, lease.bytes, ID_SIZE) != 0)
            at++;
        if (at == count)
            out[count++] = (struct lease_use){.lease = lease};
        out[at].amount += tender->amount; /* each at most what was due */
    }
    return count;
}

json_t *lease_use_json(const struct lease_use *use)
{
    json_t *object = json_object();

    json_put_hex(object, "lease", use->lease.bytes, ID_SIZE);
    json_put_int(object, "amount", use->amount);
    return object;
}

void accounts_put(json_t *entry, const struct cart *cart, const struct figures *figures,
                  const char *currency)
{
    json_t *items = account_items(cart, figures, currency);
    struct lease_use uses[CART_TENDERS];
    size_t count = accounts_uses(cart, uses);

    if (json_array_size(items) > 0)
        json_put(entry, "accounts", items);
    else
        json_decref(items);
    if (count == 0)
        return;
    items = json_array();
    for (size_t i = 0; i < count; i++)
        json_add(items, lease_use_json(&uses[i]));
    json_put(entry, "leases", items);
}

static enum status read_use(const json_t *object, struct lease_use *out, struct error *error)
{
    enum status status = json_want_hex(object, "lease", out->lease.bytes, ID_SIZE, error);

    if (status == STATUS_OK)
        status = json_want_int(object, "amount", 1, INT64_MAX, &out->amount, error);
    return status;
}

enum status accounts_uses_of_entry(const char *kind, const json_t *body,
                                   struct lease_use out[CART_TENDERS], size_t *count,
                                   struct error *error)
{
    enum status status = STATUS_OK;
    json_t *list;

    *count = 0;
    if (strcmp(kind, LEASE_RETURN) == 0) {
        *count = 1;
        return read_use(body, &out[0], error);
    }
    if (json_object_get(body, "leases") == NULL)
        return STATUS_OK;
    status = json_want_array(body, "leases", CART_TENDERS, &list, error);
    for (size_t i = 0; status == STATUS_OK && i < json_array_size(list); i++)
        status = read_use(json_array_get(list, i), &out[(*count)++], error);
    return status;
}
