/* From a code or a touch to a line, and from the cart to the end of the sale.
 *
 *   scan, touch ──► till ──► outcome ──► line (high tone)
 *                               └──────► question, notice (low tone); see till_sell.h
 *
 * One question waits at a time. While it waits scanning goes on; a second article with a question
 * is refused aloud, because an article that is silently not sold is given away. */
#include "ui/screens/selling.h"

#include "ui/screens/pad.h"
#include "ui/screens/screens.h"

#include <stdio.h>
#include <string.h>

const struct line_view *selling_selected(struct desk *desk)
{
    const struct cart_view *cart = till_cart(desk->till);

    for (int i = 0; i < cart->count; i++) {
        if (cart->lines[i].id == cart->selected) {
            return &cart->lines[i];
        }
    }
    return NULL;
}

static void trouble(struct desk *desk)
{
    desk->host.sound(desk->host.context, TONE_TROUBLE);
}

/* Opens the question of an outcome; false when another one waits already. */
static bool open_question(struct desk *desk, enum ask_kind kind, const struct scan_result *result)
{
    struct ask *ask = &desk->ask;

    if (ask->kind != ASK_NONE && strcmp(ask->sku, result->sku) != 0) {
        desk_say(desk, UI_BAD, tr("%s was not added. First answer the question about %s."),
                 result->name, *ask->name ? ask->name : ask->code);
        return false;
    }
    ask->kind = kind;
    ask->min_age = result->min_age;
    ask->price = result->price;
    pad_clear(&ask->pad);
    snprintf(ask->sku, sizeof ask->sku, "%s", result->sku);
    snprintf(ask->name, sizeof ask->name, "%s", result->name);
    snprintf(ask->code, sizeof ask->code, "%s", result->code);
    snprintf(ask->unit, sizeof ask->unit, "%s", result->unit);
    snprintf(ask->pack, sizeof ask->pack, "%s", result->pack);
    if (kind == ASK_VARIANT && till_variants(desk->till, ask->sku, ask->variants,
                                             (int)(sizeof ask->variants / sizeof *ask->variants),
                                             &ask->count, NULL) != STATUS_OK) {
        ask->count = 0;
    }
    return true;
}

/* The line comes into sight; a focus that stood on another line goes. */
static void show_line(struct desk *desk, int id)
{
    const struct cart_view *cart = till_cart(desk->till);

    for (int i = 0; i < cart->count; i++) {
        if (cart->lines[i].id == id) {
            ui_list_reveal(desk->ui, "lines", i);
        }
    }
    if (strncmp(ui_focused(desk->ui), "line/", 5) == 0) {
        ui_unfocus(desk->ui);
    }
}

static void added(struct desk *desk, const struct scan_result *result)
{
    desk_quiet(desk);
    if (result->line == 0) {
        desk_say(desk, UI_BAD, "%s", tr("This is no code that can be sold. Nothing was added."));
        trouble(desk);
        return;
    }
    show_line(desk, result->line);
    /* The next scan goes back from the keypad to the products. */
    desk->pad.shown = false;
    pad_clear(&desk->pad.pad);
    snprintf(desk->last_code, sizeof desk->last_code, "%s", result->code);
    if (result->outcome == SCAN_UNKNOWN) {
        trouble(desk);
    } else {
        desk->host.sound(desk->host.context, TONE_LINE);
    }
}

static void refused(struct desk *desk, const struct scan_result *result)
{
    switch (result->outcome) {
    case SCAN_BLOCKED:
        desk_say(desk, UI_BAD, tr("%s may not be sold. %s"), result->name, result->reason);
        break;
    case SCAN_HOURS:
        desk_say(desk, UI_BAD, tr("%s may not be sold now, only at %s."), result->name,
                 result->reason);
        break;
    case SCAN_LIMIT:
        desk_say(desk, UI_BAD, tr("At most %s of %s in one sale. It was not added."),
                 desk_quantity(desk, result->limit), result->name);
        break;
    case SCAN_CART_FULL:
        desk_say(desk, UI_BAD,
                 tr("The sale is full. It was not added: pay or park this sale first."));
        break;
    default:
        break;
    }
    trouble(desk);
}

static void take_receipt(struct desk *desk, const struct scan_result *result)
{
    struct receipts_state *receipts = &desk->receipts;

    snprintf(receipts->chosen, sizeof receipts->chosen, "%s", result->receipt);
    receipts->typed[0] = '\0';
    receipts->stale = true;
    desk_quiet(desk);
    desk_go(desk, SCREEN_RECEIPTS);
}

static void take_badge(struct desk *desk, const struct scan_result *result)
{
    if (desk->approval.open) {
        snprintf(desk->approval.who.staff, sizeof desk->approval.who.staff, "%s", result->staff);
        return;
    }
    if (strcmp(result->staff, desk->status.staff) != 0 || desk->status.locked) {
        if (*desk->status.staff) {
            till_lock(desk->till);
        }
        pin_entry_start(desk, &desk->entry);
        snprintf(desk->entry.staff, sizeof desk->entry.staff, "%s", result->staff);
        desk_quiet(desk);
    }
}

static void take_outcome(struct desk *desk, const struct scan_result *result)
{
    enum ask_kind kind;

    switch (result->outcome) {
    case SCAN_ADDED:
    case SCAN_UNKNOWN:
        added(desk, result);
        return;
    case SCAN_RECEIPT:
        take_receipt(desk, result);
        return;
    case SCAN_BADGE:
        take_badge(desk, result);
        return;
    case SCAN_AGE:
        kind = ASK_AGE;
        break;
    case SCAN_NEEDS_PRICE:
    case SCAN_NO_PRICE:
        kind = ASK_PRICE;
        break;
    case SCAN_NEEDS_WEIGHT:
        kind = ASK_WEIGHT;
        break;
    case SCAN_NEEDS_VARIANT:
        kind = ASK_VARIANT;
        break;
    default:
        refused(desk, result);
        return;
    }
    if (open_question(desk, kind, result)) {
        desk_quiet(desk);
    } else {
        trouble(desk);
    }
}

void selling_scan(struct desk *desk, const char *code)
{
    struct error error = {0};
    struct scan_result result;
    enum status status = till_scan(desk->till, code, SYMBOLOGY_UNKNOWN, &result, &error);

    if (status == STATUS_DENIED && till_badge(desk->till, code, result.staff, NULL) == STATUS_OK) {
        take_badge(desk, &result);
        return;
    }
    if (status == STATUS_DENIED && !*desk->status.staff) {
        desk_say(desk, UI_BAD, "%s",
                 tr("Nobody is signed in. The code was not sold: sign in and scan it again."));
        trouble(desk);
        return;
    }
    if (status == STATUS_BUSY) {
        desk_say(desk, UI_BAD, "%s",
                 tr("The catalogue has not arrived yet. The code was not sold."));
        trouble(desk);
        return;
    }
    if (status != STATUS_OK) {
        desk_fail(desk, TR_MARK("The code was not sold."), status, &error);
        return;
    }
    take_outcome(desk, &result);
    if (result.outcome != SCAN_RECEIPT && result.outcome != SCAN_BADGE &&
        desk->screen != SCREEN_TENDER) {
        desk_go(desk, SCREEN_SELL);
    }
}

/* ---- choosing and answering ----------------------------------------------------------------- */

static enum status run_add(struct desk *desk, const struct deed *deed, struct error *error)
{
    const struct ask *ask = &desk->ask;
    bool answers = ask->kind != ASK_NONE && strcmp(ask->sku, deed->text) == 0;
    struct add_request request = {.sku = deed->text};
    struct scan_result result;

    if (answers) {
        request.code = ask->code;
        request.pack = ask->pack;
        request.quantity = ask->quantity;
        request.has_price = ask->has_price;
        request.price = (struct money){deed->a};
        request.age_confirmed = ask->age_confirmed;
    }
    enum status status = till_add(desk->till, &request, &result, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (answers && result.outcome == SCAN_ADDED) {
        desk->ask = (struct ask){0};
    }
    take_outcome(desk, &result);
    return STATUS_OK;
}

static enum status run_link(struct desk *desk, const struct deed *deed, struct error *error)
{
    struct scan_result result;
    enum status status =
        till_cart_settle_item(desk->till, (int)deed->a, deed->text, &result, error);

    if (status == STATUS_OK) {
        desk->ask = (struct ask){0};
        take_outcome(desk, &result);
    }
    return status;
}

void selling_choose(struct desk *desk, const char *sku)
{
    struct deed deed = {.run = run_add, .failed = TR_MARK("It was not added to the sale.")};

    snprintf(deed.text, sizeof deed.text, "%s", sku);
    if (desk->ask.kind == ASK_LINK) {
        deed.run = run_link;
        deed.failed = TR_MARK("The code was not linked.");
        deed.a = desk->ask.line;
    }
    desk_do(desk, &deed);
}

void selling_answer(struct desk *desk)
{
    struct ask *ask = &desk->ask;
    struct deed deed = {.run = run_add, .failed = TR_MARK("It was not added to the sale.")};
    struct money price = {0};

    if (ask->has_price && !pad_money(desk, &ask->pad, &price)) {
        return;
    }
    deed.a = price.minor;
    snprintf(deed.text, sizeof deed.text, "%s", ask->sku);
    desk_do(desk, &deed);
}

void selling_drop(struct desk *desk)
{
    desk->ask = (struct ask){0};
    desk_quiet(desk);
}

/* ---- paying --------------------------------------------------------------------------------- */

const char *selling_obstacle(struct desk *desk)
{
    const struct cart_view *cart = till_cart(desk->till);

    if (cart->unsettled > 0) {
        return ui_id(
            desk->ui,
            tr_count("%d code to settle", "%d codes to settle", (unsigned long)cart->unsettled),
            cart->unsettled);
    }
    if (desk->ask.kind != ASK_NONE) {
        return tr("Answer first");
    }
    return cart->count == 0 ? tr("Nothing to pay yet") : NULL;
}

void selling_finish(struct desk *desk)
{
    struct error error = {0};

    desk_paper_begin(desk);
    enum status status = till_sale_commit(desk->till, &desk->last, &error);
    desk_paper_end(desk);
    if (status != STATUS_OK) {
        desk_fail(desk,
                  TR_MARK("The sale was not completed. It is still here, with what was paid."),
                  status, &error);
        return;
    }
    desk_quiet(desk);
    desk->has_last = true;
    desk->reprinted = false;
    desk->returning = (struct return_state){.reason = -1};
    desk->tender = (struct tender_state){0};
    desk->ask = (struct ask){0};
    desk->shelf.stale = true;
    desk->receipts.stale = true;
    desk->last_commit_us = clock_monotonic_us(&desk->clock);
    desk_go(desk, SCREEN_CHANGE);
    desk->host.recorded(desk->host.context);
}

static enum status run_pay(struct desk *desk, const struct deed *deed, struct error *error)
{
    enum status status = till_tender_check(desk->till, error);

    (void)deed;
    if (status != STATUS_OK) {
        return status;
    }
    desk->tender = (struct tender_state){0};
    if (till_cart(desk->till)->covered) {
        selling_finish(desk);
    } else {
        desk_go(desk, SCREEN_TENDER);
    }
    return STATUS_OK;
}

void selling_pay(struct desk *desk)
{
    const struct cart_view *cart = till_cart(desk->till);
    struct deed deed = {.run = run_pay, .failed = TR_MARK("Paying is not possible now.")};

    if (selling_obstacle(desk)) {
        return;
    }
    if (cart->total.minor < 0) {
        const char *amount = desk_money(desk, money_negate(cart->total));
        desk_confirm(desk, tr("Pay money back?"),
                     ui_id(desk->ui,
                           tr("The customer gets %s. Nothing is recorded until the money "
                              "is given."),
                           amount),
                     ui_id(desk->ui, tr("Pay back %s"), amount), &deed);
        return;
    }
    desk_do(desk, &deed);
}
