/* Everything that is not the next customer's goods; and the parked sales. */
#include "ui/screens/screens.h"
#include "ui/screens/selling.h"

#include <stdio.h>

static bool entry(struct desk *desk, const char *id, const char *label, const char *icon,
                  const char *key, bool disabled)
{
    return ui_button(
        desk->ui, id,
        &(struct ui_button){
            .label = label, .icon = icon, .key = key, .disabled = disabled, .height_mm = 19});
}

static enum status run_x(struct desk *desk, const struct deed *deed, struct error *error)
{
    struct shift_view view;

    (void)deed;
    desk_paper_begin(desk);
    enum status status = till_shift_x(desk->till, &view, error);
    desk_paper_end(desk);
    if (status == STATUS_OK) {
        desk_say(desk, UI_GOOD, tr("The X report is being printed. In the drawer should be %s."),
                 desk_money(desk, view.expected));
    }
    return status;
}

static enum status run_discard(struct desk *desk, const struct deed *deed, struct error *error)
{
    enum status status = till_cart_discard(desk->till, deed->text, error);

    if (status == STATUS_OK) {
        desk->returning = (struct return_state){.reason = -1};
        desk->ask = (struct ask){0};
        desk_go(desk, SCREEN_SELL);
    }
    return status;
}

static void discard(struct desk *desk)
{
    const struct cart_view *cart = till_cart(desk->till);
    struct deed deed = {.run = run_discard,
                        .text = "Given up",
                        .failed = TR_MARK("The sale was not given up; it is still here.")};

    desk_confirm(desk, tr("Give up this sale?"),
                 ui_id(desk->ui,
                       tr_count("%s line will go. It stays on the journal as cancelled.",
                                "%s lines will go. They stay on the journal as cancelled.",
                                (unsigned long)cart->count),
                       desk_integer(desk, cart->count)),
                 tr("Give up the sale"), &deed);
}

static void load_parked(struct desk *desk)
{
    struct parked_state *parked = &desk->parked;

    if (till_parked(desk->till, parked->rows, PARKED_SHOWN, &parked->count, NULL) != STATUS_OK) {
        parked->count = 0;
    }
}

static void start_drawer(struct desk *desk, int kind)
{
    desk->drawer = (struct drawer_state){.kind = kind, .reason = -1};
    desk_go(desk, SCREEN_DRAWER);
}

static void this_sale(struct desk *desk)
{
    bool lines = till_cart(desk->till)->count > 0;

    if (entry(desk, "recall", tr("Parked sales"), "history", "Ctrl+1", false)) {
        load_parked(desk);
        desk_go(desk, SCREEN_PARKED);
    }
    if (entry(desk, "return", tr("Take goods back"), "return", "Ctrl+2", false)) {
        desk_go(desk, SCREEN_RETURN);
    }
    if (entry(desk, "receipts", tr("Receipts"), "receipt", "Ctrl+3", false)) {
        desk->receipts.stale = true;
        desk_go(desk, SCREEN_RECEIPTS);
    }
    if (entry(desk, "discard", tr("Give up the sale"), "delete", "Ctrl+4", !lines)) {
        discard(desk);
    }
}

static void the_drawer(struct desk *desk)
{
    if (entry(desk, "paid-in", tr("Put cash in"), "download", "Ctrl+5", false)) {
        start_drawer(desk, 0);
    }
    if (entry(desk, "paid-out", tr("Take cash out"), "upload", "Ctrl+6", false)) {
        start_drawer(desk, 1);
    }
    if (entry(desk, "no-sale", tr("Open the drawer"), "drawer", "Ctrl+7", false)) {
        start_drawer(desk, 2);
    }
    if (entry(desk, "x-report", tr("X report"), "report", "Ctrl+8", false)) {
        desk_do(desk,
                &(struct deed){.run = run_x, .failed = TR_MARK("The X report was not printed.")});
    }
}

void more_pane(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct ui_text head = {.style = TEXT_CAPTION, .tone = UI_INK2};

    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 4, .gap_mm = 3});
    if (pane_head(desk, tr("More"), tr("Back to the sale"))) {
        desk_go(desk, SCREEN_SELL);
    }
    ui_text(ui, tr("Sales"), head);
    ui_grid(ui, (struct ui_box){.columns = 2, .gap_mm = 2});
    this_sale(desk);
    ui_end(ui);
    ui_text(ui, tr("Drawer"), head);
    ui_grid(ui, (struct ui_box){.columns = 2, .gap_mm = 2});
    the_drawer(desk);
    ui_end(ui);
    ui_text(ui, tr("Day"), head);
    ui_grid(ui, (struct ui_box){.columns = 2, .gap_mm = 2});
    if (entry(desk, "close-shift", tr("Close the shift"), "calendar", "Ctrl+9", false)) {
        desk->close = (struct close_state){0};
        desk_go(desk, SCREEN_SHIFT_CLOSE);
    }
    if (entry(desk, "lock", tr("Lock, or change person"), "lock", "Ctrl+L", false)) {
        desk_go(desk, SCREEN_SELL);
        desk_lock(desk);
    }
    ui_end(ui);
    ui_spacer(ui, 1);
    ui_end(ui);
}

/* ---- parked sales ---------------------------------------------------------------------------- */

static enum status run_recall(struct desk *desk, const struct deed *deed, struct error *error)
{
    enum status status = till_cart_recall(desk->till, deed->a, error);

    if (status == STATUS_OK) {
        desk_go(desk, SCREEN_SELL);
    }
    return status;
}

void parked_pane(struct desk *desk)
{
    struct ui *ui = desk->ui;
    int64_t chosen = 0;

    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 4, .gap_mm = 3});
    if (pane_head(desk, tr("Parked sales"), tr("Back to the sale"))) {
        desk_go(desk, SCREEN_SELL);
    }
    if (till_cart(desk->till)->count > 0) {
        ui_banner(ui, &(struct ui_pill){.icon = "info",
                                        .tone = UI_INFO,
                                        .lines = 2,
                                        .text = tr("Park or finish the open sale first.")});
    }
    ui_list_begin(ui, "parked",
                  &(struct ui_list){.key = "Ctrl+T",
                                    .label = tr("Parked sales"),
                                    .empty = tr("Nothing is parked.")});
    for (int i = 0; i < desk->parked.count; i++) {
        const struct parked_view *row = &desk->parked.rows[i];
        const char *lines =
            ui_id(ui, tr_count("%d line", "%d lines", (unsigned long)row->lines), row->lines);
        const char *when = ui_id(ui, tr("Parked at %s"), desk_clock(desk, row->parked_ms));
        if (ui_item(ui, ui_id(ui, "parked/%lld", (long long)row->id),
                    &(struct ui_item){.label = *row->label ? row->label : when,
                                      .value = desk_money(desk, row->total)})) {
            chosen = row->id;
        }
        ui_gap(ui, 1);
        ui_column(ui, (struct ui_box){.weight = 1, .justify = UI_CENTER});
        ui_text(ui, *row->label ? row->label : when,
                (struct ui_text){.style = TEXT_BODY, .may_cut = true});
        ui_text(ui, lines, (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2});
        ui_end(ui);
        ui_text(ui, desk_money(desk, row->total),
                (struct ui_text){.style = TEXT_NUMBER, .keep = true});
        ui_gap(ui, 1);
        ui_end(ui);
    }
    ui_end(ui);
    ui_end(ui);
    if (chosen) {
        desk_do(desk, &(struct deed){.run = run_recall,
                                     .a = chosen,
                                     .failed = TR_MARK("The parked sale was not fetched; park or "
                                                       "finish the open one first.")});
    }
}
