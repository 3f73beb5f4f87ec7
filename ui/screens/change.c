/* The change: the figure the cashier reads from a step away. The sale is durable before this is
 * shown. The next scan dismisses it. */
#include "ui/screens/screens.h"
#include "ui/screens/selling.h"

#include <stdio.h>

static enum status run_reprint(struct desk *desk, const struct deed *deed, struct error *error)
{
    desk_paper_begin(desk);
    enum status status = till_reprint(desk->till, deed->text, NULL, error);
    desk_paper_end(desk);
    if (status == STATUS_OK) {
        desk->reprinted = true;
    }
    return status;
}

/* "Saved", "Printed": said only when it is true. */
static void proof(struct desk *desk)
{
    struct ui *ui = desk->ui;
    const struct sale_result *last = &desk->last;
    bool printed = last->print_job != 0 && desk->printed_job >= last->print_job;

    ui_row(ui,
           (struct ui_box){.gap_mm = 4, .justify = UI_CENTER, .align = UI_CENTER, .wrap = true});
    ui_pill(ui, &(struct ui_pill){
                    .id = "saved",
                    .icon = "done",
                    .tone = UI_GOOD,
                    .plain = true,
                    .text = ui_id(ui, tr("Saved as %s"), desk_code(desk, last->receipt))});
    if (desk->printer.light == LIGHT_NONE) {
        ui_pill(ui, &(struct ui_pill){.id = "printed",
                                      .icon = "printer-off",
                                      .tone = UI_INK2,
                                      .plain = true,
                                      .text = tr("No printer")});
    } else if (printed) {
        ui_pill(ui,
                &(struct ui_pill){.id = "printed",
                                  .icon = "receipt",
                                  .tone = UI_GOOD,
                                  .plain = true,
                                  .text = desk->reprinted ? tr("Copy printed") : tr("Printed")});
    } else {
        ui_pill(ui, &(struct ui_pill){.id = "printed",
                                      .icon = "printer",
                                      .tone = UI_INK2,
                                      .plain = true,
                                      .text = tr("Printing")});
    }
    ui_end(ui);
}

static void figure_card(struct desk *desk)
{
    struct ui *ui = desk->ui;
    const struct sale_result *last = &desk->last;
    bool refund = last->total.minor < 0;
    struct money big = refund ? money_negate(last->paid) : last->change;

    ui_card(ui, (struct ui_box){.weight = 70, .pad_mm = 6, .gap_mm = 3, .justify = UI_CENTER});
    ui_spacer(ui, 1);
    ui_text(ui, refund ? tr("Paid back") : tr("Change"),
            (struct ui_text){.style = TEXT_LEAD, .tone = UI_INK2, .align = UI_CENTER});
    ui_text(ui, desk_money(desk, big),
            (struct ui_text){.style = TEXT_CHANGE,
                             .align = UI_CENTER,
                             .shrink = true,
                             .id = "change",
                             .label = tr("Change")});
    const char *sum = refund ? ui_id(ui, tr("Total %s"), desk_money(desk, last->total))
                             : ui_id(ui, tr("Paid %s · Total %s"), desk_money(desk, last->paid),
                                     desk_money(desk, last->total));
    if (last->rounding.minor != 0) {
        sum = ui_id(ui, tr("%s · Rounding %s"), sum, desk_money(desk, last->rounding));
    }
    ui_text(ui, sum,
            (struct ui_text){.style = TEXT_LEAD,
                             .tone = UI_INK2,
                             .align = UI_CENTER,
                             .lines = 2,
                             .id = "change-sum"});
    ui_gap(ui, 6);
    proof(desk);
    ui_spacer(ui, 1);
    ui_end(ui);
}

void change_show(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct ui_box box = {.weight = 1, .pad_mm = 2, .gap_mm = 2, .mirror = desk->look.left_handed};

    if (ui_portrait(ui)) {
        ui_column(ui, box);
    } else {
        ui_row(ui, box);
    }
    figure_card(desk);
    ui_card(ui, (struct ui_box){.weight = 30, .pad_mm = 4, .gap_mm = 2});
    notice_show(desk);
    ui_spacer(ui, 1);
    if (ui_button(ui, "reprint",
                  &(struct ui_button){
                      .label = tr("Print again (COPY)"), .icon = "printer", .key = "F5"})) {
        struct deed deed = {.run = run_reprint, .failed = TR_MARK("The copy was not printed.")};
        snprintf(deed.text, sizeof deed.text, "%s", desk->last.receipt);
        desk_do(desk, &deed);
    }
    if (ui_button(
            ui, "show-receipt",
            &(struct ui_button){.label = tr("Show the receipt"), .icon = "receipt", .key = "F6"})) {
        snprintf(desk->receipts.chosen, sizeof desk->receipts.chosen, "%s", desk->last.receipt);
        desk->receipts.stale = true;
        desk_go(desk, SCREEN_RECEIPTS);
    }
    if (ui_button(
            ui, "next-sale",
            &(struct ui_button){.label = tr("Next sale"), .kind = UI_PRIMARY, .key = "F12"})) {
        desk_quiet(desk);
        desk_go(desk, SCREEN_SELL);
    }
    ui_text(ui, tr("or scan the next item"),
            (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2, .align = UI_CENTER, .lines = 2});
    ui_end(ui);
    ui_end(ui);
}
