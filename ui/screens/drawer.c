/* Cash in and out of the drawer without a sale, and the drawer opened for nothing: each with a
 * reason, each on the journal. */
#include "ui/screens/pad.h"
#include "ui/screens/reasons.h"
#include "ui/screens/screens.h"

#include <stdio.h>

static enum status run_drawer(struct desk *desk, const struct deed *deed, struct error *error)
{
    struct money amount = {deed->b};
    enum status status;

    desk_paper_begin(desk);
    if (deed->a == 0) {
        status = till_paid_in(desk->till, amount, deed->text, error);
    } else if (deed->a == 1) {
        status = till_paid_out(desk->till, amount, deed->text, error);
    } else {
        status = till_no_sale(desk->till, deed->text, error);
    }
    desk_paper_end(desk);
    if (status == STATUS_OK) {
        desk_go(desk, SCREEN_SELL);
        desk_say(desk, UI_GOOD, "%s", tr("It is on the journal. The drawer opens."));
    }
    return status;
}

static void record(struct desk *desk, struct money amount, const char *reason)
{
    struct deed deed = {.run = run_drawer,
                        .a = desk->drawer.kind,
                        .b = amount.minor,
                        .failed = TR_MARK("The drawer stays closed; nothing was recorded.")};

    snprintf(deed.text, sizeof deed.text, "%s", reason);
    if (desk->drawer.kind == 2) {
        desk_confirm(desk, tr("Open the drawer without a sale?"),
                     tr("It is written on the journal with your name."), tr("Open the drawer"),
                     &deed);
    } else {
        desk_do(desk, &deed);
    }
}

static void amount_part(struct desk *desk, const char *const *reasons)
{
    struct ui *ui = desk->ui;
    struct drawer_state *drawer = &desk->drawer;
    struct money amount;
    bool typed = pad_money(desk, &drawer->pad, &amount) && amount.minor > 0;
    const char *ready = drawer->kind == 0 ? tr("Put %s in") : tr("Take %s out");
    const char *action = !typed               ? tr("Type the amount")
                         : drawer->reason < 0 ? tr("Choose a reason")
                                              : ui_id(ui, ready, desk_money(desk, amount));

    ui_readout(ui, "amount",
               &(struct ui_readout){.label = tr("Amount"),
                                    .key = "Ctrl+A",
                                    .value = pad_money_text(desk, &drawer->pad),
                                    .active = true});
    if (pad_keys(desk, "pad", &drawer->pad,
                 &(struct pad_keys){.action = action,
                                    .kind = UI_PRIMARY,
                                    .disabled = !typed || drawer->reason < 0,
                                    .decimals = till_currency(desk->till)->exponent,
                                    .weight = 1})) {
        record(desk, amount, reasons[drawer->reason]);
    }
}

void drawer_pane(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct drawer_state *drawer = &desk->drawer;
    const char *const *const reasons[] = {paid_in_reasons, paid_out_reasons, no_sale_reasons};
    const int counts[] = {IN_REASONS, OUT_REASONS, NO_SALE_REASONS};
    const char *const titles[] = {tr("Put cash in"), tr("Take cash out"), tr("Open the drawer")};

    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 4, .gap_mm = 3});
    if (pane_head(desk, titles[drawer->kind], tr("Back"))) {
        desk_go(desk, SCREEN_MORE);
    }
    drawer->reason = reason_chips(desk, "reason", reasons[drawer->kind], counts[drawer->kind],
                                  drawer->reason, "Ctrl+R");
    if (drawer->kind < 2) {
        amount_part(desk, reasons[drawer->kind]);
    } else {
        ui_spacer(ui, 1);
        if (ui_button(
                ui, "drawer/open",
                &(struct ui_button){.label = tr("Open the drawer"),
                                    .kind = UI_PRIMARY,
                                    .key = "Enter",
                                    .why = drawer->reason < 0 ? tr("Choose a reason") : NULL})) {
            record(desk, (struct money){0}, no_sale_reasons[drawer->reason]);
        }
    }
    ui_end(ui);
}
