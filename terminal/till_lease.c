/* Every use of a lease is checked here against what is left of it, and recorded by the transaction
 * of its entry (till_write.c). What the disk holds when the power goes:
 *
 *   wish written           the agent asks, now or after the next start; asking twice is one request
 *   granted, not spent     sync.db keeps it; the ledger tells it again at every greeting
 *   tender on the cart     nothing is spent: the cart is as it was, or reversed
 *   entry committed        the spending is in the same transaction; the balance follows from it
 */
#include "terminal/till_lease.h"

#include "terminal/selling/accounts.h"
#include "terminal/till_internal.h"

#include <stdlib.h>
#include <string.h>

static enum status want_seller(struct till *till, struct error *error)
{
    enum status status = till_want_open(till, error);

    return status == STATUS_OK ? till_want(till, PERMISSION_SELL, NULL, error) : status;
}

/* ---- what is held --------------------------------------------------------------------------- */

/* One answer and how it stands; what the open cart uses is taken off. */
struct standing {
    struct held_lease held;
    struct lease_balance balance;
};

static int64_t used_by_cart(const struct till *till, const struct id *lease)
{
    struct lease_use uses[CART_TENDERS];
    size_t count = accounts_uses(&till->cart, uses);

    for (size_t i = 0; i < count; i++) {
        if (memcmp(uses[i].lease.bytes, lease->bytes, ID_SIZE) == 0)
            return uses[i].amount;
    }
    return 0;
}

static enum status stand(struct till *till, struct standing *out, size_t *count,
                         const struct held_lease *held, size_t held_count, struct error *error)
{
    enum status status = STATUS_OK;

    *count = held_count;
    for (size_t i = 0; status == STATUS_OK && i < held_count; i++) {
        out[i].held = held[i];
        status = lease_balance(till->db, till->sync_db, journal_epoch(till->journal), &held[i],
                               &out[i].balance, error);
    }
    return status;
}

/* All answers with their balances, from one reading of sync.db. *out is new memory. */
static enum status standings(struct till *till, struct standing **out, size_t *count,
                             struct error *error)
{
    struct held_lease *held = NULL;
    size_t held_count = 0;
    enum status status;

    *out = NULL;
    *count = 0;
    if (till->sync_db == NULL)
        return STATUS_OK;
    status = db_begin_read(till->sync_db, error);
    if (status == STATUS_OK)
        status = lease_held(till->sync_db, &held, &held_count, error);
    if (status == STATUS_OK && held_count > 0) {
        *out = mem_alloc(held_count * sizeof **out);
        status = stand(till, *out, count, held, held_count, error);
    }
    db_rollback(till->sync_db);
    free(held);
    if (status != STATUS_OK) {
        free(*out);
        *out = NULL;
        *count = 0;
    }
    return status;
}

static const struct standing *find(const struct standing *all, size_t count, const struct id *lease)
{
    for (size_t i = 0; i < count; i++) {
        if (all[i].held.refused[0] == '\0' &&
            memcmp(all[i].held.lease.bytes, lease->bytes, ID_SIZE) == 0)
            return &all[i];
    }
    return NULL;
}

static enum status check_use(const struct standing *standing, int64_t amount, struct error *error)
{
    if (standing == NULL)
        return error_set(error, STATUS_NOT_FOUND, "this till holds no such lease");
    if (!standing->balance.told_now)
        return error_set(error, STATUS_BUSY, "the ledger must be heard before %s is used",
                         standing->held.subject);
    if (amount > standing->balance.left)
        return error_set(error, STATUS_CONFLICT, "%lld of %s is left, not %lld",
                         (long long)standing->balance.left, standing->held.subject,
                         (long long)amount);
    return STATUS_OK;
}

enum status till_leases_hold(struct till *till, const struct lease_use *uses, size_t count,
                             struct error *error)
{
    struct standing *all;
    size_t all_count;
    enum status status;

    if (count == 0)
        return STATUS_OK;
    status = standings(till, &all, &all_count, error);
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = check_use(find(all, all_count, &uses[i].lease), uses[i].amount, error);
    free(all);
    /* That it is not held any more is no better than that nothing is left. */
    return status == STATUS_NOT_FOUND ? error_set(error, STATUS_CONFLICT, "the lease is gone")
                                      : status;
}

/* ---- looking -------------------------------------------------------------------------------- */

static void view_wish(const struct lease_wish *wish, struct lease_view *out)
{
    memset(out, 0, sizeof *out);
    hex_write(wish->request.bytes, ID_SIZE, out->request);
    out->state = LEASE_WAITING;
    copy_text(out->kind, sizeof out->kind, wish->kind);
    copy_text(out->subject, sizeof out->subject, wish->subject);
    copy_text(out->currency, sizeof out->currency, wish->currency);
    out->amount = wish->amount;
}

static void view_standing(const struct till *till, const struct standing *standing,
                          struct lease_view *out)
{
    const struct held_lease *held = &standing->held;

    memset(out, 0, sizeof *out);
    hex_write(held->request.bytes, ID_SIZE, out->request);
    copy_text(out->kind, sizeof out->kind, held->kind);
    copy_text(out->subject, sizeof out->subject, held->subject);
    copy_text(out->currency, sizeof out->currency, held->currency);
    copy_text(out->refused, sizeof out->refused, held->refused);
    out->amount = held->amount;
    out->state = held->refused[0] == '\0' ? LEASE_HELD : LEASE_REFUSED;
    if (out->state == LEASE_REFUSED)
        return;
    hex_write(held->lease.bytes, ID_SIZE, out->lease);
    out->usable = standing->balance.told_now;
    out->left = standing->balance.left - used_by_cart(till, &held->lease);
}

static bool wished(const struct lease_wish *wishes, size_t count, const struct id *request)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(wishes[i].request.bytes, request->bytes, ID_SIZE) == 0)
            return true;
    }
    return false;
}

static bool answered(const struct standing *all, size_t count, const struct id *request)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(all[i].held.request.bytes, request->bytes, ID_SIZE) == 0)
            return true;
    }
    return false;
}

enum status till_leases(struct till *till, struct lease_view *out, int max, int *count,
                        struct error *error)
{
    struct lease_wish *wishes = NULL;
    struct standing *all = NULL;
    size_t wish_count = 0, all_count = 0;
    enum status status = till_want_writer(till, error);

    *count = 0;
    if (status == STATUS_OK)
        status = lease_wishes(till->db, &wishes, &wish_count, error);
    if (status == STATUS_OK)
        status = standings(till, &all, &all_count, error);
    for (size_t i = 0; i < all_count && *count < max; i++) {
        if (all[i].balance.left > 0 || wished(wishes, wish_count, &all[i].held.request))
            view_standing(till, &all[i], &out[(*count)++]);
    }
    for (size_t i = 0; status == STATUS_OK && i < wish_count && *count < max; i++) {
        if (!answered(all, all_count, &wishes[i].request))
            view_wish(&wishes[i], &out[(*count)++]);
    }
    free(wishes);
    free(all);
    return status;
}

/* ---- asking and giving back ----------------------------------------------------------------- */

/* Wishes whose answer is on the disk have had their time. */
static enum status clear_answered(struct till *till, struct error *error)
{
    struct lease_wish *wishes = NULL;
    size_t count = 0;
    enum status status = STATUS_OK;
    int version = 0;

    if (till->sync_db == NULL || db_version(till->sync_db, &version, NULL) != STATUS_OK ||
        version < 2)
        return STATUS_OK;
    status = lease_wishes(till->db, &wishes, &count, error);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        bool done = false;

        status = lease_answered(till->sync_db, &wishes[i].request, &done, error);
        if (status == STATUS_OK && done)
            status = lease_wish_done(till->db, &wishes[i].request, error);
    }
    free(wishes);
    return status;
}

static enum status write_wish(struct till *till, const struct lease_wish *wish, struct error *error)
{
    enum status status = db_begin(till->db, error);

    if (status != STATUS_OK)
        return status;
    status = clear_answered(till, error);
    if (status == STATUS_OK)
        status = lease_ask(till->db, wish, error);
    if (status == STATUS_OK)
        return db_commit(till->db, error);
    db_rollback(till->db);
    return status;
}

enum status till_lease_ask(struct till *till, const char *kind, const char *subject, int64_t amount,
                           char request[ID_HEX_SIZE], struct error *error)
{
    struct lease_wish wish = {.amount = amount, .asked_ms = till_wall(till)};
    enum status status = want_seller(till, error);

    if (status != STATUS_OK)
        return status;
    if (strlen(kind) >= sizeof wish.kind || strlen(subject) >= sizeof wish.subject)
        return error_set(error, STATUS_INVALID, "the lease's kind or subject is too long");
    wish.request = id_random(&till->entropy);
    copy_text(wish.kind, sizeof wish.kind, kind);
    copy_text(wish.subject, sizeof wish.subject, subject);
    if (strcmp(kind, LEASE_OF_VALUE) == 0)
        copy_text(wish.currency, sizeof wish.currency, till->currency.code);
    hex_write(wish.request.bytes, ID_SIZE, request);
    return till_after(till, write_wish(till, &wish, error), error);
}

enum status till_lease_return(struct till *till, const char *lease, int64_t amount,
                              struct error *error)
{
    struct lease_use use = {.amount = amount};
    struct record record = {.kind = LEASE_RETURN, .leases = &use, .lease_count = 1};
    struct lease_use needed;
    json_t *body;
    enum status status = want_seller(till, error);

    if (status != STATUS_OK)
        return status;
    if (amount <= 0 || hex_read(lease, use.lease.bytes, ID_SIZE) != STATUS_OK)
        return error_set(error, STATUS_INVALID, "no lease, or nothing to give back");
    needed = use;
    if (__builtin_add_overflow(needed.amount, used_by_cart(till, &use.lease), &needed.amount))
        return error_set(error, STATUS_RANGE, "so much was never granted");
    status = till_leases_hold(till, &needed, 1, error);
    if (status != STATUS_OK)
        return status;
    body = lease_use_json(&use);
    record.staff = till->staff.id;
    record.body = body;
    status = till_write(till, &record, error);
    json_decref(body);
    return status;
}

/* ---- paying --------------------------------------------------------------------------------- */

static bool lease_pays(const struct till *till, const struct standing *standing,
                       const char *account)
{
    return standing->held.refused[0] == '\0' && strcmp(standing->held.kind, LEASE_OF_VALUE) == 0 &&
           strcmp(standing->held.subject, account) == 0 &&
           strcmp(standing->held.currency, till->currency.code) == 0;
}

/* A tender per lease, oldest first, until the amount is paid. */
static enum status take_from(struct till *till, const struct standing *all, size_t count,
                             const char *account, struct money amount, struct error *error)
{
    int64_t missing = amount.minor;
    bool any = false, waiting = false;

    for (size_t i = 0; i < count && missing > 0; i++) {
        int64_t left = all[i].balance.left - used_by_cart(till, &all[i].held.lease);
        struct money part = {left < missing ? left : missing};
        enum status status;

        if (!lease_pays(till, &all[i], account))
            continue;
        any = true;
        waiting = waiting || !all[i].balance.told_now;
        if (!all[i].balance.told_now || left <= 0)
            continue;
        status = cart_tender_account(&till->cart, part, account, &all[i].held.lease,
                                     &till->figures.settlement, error);
        if (status != STATUS_OK)
            return status;
        missing -= part.minor;
    }
    if (missing == 0)
        return STATUS_OK;
    if (!any)
        return error_set(error, STATUS_NOT_FOUND, "this till holds no lease on %s", account);
    if (waiting)
        return error_set(error, STATUS_BUSY, "the ledger must be heard before %s is used", account);
    return error_set(error, STATUS_CONFLICT, "%lld of %s is left",
                     (long long)(amount.minor - missing), account);
}

static enum status pay(struct till *till, const char *account, struct money amount,
                       struct error *error)
{
    struct standing *all = NULL;
    size_t count = 0;
    enum status status;

    if (amount.minor <= 0)
        return cart_tender_account(&till->cart, amount, account, NULL, &till->figures.settlement,
                                   error);
    if (amount.minor > till->figures.settlement.to_pay.minor)
        return error_set(error, STATUS_RANGE, "more than is due");
    status = standings(till, &all, &count, error);
    if (status == STATUS_OK)
        status = take_from(till, all, count, account, amount, error);
    free(all);
    return status;
}

enum status till_tender_account(struct till *till, const char *account, struct money amount,
                                struct error *error)
{
    struct cart before;
    enum status status = till_tender_check(till, error);

    if (status != STATUS_OK)
        return status;
    if (!account_id_valid(account))
        return error_set(error, STATUS_INVALID, "that is no account's number");
    till_change_begin(till, &before);
    status = pay(till, account, amount, error);
    return till_change_end(till, &before, status, false, error);
}

enum status till_cart_account(struct till *till, int line, const char *account, struct error *error)
{
    struct cart before;
    enum status status = want_seller(till, error);

    if (status != STATUS_OK)
        return status;
    till_change_begin(till, &before);
    status = cart_line_account(&till->cart, line, account, error);
    return till_change_end(till, &before, status, true, error);
}
