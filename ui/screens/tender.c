/* Taking the money. The total stays where it was; what was paid stands in the cart. When the
 * tenders cover the sale it is completed at once: durable first, then the change is shown. */
#include "ui/screens/pad.h"
#include "ui/screens/screens.h"
#include "ui/screens/selling.h"

#include <stdio.h>

static void finish_when_covered(struct desk *desk)
{
    if (till_cart(desk->till)->covered) {
        selling_finish(desk);
    }
}

static enum status run_cash(struct desk *desk, const struct deed *deed, struct error *error)
{
    enum status status = till_tender_cash(desk->till, (struct money){deed->a}, error);

    if (status == STATUS_OK) {
        pad_clear(&desk->tender.pad);
        finish_when_covered(desk);
    }
    return status;
}

static enum status run_card(struct desk *desk, const struct deed *deed, struct error *error)
{
    enum status status = till_tender_card(desk->till, (struct money){deed->a}, deed->text, error);

    if (status == STATUS_OK) {
        desk->tender = (struct tender_state){0};
        ui_field_set(desk->ui, "card-reference", "");
        finish_when_covered(desk);
    }
    return status;
}

static void cash(struct desk *desk, struct money amount)
{
    desk_do(desk, &(struct deed){.run = run_cash,
                                 .a = amount.minor,
                                 .failed = TR_MARK("The cash was not taken.")});
}

static void card_answers(struct desk *desk, struct money amount)
{
    struct ui *ui = desk->ui;

    ui_row(ui, (struct ui_box){.gap_mm = 2});
    if (ui_button(ui, "card/declined",
                  &(struct ui_button){.label = tr("Declined"),
                                      .icon = "close",
                                      .weight = 1,
                                      .height_mm = 19,
                                      .key = "F9"})) {
        desk->tender.card = false;
        desk_say(desk, UI_WARN, "%s",
                 tr("The card was declined. Nothing was taken; the sale is still here."));
    }
    if (ui_button(ui, "card/approved",
                  &(struct ui_button){.label = tr("Approved"),
                                      .icon = "check",
                                      .kind = UI_PRIMARY,
                                      .weight = 2,
                                      .key = "Enter"})) {
        struct deed deed = {.run = run_card,
                            .a = amount.minor,
                            .failed = TR_MARK("The card payment was not recorded.")};
        snprintf(deed.text, sizeof deed.text, "%s", ui_field_text(ui, "card-reference"));
        desk_do(desk, &deed);
    }
    ui_end(ui);
}

/* The terminal is a device of its own: its answer is told by the person. */
static void card_pane(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct money amount = desk->tender.card_amount;
    bool refund = amount.minor < 0;
    const char *figure = desk_money(desk, refund ? money_negate(amount) : amount);

    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 4, .gap_mm = 3});
    if (pane_head(desk, refund ? tr("Refund to the card") : tr("Card"), tr("Back"))) {
        desk->tender.card = false;
    }
    ui_gap(ui, 3);
    ui_text(ui, tr("Enter this on the card terminal"),
            (struct ui_text){.style = TEXT_LEAD, .tone = UI_INK2, .align = UI_CENTER, .lines = 2});
    ui_text(ui, figure,
            (struct ui_text){.style = TEXT_COUNT,
                             .align = UI_CENTER,
                             .shrink = true,
                             .id = "card-amount",
                             .label = tr("Card")});
    ui_gap(ui, 3);
    ui_field(ui, "card-reference",
             &(struct ui_field){.hint = tr("Number on the slip (optional, never the card’s)"),
                                .key = "F2",
                                .max_bytes = 11});
    if (keyboard_wanted(desk, "card-reference", "digits")) {
        ui_end(ui);
        keyboard_show(desk);
        return;
    }
    ui_spacer(ui, 1);
    card_answers(desk, amount);
    ui_end(ui);
}

/* What is missing: by card to the penny, in cash as cash is rounded. */
static void to_pay(struct desk *desk)
{
    struct ui *ui = desk->ui;
    const struct cart_view *cart = till_cart(desk->till);
    bool refund = cart->to_pay.minor < 0;
    struct money left = refund ? money_negate(cart->to_pay) : cart->to_pay;
    bool rounded = cart->cash_due.minor != cart->to_pay.minor && cart->cash_due.minor != 0;

    ui_row(ui, (struct ui_box){.gap_mm = 3, .align = UI_BASELINE});
    ui_text(ui, refund ? tr("To pay back") : tr("To pay"), (struct ui_text){.style = TEXT_HEADING});
    if (rounded) {
        struct money due = refund ? money_negate(cart->cash_due) : cart->cash_due;
        ui_text(ui, ui_id(ui, tr("in cash %s"), desk_money(desk, due)),
                (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2, .id = "cash-due"});
    }
    ui_text(ui, desk_money(desk, left),
            (struct ui_text){.style = TEXT_TOTAL,
                             .align = UI_END_EDGE,
                             .weight = 1,
                             .shrink = true,
                             .id = "to-pay",
                             .label = tr("To pay")});
    ui_end(ui);
}

static void card_button(struct desk *desk, int weight)
{
    struct money left = till_cart(desk->till)->to_pay, typed;

    /* A typed amount splits; what is typed beyond the rest is cash only. */
    if (pad_money(desk, &desk->tender.pad, &typed) && typed.minor > 0) {
        if (left.minor < 0) {
            typed = money_negate(typed);
        }
        if ((left.minor < 0) == (typed.minor < 0) &&
            (left.minor < 0 ? typed.minor > left.minor : typed.minor < left.minor)) {
            left = typed;
        }
    }
    struct money shown = left.minor < 0 ? money_negate(left) : left;
    if (ui_button(
            desk->ui, "card",
            &(struct ui_button){.label = ui_id(desk->ui, tr("Card %s"), desk_money(desk, shown)),
                                .icon = "card",
                                .kind = UI_PRIMARY,
                                .weight = weight,
                                .key = "F6",
                                .disabled = left.minor == 0})) {
        desk->tender.card = true;
        desk->tender.card_amount = left;
    }
}

static void ways(struct desk *desk)
{
    struct ui *ui = desk->ui;
    static const char *const keys[] = {"F7", "F8", "Ctrl+3", "Ctrl+4"};
    struct money quick[4];
    int count = 0, chosen = -1;
    struct money due = till_cart(desk->till)->cash_due;
    float room = desk_room(desk);
    bool one_row = room > 330;

    if (due.minor > 0 && till_quick_cash(desk->till, quick, 4, &count, NULL) != STATUS_OK) {
        count = 0;
    }
    if (!one_row) {
        card_button(desk, 0);
    }
    ui_row(ui, (struct ui_box){.gap_mm = 2, .id = "cash-notes", .label = tr("Cash")});
    if (one_row) {
        card_button(desk, 6);
    }
    for (int i = 0; i < count; i++) {
        if (ui_button(ui, ui_id(ui, "cash/%d", i),
                      &(struct ui_button){.label = i == 0 ? desk_money(desk, quick[i])
                                                          : desk_money_short(desk, quick[i]),
                                          .icon = i == 0 ? "cash" : NULL,
                                          .large = true,
                                          .weight = i == 0 ? 4 : 3,
                                          .key = keys[i],
                                          .height_mm = 19})) {
            chosen = i;
        }
    }
    if (due.minor < 0 &&
        ui_button(ui, "cash/out",
                  &(struct ui_button){
                      .label = ui_id(ui, tr("Cash %s"), desk_money(desk, money_negate(due))),
                      .icon = "cash",
                      .large = true,
                      .weight = 4,
                      .key = "F7",
                      .height_mm = 19})) {
        cash(desk, due);
    }
    ui_end(ui);
    if (chosen >= 0) {
        cash(desk, quick[chosen]);
    }
}

void tender_pane(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct tender_state *tender = &desk->tender;
    struct money amount;

    if (till_cart(desk->till)->count == 0) {
        desk_go(desk, SCREEN_SELL);
    }
    if (tender->card) {
        card_pane(desk);
        return;
    }
    bool refund = till_cart(desk->till)->to_pay.minor < 0;
    bool typed = !refund && pad_money(desk, &tender->pad, &amount) && amount.minor > 0;
    const char *action =
        typed ? ui_id(ui, tr("Take %s cash"), desk_money(desk, amount)) : tr("Type the cash given");
    bool tight = desk_room(desk) < 250;
    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = tight ? 3 : 4, .gap_mm = tight ? 2 : 3});
    to_pay(desk);
    ways(desk);
    ui_readout(ui, "amount",
               &(struct ui_readout){.label = tr("Amount"),
                                    .key = "Ctrl+A",
                                    .value = pad_money_text(desk, &tender->pad),
                                    .active = true});
    if (pad_keys(desk, "pad", &tender->pad,
                 &(struct pad_keys){.action = action,
                                    .disabled = !typed,
                                    .decimals = till_currency(desk->till)->exponent,
                                    .weight = 1})) {
        cash(desk, amount);
    }
    ui_end(ui);
}
