/* The cart: its lines, what they come to, and the way to the money. The total and the primary
 * button never move: the list takes up what changes above them. */
#include "ui/screens/screens.h"
#include "ui/screens/selling.h"

#include <stdio.h>
#include <string.h>

/* "£2.40 each · Winter 20 % −£7.60" */
static void second_line(struct desk *desk, const struct line_view *line)
{
    struct ui *ui = desk->ui;
    struct ui_text quiet = {.style = TEXT_SMALL, .tone = UI_INK2, .may_cut = true};
    const char *price = "";

    if (line->state == LINE_UNKNOWN) {
        ui_text(ui, tr("Settle it before paying"), quiet);
        return;
    }
    if (line->weighed) {
        price = desk_price(desk, line->price, line->unit);
    } else if (*line->pack) {
        price = ui_id(ui, "%s · %s", tr(line->pack), desk_money(desk, line->pack_price));
    } else if (line->quantity.milli != QUANTITY_ONE || line->discount_count > 0) {
        price = ui_id(ui, tr("%s each"), desk_price(desk, line->price, ""));
    }
    if (line->is_return) {
        price = ui_id(ui, "%s · %s", tr("Return"),
                      *line->reason ? tr(line->reason) : tr("without a reason"));
    } else if (line->price_overridden) {
        price = ui_id(ui, "%s · %s", price, tr("price changed"));
    }
    if (!*price && line->discount_count == 0) {
        return;
    }
    ui_row(ui, (struct ui_box){.gap_mm = 1.5f, .align = UI_BASELINE});
    ui_text(ui, price, quiet);
    for (int i = 0; i < line->discount_count; i++) {
        const struct discount_view *discount = &line->discounts[i];
        ui_text(ui,
                ui_id(ui, "%s %s", tr(discount->label),
                      desk_money(desk, money_negate(discount->amount))),
                (struct ui_text){.style = TEXT_SMALL_STRONG, .tone = UI_GOOD, .may_cut = true});
    }
    ui_end(ui);
}

static void line_row(struct desk *desk, const struct line_view *line, float height_mm)
{
    struct ui *ui = desk->ui;
    bool unknown = line->state == LINE_UNKNOWN;
    const char *name = unknown ? ui_id(ui, tr("Unknown code %s"), desk_code(desk, line->code))
                               : ui_id(ui, "%s", line->name);
    const char *amount = unknown ? "—" : desk_money(desk, line->amount);
    struct ui_item item = {.label = name,
                           .value = amount,
                           .selected = line->selected,
                           .tone = unknown ? UI_WARN : UI_INK,
                           .height_mm = height_mm,
                           .still = line->linked_to != 0};

    if (ui_item(ui, ui_id(ui, "line/%d", line->id), &item)) {
        desk_quiet(desk);
        if (till_cart_select(desk->till, line->id, NULL) == STATUS_OK) {
            desk->pad.shown = !unknown;
            ui_unfocus(ui); /* the next keys are for the keypad */
            desk_go(desk, SCREEN_SELL);
        }
        line = selling_selected(desk);
    }
    if (!line) {
        ui_end(ui);
        return;
    }
    if (unknown) {
        ui_row(ui, (struct ui_box){.width_mm = 12, .align = UI_CENTER});
        ui_icon(ui, "question", UI_WARN, 0);
        ui_end(ui);
    } else {
        ui_text(ui, desk_quantity(desk, line->quantity),
                (struct ui_text){.style = TEXT_STRONG, .width_mm = 12, .keep = true});
    }
    ui_column(ui, (struct ui_box){.weight = 1, .justify = UI_CENTER});
    ui_text(ui, name,
            (struct ui_text){
                .style = TEXT_BODY, .tone = line->linked_to ? UI_INK2 : UI_INK, .may_cut = true});
    second_line(desk, line);
    ui_end(ui);
    ui_text(ui, amount, (struct ui_text){.style = TEXT_NUMBER, .align = UI_END_EDGE, .keep = true});
    ui_end(ui);
}

static void head(struct desk *desk)
{
    struct ui *ui = desk->ui;
    const struct cart_view *cart = till_cart(desk->till);

    ui_row(ui, (struct ui_box){.height_mm = 12, .pad_x_mm = 4, .gap_mm = 3, .align = UI_CENTER});
    ui_icon(ui, "cart", UI_INK, 0);
    ui_text(ui, tr("Sale"), (struct ui_text){.style = TEXT_STRONG, .keep = true});
    if (cart->armed > 0) {
        ui_pill(ui, &(struct ui_pill){
                        .id = "armed",
                        .tone = UI_INFO,
                        .strong = true,
                        .text = ui_id(ui, tr("Next scan × %s"), desk_integer(desk, cart->armed))});
    }
    if (desk->returning.on) {
        ui_pill(ui, &(struct ui_pill){.id = "returning",
                                      .tone = UI_WARN,
                                      .strong = true,
                                      .icon = "return",
                                      .text = tr("Taking goods back")});
    }
    ui_spacer(ui, 1);
    if (desk->has_last && desk->last.change.minor > 0) {
        ui_text(ui, ui_id(ui, tr("Last change %s"), desk_money(desk, desk->last.change)),
                (struct ui_text){
                    .style = TEXT_SMALL, .tone = UI_INK2, .may_cut = true, .id = "last-change"});
    }
    ui_end(ui);
    ui_separator(ui);
}

static void lines(struct desk *desk)
{
    struct ui *ui = desk->ui;
    const struct cart_view *cart = till_cart(desk->till);
    float height = 13.0f * (float)desk->look.text_percent / 100;
    int first, last;

    ui_list_begin(ui, "lines",
                  &(struct ui_list){.rows = cart->count,
                                    .item_mm = height,
                                    .key = "F9",
                                    .label = tr("Lines of the sale"),
                                    .empty = tr("Scan an item, or touch one."),
                                    .stick_to_end = true});
    ui_list_sight(ui, &first, &last);
    for (int i = first; i < last && i < till_cart(desk->till)->count; i++) {
        line_row(desk, &till_cart(desk->till)->lines[i], height);
    }
    ui_end(ui);
}

static enum status run_reverse(struct desk *desk, const struct deed *deed, struct error *error)
{
    return till_tender_reverse(desk->till, (int)deed->a, error);
}

/* What was paid so far: it belongs to the sale, and stays when another item is scanned. */
static void tenders(struct desk *desk)
{
    struct ui *ui = desk->ui;
    int reverse = 0;

    for (int i = 0; i < till_cart(desk->till)->tender_count; i++) {
        const struct tender_view *tender = &till_cart(desk->till)->tenders[i];
        const char *name = strcmp(tender->type, "card") == 0 ? tr("Card") : tr("Cash");
        if (tender->reversed) {
            continue;
        }
        ui_row(ui, (struct ui_box){.surface = UI_MARKED,
                                   .pad_x_mm = 3,
                                   .gap_mm = 3,
                                   .align = UI_CENTER,
                                   .height_mm = 12,
                                   .id = ui_id(ui, "tender/%d", tender->id),
                                   .label = name});
        ui_icon(ui, strcmp(tender->type, "card") == 0 ? "card" : "cash", UI_INK, 0);
        ui_text(ui, *tender->reference ? ui_id(ui, "%s · %s", name, tender->reference) : name,
                (struct ui_text){.style = TEXT_BODY, .weight = 1, .may_cut = true});
        ui_text(ui, desk_money(desk, tender->amount),
                (struct ui_text){.style = TEXT_NUMBER, .keep = true});
        if (ui_button(ui, ui_id(ui, "reverse/%d", tender->id),
                      &(struct ui_button){.label = tr("Reverse"),
                                          .kind = UI_LINK,
                                          .height_mm = 11,
                                          .key = ui_id(ui, "Ctrl+%d", tender->id)})) {
            reverse = tender->id;
        }
        ui_end(ui);
        ui_gap(ui, 1);
    }
    if (reverse) {
        desk_do(desk, &(struct deed){.run = run_reverse,
                                     .a = reverse,
                                     .failed = TR_MARK("The payment was not reversed.")});
    }
}

static void sums(struct desk *desk)
{
    struct ui *ui = desk->ui;
    const struct cart_view *cart = till_cart(desk->till);
    const char *items = ui_id(ui, tr_count("%s item", "%s items", (unsigned long)cart->items),
                              desk_integer(desk, cart->items));
    const char *tax = cart->tax_included ? tr("VAT included %s") : tr("VAT %s");

    if (cart->saved.minor != 0) {
        items = ui_id(ui, tr("%s · saved %s"), items, desk_money(desk, cart->saved));
    }
    ui_row(ui, (struct ui_box){.gap_mm = 3, .align = UI_BASELINE});
    ui_text(ui, cart->count ? items : "",
            (struct ui_text){
                .style = TEXT_SMALL, .tone = UI_INK2, .weight = 1, .may_cut = true, .id = "items"});
    ui_text(ui, cart->count ? ui_id(ui, tax, desk_money(desk, cart->tax)) : " ",
            (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2, .keep = true, .id = "tax"});
    ui_end(ui);
    ui_row(ui, (struct ui_box){.gap_mm = 3, .align = UI_BASELINE});
    ui_text(ui, tr("Total"), (struct ui_text){.style = TEXT_HEADING});
    ui_text(ui, desk_money(desk, cart->total),
            (struct ui_text){.style = TEXT_TOTAL,
                             .align = UI_END_EDGE,
                             .weight = 1,
                             .shrink = true,
                             .id = "total",
                             .label = tr("Total")});
    ui_end(ui);
}

/* ---- the buttons ----------------------------------------------------------------------------- */

static enum status run_park(struct desk *desk, const struct deed *deed, struct error *error)
{
    enum status status = till_cart_park(desk->till, deed->text, error);

    if (status == STATUS_OK) {
        desk->returning = (struct return_state){.reason = -1};
        desk->pad.shown = false;
        desk_go(desk, SCREEN_SELL);
        desk_say(desk, UI_GOOD, "%s", tr("The sale is parked. Find it again under More."));
    }
    return status;
}

static enum status run_undo(struct desk *desk, const struct deed *deed, struct error *error)
{
    (void)deed;
    desk->pad.shown = false;
    return till_cart_undo(desk->till, error);
}

static void park(struct desk *desk)
{
    desk_do(desk, &(struct deed){.run = run_park,
                                 .failed = TR_MARK("The sale was not parked; it is still here.")});
}

static void sale_buttons(struct desk *desk, enum screen screen)
{
    struct ui *ui = desk->ui;
    const struct cart_view *cart = till_cart(desk->till);
    float room = desk_room(desk);
    bool empty = cart->count == 0;
    bool can_undo = cart->can_undo;

    if (room > 330) {
        ui_row(ui, (struct ui_box){.gap_mm = 2});
    } else {
        ui_grid(ui, (struct ui_box){.columns = 2, .gap_mm = 2});
    }
    if (ui_button(ui, "park",
                  &(struct ui_button){.label = tr("Park"),
                                      .icon = "pause",
                                      .key = "F5",
                                      .weight = 5,
                                      .disabled = empty})) {
        park(desk);
    }
    if (ui_button(ui, "discount",
                  &(struct ui_button){.label = tr("Discount"),
                                      .icon = "discount",
                                      .key = "F6",
                                      .weight = 6,
                                      .disabled = empty,
                                      .on = screen == SCREEN_DISCOUNT})) {
        desk->discount = (struct discount_state){.percent = true, .reason = -1};
        desk_go(desk, SCREEN_DISCOUNT);
    }
    if (ui_button(ui, "undo",
                  &(struct ui_button){.label = tr("Undo"),
                                      .icon = "undo",
                                      .key = "F7",
                                      .weight = 5,
                                      .disabled = !can_undo})) {
        desk_do(desk, &(struct deed){.run = run_undo,
                                     .failed = TR_MARK("There is nothing to take back.")});
    }
    if (ui_button(
            ui, "more",
            &(struct ui_button){.label = tr("More"), .icon = "more", .key = "F8", .weight = 5})) {
        desk_go(desk, desk->screen == SCREEN_MORE ? SCREEN_SELL : SCREEN_MORE);
    }
    ui_end(ui);
}

static void tender_buttons(struct desk *desk)
{
    struct ui *ui = desk->ui;
    bool paid = till_cart(desk->till)->paid.minor != 0;

    ui_row(ui, (struct ui_box){.gap_mm = 2});
    if (ui_button(ui, "back-to-sale",
                  &(struct ui_button){.label = tr("Back to the sale"),
                                      .icon = "back",
                                      /* Beside the card terminal Escape leaves the terminal. */
                                      .key = desk->tender.card ? "F4" : "Escape",
                                      .weight = 2})) {
        desk_go(desk, SCREEN_SELL);
    }
    if (ui_button(ui, "park",
                  &(struct ui_button){.label = tr("Park"),
                                      .icon = "pause",
                                      .key = "F5",
                                      .weight = 1,
                                      .disabled = paid})) {
        park(desk);
    }
    ui_end(ui);
}

static void primary(struct desk *desk, enum screen screen)
{
    struct ui *ui = desk->ui;
    const struct cart_view *cart = till_cart(desk->till);
    const char *why = NULL;
    struct money left = cart->to_pay.minor ? cart->to_pay : cart->cash_due;

    if (screen == SCREEN_TENDER) {
        why = left.minor < 0 ? ui_id(ui, tr("%s to pay back"), desk_money(desk, money_negate(left)))
                             : ui_id(ui, tr("%s still to pay"), desk_money(desk, left));
    } else {
        why = selling_obstacle(desk);
    }
    const char *label =
        cart->total.minor < 0
            ? ui_id(ui, tr("Pay back %s"), desk_money(desk, money_negate(cart->total)))
            : ui_id(ui, tr("Pay %s"), desk_money(desk, cart->total));
    /* One strong action per screen: beside a pane with its own, paying steps back. */
    bool steps_back =
        screen == SCREEN_DISCOUNT || screen == SCREEN_RETURN || screen == SCREEN_DRAWER;
    if (ui_button(ui, "pay",
                  &(struct ui_button){.label = label,
                                      .key = "F12",
                                      .kind = steps_back ? UI_NORMAL : UI_PRIMARY,
                                      .large = steps_back,
                                      .height_mm = 19,
                                      .why = why})) {
        selling_pay(desk);
    }
}

void cart_show(struct desk *desk, enum screen screen)
{
    struct ui *ui = desk->ui;

    ui_card(ui, (struct ui_box){
                    .weight = ui_portrait(ui) ? 45 : 40, .id = "cart", .label = tr("Sale")});
    head(desk);
    lines(desk);
    ui_column(ui, (struct ui_box){.pad_mm = 2, .gap_mm = 2});
    notice_show(desk);
    tenders(desk);
    ui_column(ui, (struct ui_box){.pad_x_mm = 2});
    sums(desk);
    ui_end(ui);
    if (screen == SCREEN_TENDER) {
        tender_buttons(desk);
    } else {
        sale_buttons(desk, screen);
    }
    primary(desk, screen);
    ui_end(ui);
    ui_end(ui);
}
