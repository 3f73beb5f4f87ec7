/* A discount on the whole sale, and goods that come back: both want a reason. */
#include "ui/screens/pad.h"
#include "ui/screens/reasons.h"
#include "ui/screens/screens.h"

#include "terminal/money/locale.h"

#include <stdio.h>

static enum status run_discount(struct desk *desk, const struct deed *deed, struct error *error)
{
    struct pricing_discount discount = {0};

    if (deed->b) {
        discount = (struct pricing_discount){.percent = true, .ppm = (int32_t)deed->a};
    } else {
        discount.amount = (struct money){deed->a};
    }
    enum status status = till_cart_discount(desk->till, discount, deed->text, error);
    if (status == STATUS_OK) {
        desk_go(desk, SCREEN_SELL);
    }
    return status;
}

static void give(struct desk *desk, int64_t value, bool percent, const char *reason)
{
    struct deed deed = {.run = run_discount,
                        .a = value,
                        .b = percent,
                        .failed = TR_MARK("The discount was not given.")};

    snprintf(deed.text, sizeof deed.text, "%s", reason);
    desk_do(desk, &deed);
}

static void discount_kind(struct desk *desk)
{
    struct discount_state *state = &desk->discount;
    const struct ui_option kinds[] = {{.name = "percent", .label = "%", .key = "Ctrl+P"},
                                      {.name = "amount", .label = tr("Amount"), .key = "Ctrl+A"}};
    int kind = ui_segments(desk->ui, "discount-kind", kinds, 2, state->percent ? 0 : 1, 0);

    if (kind >= 0) {
        state->percent = kind == 0;
        pad_clear(&state->pad);
    }
}

void discount_pane(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct discount_state *state = &desk->discount;
    struct money amount = {0};
    int64_t milli = 0;
    bool typed = state->percent ? pad_milli(&state->pad, &milli) && milli <= 100 * QUANTITY_ONE
                                : pad_money(desk, &state->pad, &amount);
    const char *shown = "";

    if (typed) {
        shown = state->percent ? ui_id(ui, "%s %%", desk_quantity(desk, (struct quantity){milli}))
                               : desk_money(desk, amount);
    }
    const char *action = !typed              ? tr("Type a number")
                         : state->reason < 0 ? tr("Choose a reason")
                                             : ui_id(ui, tr("Take %s off"), shown);
    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 4, .gap_mm = 3});
    if (pane_head(desk, tr("Discount on the whole sale"), tr("Back to the sale"))) {
        desk_go(desk, SCREEN_SELL);
    }
    state->reason =
        reason_chips(desk, "reason", discount_reasons, DISCOUNT_REASONS, state->reason, "Ctrl+R");
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    discount_kind(desk);
    ui_readout(
        ui, "typed",
        &(struct ui_readout){
            .label = tr("Discount"), .key = "Ctrl+T", .value = shown, .active = true, .weight = 1});
    if (till_cart(desk->till)->has_discount &&
        ui_button(ui, "discount/none",
                  &(struct ui_button){.label = tr("Take it away"), .key = "Delete"})) {
        give(desk, 0, false, "Removed");
    }
    ui_end(ui);
    if (pad_keys(desk, "pad", &state->pad,
                 &(struct pad_keys){.action = action,
                                    .kind = UI_PRIMARY,
                                    .disabled = !typed || state->reason < 0,
                                    .decimals = 2,
                                    .weight = 1})) {
        give(desk, state->percent ? milli * 10 : amount.minor, state->percent,
             discount_reasons[state->reason]);
    }
    ui_end(ui);
}

/* ---- returns --------------------------------------------------------------------------------- */

static enum status run_returning(struct desk *desk, const struct deed *deed, struct error *error)
{
    enum status status = till_cart_returning(desk->till, deed->text, deed->more, error);

    if (status == STATUS_OK) {
        desk->returning.on = *deed->text != '\0';
        desk_go(desk, SCREEN_SELL);
    }
    return status;
}

static void set_returning(struct desk *desk, const char *reason, const char *condition)
{
    struct deed deed = {.run = run_returning,
                        .failed = TR_MARK("Taking back was not switched on.")};

    snprintf(deed.text, sizeof deed.text, "%s", reason);
    snprintf(deed.more, sizeof deed.more, "%s", condition);
    desk_do(desk, &deed);
}

void return_pane(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct return_state *state = &desk->returning;
    const struct ui_option conditions[] = {
        {.name = "restock", .label = tr("Back on the shelf"), .icon = "shop", .key = "Ctrl+B"},
        {.name = "damaged", .label = tr("Damaged"), .icon = "damaged", .key = "Ctrl+D"}};

    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 4, .gap_mm = 4});
    if (pane_head(desk, tr("Take goods back"), tr("Back to the sale"))) {
        desk_go(desk, SCREEN_SELL);
    }
    ui_text(ui,
            tr("Choose why, then scan what comes back. The customer gets the money at the end, or "
               "it counts against new goods."),
            (struct ui_text){.style = TEXT_BODY, .tone = UI_INK2, .lines = 4});
    ui_text(ui, tr("Why"), (struct ui_text){.style = TEXT_CAPTION, .tone = UI_INK2});
    state->reason =
        reason_chips(desk, "reason", return_reasons, RETURN_REASONS, state->reason, "Ctrl+R");
    ui_text(ui, tr("Where the goods go"), (struct ui_text){.style = TEXT_CAPTION, .tone = UI_INK2});
    ui_row(ui, (struct ui_box){0});
    int condition = ui_segments(ui, "condition", conditions, 2, state->condition, 0);
    ui_spacer(ui, 1);
    ui_end(ui);
    if (condition >= 0) {
        state->condition = condition;
    }
    ui_spacer(ui, 1);
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    if (state->on &&
        ui_button(ui, "return/off",
                  &(struct ui_button){
                      .label = tr("Sell again"), .weight = 1, .height_mm = 19, .key = "F9"})) {
        set_returning(desk, "", "");
    }
    if (ui_button(ui, "return/on",
                  &(struct ui_button){.label = tr("Scan what comes back"),
                                      .kind = UI_PRIMARY,
                                      .weight = 2,
                                      .key = "Enter",
                                      .why = state->reason < 0 ? tr("Choose a reason") : NULL})) {
        set_returning(desk, return_reasons[state->reason],
                      state->condition == 0 ? "restock" : "damaged");
    }
    ui_end(ui);
    ui_end(ui);
}
