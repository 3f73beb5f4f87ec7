/* The start of a shift: how much is in the drawer. */
#include "ui/screens/pad.h"
#include "ui/screens/screens.h"

static enum status run_open(struct desk *desk, const struct deed *deed, struct error *error)
{
    enum status status = till_shift_open(desk->till, (struct money){deed->a}, error);

    if (status == STATUS_OK) {
        pad_clear(&desk->opening_float);
        desk_go(desk, SCREEN_SELL);
    }
    return status;
}

void shift_open_show(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct money amount;
    bool typed = pad_money(desk, &desk->opening_float, &amount);

    ui_row(ui, (struct ui_box){.weight = 1, .pad_mm = 2});
    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 6});
    form_begin(desk);
    ui_text(ui, tr("Open the shift"), (struct ui_text){.style = TEXT_HEADING, .id = "heading"});
    ui_text(ui,
            tr("Count the cash in the drawer and type the sum. At the end of the shift the till "
               "tells whether the drawer is right."),
            (struct ui_text){.style = TEXT_BODY, .tone = UI_INK2, .lines = 5});
    notice_show(desk);
    ui_readout(ui, "float",
               &(struct ui_readout){.label = tr("Cash in the drawer"),
                                    .value = pad_money_text(desk, &desk->opening_float),
                                    .active = true,
                                    .key = "Ctrl+A"});
    const char *action =
        typed ? ui_id(ui, tr("Open with %s"), desk_money(desk, amount)) : tr("Type the sum");
    if (pad_keys(desk, "pad", &desk->opening_float,
                 &(struct pad_keys){.action = action,
                                    .kind = UI_PRIMARY,
                                    .disabled = !typed,
                                    .decimals = till_currency(desk->till)->exponent})) {
        desk_do(desk, &(struct deed){.run = run_open,
                                     .a = amount.minor,
                                     .failed = TR_MARK("The shift was not opened.")});
    }
    form_end(desk);
    ui_end(ui);
    ui_end(ui);
}
