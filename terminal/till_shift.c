/* The shift from float to Z, the drawer between sales, and corrections of stock.
 */
#include "terminal/till_internal.h"

#include "terminal/base/card.h"
#include "terminal/base/log.h"
#include "terminal/base/text.h"
#include "terminal/selling/tr.h"

#include <stdlib.h>
#include <string.h>

#define LOG "till"

static enum status want(struct till *till, enum permission permission,
                        char approved_by[STAFF_ID_SIZE], struct error *error)
{
    enum status status = till_want_open(till, error);

    return status == STATUS_OK ? till_want(till, permission, approved_by, error) : status;
}

static enum status want_reason(const char *reason, struct error *error)
{
    if (reason == NULL || reason[0] == '\0' || strlen(reason) >= REASON_SIZE ||
        !text_is_utf8(reason, strlen(reason)))
        return error_set(error, STATUS_INVALID, "a reason of 1 to %d bytes is required",
                         REASON_SIZE - 1);
    if (card_number_like(reason))
        return error_set(error, STATUS_INVALID, "the reason looks like a card number");
    return STATUS_OK;
}

static enum status want_shift(const struct till *till, struct error *error)
{
    if (till->shift.shift == 0)
        return error_set(error, STATUS_NOT_FOUND, "no shift is open");
    return STATUS_OK;
}

/* ---- opening --------------------------------------------------------------------------------- */

enum status till_shift_open(struct till *till, struct money opening_float, struct error *error)
{
    struct shift shift = {0};
    char approved_by[STAFF_ID_SIZE];
    json_t *body;
    enum status status = want(till, PERMISSION_SHIFT_OPEN, approved_by, error);

    if (status != STATUS_OK)
        return status;
    if (till->shift.shift != 0)
        return error_set(error, STATUS_CONFLICT, "shift %lld is open",
                         (long long)till->shift.shift);
    if (opening_float.minor < 0)
        return error_set(error, STATUS_RANGE, "the float");
    status = shift_next(till->db, &shift.shift, error);
    if (status != STATUS_OK)
        return till_after(till, status, error);
    shift.opened_ms = till_wall(till);
    shift.opening_float = opening_float.minor;
    copy_text(shift.opened_by, sizeof shift.opened_by, till->staff.id);
    body = json_object();
    json_put_int(body, "shift", shift.shift);
    json_put_int(body, "float", shift.opening_float);
    if (approved_by[0] != '\0')
        json_put_text(body, "approved_by", approved_by);
    struct record record = {.kind = "shift_open",
                            .staff = till->staff.id,
                            .body = body,
                            .shift = &shift,
                            .open_shift = true};
    status = till_write(till, &record, error);
    json_decref(body);
    if (status == STATUS_OK)
        till->shift = shift;
    return status;
}

/* ---- reports --------------------------------------------------------------------------------- */

static void fill_rates(const struct shift *shift, struct shift_view *out)
{
    struct sum_rate rates[CART_RATES];

    out->rate_count = sums_rates(&shift->sums, rates);
    for (int i = 0; i < out->rate_count; i++) {
        copy_text(out->rate_codes[i], sizeof out->rate_codes[i], rates[i].code);
        out->rates[i] = (struct rate_view){.code = out->rate_codes[i],
                                           .rate_ppm = (int32_t)rates[i].rate_ppm,
                                           .net = {rates[i].net},
                                           .tax = {rates[i].tax},
                                           .gross = {rates[i].gross}};
    }
}

static enum status fill_view(const struct shift *shift, struct shift_view *out, struct error *error)
{
    const struct sums *sums = &shift->sums;

    memset(out, 0, sizeof *out);
    out->shift = shift->shift;
    out->opened_ms = shift->opened_ms;
    copy_text(out->opened_by, sizeof out->opened_by, shift->opened_by);
    out->opening_float.minor = shift->opening_float;
    out->sales = sums_get(sums, "sales");
    out->returns = sums_get(sums, "returns");
    out->cancelled = sums_get(sums, "cancelled");
    out->no_sales = sums_get(sums, "no_sales");
    out->sales_gross.minor = sums_get(sums, "sales_gross");
    out->returns_gross.minor = sums_get(sums, "returns_gross");
    out->discounts.minor = sums_get(sums, "discounts");
    out->rounding.minor = sums_get(sums, "rounding");
    out->cash_taken.minor = sums_get(sums, "cash");
    out->card_taken.minor = sums_get(sums, "card");
    out->paid_in.minor = sums_get(sums, "paid_in");
    out->paid_out.minor = sums_get(sums, "paid_out");
    fill_rates(shift, out);
    return shift_expected(shift, &out->expected.minor, error);
}

enum status till_shift(struct till *till, struct shift_view *out, struct error *error)
{
    enum status status = want_shift(till, error);

    memset(out, 0, sizeof *out);
    return status == STATUS_OK ? fill_view(&till->shift, out, error) : status;
}

/* A print job of its own, outside any entry. */
static enum status print_alone(struct till *till, const struct document *document,
                               struct error *error)
{
    int64_t job;
    enum status status = db_begin(till->db, error);

    if (status == STATUS_OK)
        status = print_job_add(till->db, till_wall(till), document, "", &job, error);
    if (status == STATUS_OK)
        status = db_commit(till->db, error);
    if (status != STATUS_OK)
        db_rollback(till->db);
    return till_after(till, status, error);
}

enum status till_shift_x(struct till *till, struct shift_view *out, struct error *error)
{
    struct receipt_shop shop;
    struct document *document;
    enum status status = want(till, PERMISSION_X_REPORT, NULL, error);

    if (status == STATUS_OK)
        status = till_shift(till, out, error);
    if (status != STATUS_OK)
        return status;
    shop = till_shop(till, till->staff.name);
    document = shift_document(&shop, &till->shift, till_wall(till), NULL);
    status = print_alone(till, document, error);
    document_destroy(document);
    return status;
}

/* `damaged`: the sums are those that grew with the sales; the entries can't all be read any more.
 */
static json_t *close_body(const struct shift *shift, const char *approved_by, int64_t counted,
                          int64_t expected, bool damaged)
{
    json_t *body = json_object();

    json_put_int(body, "shift", shift->shift);
    json_put_int(body, "counted", counted);
    json_put_int(body, "expected", expected);
    json_put_int(body, "difference", counted - expected);
    json_put_int(body, "float", shift->opening_float);
    if (approved_by[0] != '\0')
        json_put_text(body, "approved_by", approved_by);
    json_put(body, "z", sums_to_json(&shift->sums));
    if (damaged)
        json_put_text(body, "journal", "damaged");
    return body;
}

/* The sums that grew with every entry, against the entries themselves. They may differ only where
 * the disk lost or spoilt an entry: the shop closes all the same, and the Z says so. Where that
 * can't be found out now, the disk has other trouble, and the shift is closed later. */
static enum status check_sums(struct till *till, bool *damaged, struct error *error)
{
    struct sums *again = mem_alloc(sizeof *again);
    struct error found = {0};
    int64_t checked = 0;
    enum status status = shift_recompute(till->db, &till->shift, again, error), verified;
    bool equal = status == STATUS_OK && sums_equal(again, &till->shift.sums);

    free(again);
    *damaged = false;
    if (equal)
        return STATUS_OK;
    verified = till_verify(till, &checked, &found);
    *damaged = verified == STATUS_CORRUPT;
    if (!*damaged && status != STATUS_OK)
        return status;
    if (!*damaged && verified != STATUS_OK)
        return error_set(error, verified, "%s", found.text);
    INVARIANT(*damaged);
    log_line(LOG_LEVEL_WARN, LOG, "the shift's entries are damaged: %s", found.text);
    return STATUS_OK;
}

static enum status close_shift(struct till *till, const char *approved_by, int64_t counted,
                               int64_t expected, bool damaged, struct error *error)
{
    struct receipt_shop shop = till_shop(till, till->staff.name);
    json_t *body = close_body(&till->shift, approved_by, counted, expected, damaged);
    struct record record = {.kind = "shift_close",
                            .staff = till->staff.id,
                            .body = body,
                            .shift = &till->shift,
                            .close_shift = true,
                            .document =
                                shift_document(&shop, &till->shift, till_wall(till), &counted)};
    enum status status = till_write(till, &record, error);

    document_destroy(record.document);
    json_decref(body);
    if (status == STATUS_OK)
        memset(&till->shift, 0, sizeof till->shift);
    return status;
}

enum status till_shift_close(struct till *till, struct money counted, struct shift_view *out,
                             struct money *difference, struct error *error)
{
    char approved_by[STAFF_ID_SIZE];
    bool damaged = false;
    enum status status = want(till, PERMISSION_SHIFT_CLOSE, approved_by, error);

    if (status == STATUS_OK)
        status = want_shift(till, error);
    if (status != STATUS_OK)
        return status;
    if (cart_standing(&till->cart) > 0 || cart_has_tenders(&till->cart))
        return error_set(error, STATUS_CONFLICT, "the open cart has lines or tenders");
    if (counted.minor < 0)
        return error_set(error, STATUS_RANGE, "the count");
    if (till->cart.count > 0)
        status = till_cancel_cart(till, "shift closed", error);
    if (status == STATUS_OK)
        status = check_sums(till, &damaged, error);
    if (status == STATUS_OK)
        status = fill_view(&till->shift, out, error);
    if (status == STATUS_OK)
        status = money_subtract(counted, out->expected, difference);
    if (status == STATUS_OK)
        status = close_shift(till, approved_by, counted.minor, out->expected.minor, damaged, error);
    return status;
}

/* ---- the drawer -------------------------------------------------------------------------------
 */

struct drawer {
    const char *kind;
    const char *sum; /* what it adds to, beside its count */
    const char *count;
    enum permission permission;
    int64_t amount; /* 0: a no-sale */
    const char *reason;
    const char *title;
};

static struct document *drawer_paper(struct till *till, const struct drawer *drawer)
{
    struct receipt_shop shop = till_shop(till, till->staff.name);

    if (drawer->amount == 0)
        return drawer_document(&shop);
    return slip_document(&shop, till_wall(till), drawer->title, (struct money){drawer->amount},
                         drawer->reason);
}

static enum status move_cash(struct till *till, const struct drawer *drawer, struct error *error)
{
    struct shift shift = till->shift;
    char approved_by[STAFF_ID_SIZE];
    json_t *body;
    enum status status = want_reason(drawer->reason, error);

    if (status == STATUS_OK)
        status = want(till, drawer->permission, approved_by, error);
    if (status == STATUS_OK && shift.shift == 0)
        status = error_set(error, STATUS_CONFLICT, "no shift is open");
    if (status == STATUS_OK)
        status = sums_add(&shift.sums, drawer->count, 1, error);
    if (status == STATUS_OK && drawer->amount != 0)
        status = sums_add(&shift.sums, drawer->sum, drawer->amount, error);
    if (status != STATUS_OK)
        return status;
    body = json_object();
    json_put_int(body, "shift", shift.shift);
    json_put_int(body, "amount", drawer->amount);
    json_put_text(body, "reason", drawer->reason);
    if (approved_by[0] != '\0')
        json_put_text(body, "approved_by", approved_by);
    struct record record = {.kind = drawer->kind,
                            .staff = till->staff.id,
                            .body = body,
                            .shift = &shift,
                            .document = drawer_paper(till, drawer)};
    status = till_write(till, &record, error);
    document_destroy(record.document);
    json_decref(body);
    if (status == STATUS_OK)
        till->shift = shift;
    return status;
}

enum status till_paid_in(struct till *till, struct money amount, const char *reason,
                         struct error *error)
{
    struct drawer drawer = {"paid_in",    "paid_in", "paid_in_count", PERMISSION_PAID_IN_OUT,
                            amount.minor, reason,    tr("Paid in")};

    if (amount.minor <= 0)
        return error_set(error, STATUS_RANGE, "the amount");
    return till_want_replica(till, error) == STATUS_OK ? move_cash(till, &drawer, error)
                                                       : STATUS_BUSY;
}

enum status till_paid_out(struct till *till, struct money amount, const char *reason,
                          struct error *error)
{
    struct drawer drawer = {"paid_out",   "paid_out", "paid_out_count", PERMISSION_PAID_IN_OUT,
                            amount.minor, reason,     tr("Paid out")};

    if (amount.minor <= 0)
        return error_set(error, STATUS_RANGE, "the amount");
    return till_want_replica(till, error) == STATUS_OK ? move_cash(till, &drawer, error)
                                                       : STATUS_BUSY;
}

enum status till_no_sale(struct till *till, const char *reason, struct error *error)
{
    struct drawer drawer = {"no_sale", "", "no_sales", PERMISSION_NO_SALE, 0, reason, ""};

    return till_want_replica(till, error) == STATUS_OK ? move_cash(till, &drawer, error)
                                                       : STATUS_BUSY;
}
