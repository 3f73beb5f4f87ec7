/* The end of a shift: count blind, then see. What should be in the drawer is not shown before the
 * count is given, so that nobody counts towards it. */
#include "ui/screens/pad.h"
#include "ui/screens/screens.h"

static enum status run_close(struct desk *desk, const struct deed *deed, struct error *error)
{
    struct close_state *close = &desk->close;
    struct money counted = {deed->a};

    desk_paper_begin(desk);
    enum status status =
        till_shift_close(desk->till, counted, &close->shift, &close->difference, error);
    desk_paper_end(desk);
    if (status == STATUS_OK) {
        close->closed = true;
        close->counted = counted;
        pad_clear(&close->pad);
    }
    return status;
}

static void count(struct desk *desk, struct money amount)
{
    struct deed deed = {.run = run_close,
                        .a = amount.minor,
                        .failed = TR_MARK("The shift was not closed; it goes on.")};

    desk_confirm(
        desk, tr("Close the shift?"),
        ui_id(desk->ui,
              tr("You counted %s. The Z report is printed, and the count cannot be changed "
                 "afterwards."),
              desk_money(desk, amount)),
        tr("Close the shift"), &deed);
}

/* Counting: a form in the middle, as at the start of the shift. */
static void before(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct close_state *close = &desk->close;
    struct money amount;
    bool typed = pad_money(desk, &close->pad, &amount);
    bool open = till_cart(desk->till)->count > 0;
    const char *action = open    ? tr("A sale is open")
                         : typed ? tr("Close with this count")
                                 : tr("Type the sum");

    form_begin(desk);
    if (pane_head(desk, tr("Close the shift"), tr("Back to the sale"))) {
        desk_go(desk, SCREEN_SELL);
    }
    ui_text(ui,
            tr("Count all the cash in the drawer and type the sum. What it should be is shown "
               "afterwards."),
            (struct ui_text){.style = TEXT_BODY, .tone = UI_INK2, .lines = 4});
    if (open) {
        ui_banner(ui, &(struct ui_pill){.icon = "warning",
                                        .tone = UI_WARN,
                                        .lines = 3,
                                        .text = tr("A sale is open. Finish, park or give it up "
                                                   "before closing.")});
    }
    notice_show(desk);
    ui_readout(ui, "counted",
               &(struct ui_readout){.label = tr("Counted"),
                                    .key = "Ctrl+A",
                                    .value = pad_money_text(desk, &close->pad),
                                    .active = true});
    if (pad_keys(desk, "pad", &close->pad,
                 &(struct pad_keys){.action = action,
                                    .kind = UI_PRIMARY,
                                    .disabled = !typed || open,
                                    .decimals = till_currency(desk->till)->exponent})) {
        count(desk, amount);
    }
    form_end(desk);
}

static void verdict(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct close_state *close = &desk->close;
    int64_t difference = close->difference.minor;
    struct money size = {difference < 0 ? -difference : difference};
    const char *words = difference == 0  ? tr("The drawer is right")
                        : difference > 0 ? tr("More in the drawer than expected")
                                         : tr("Less in the drawer than expected");

    ui_column(ui, (struct ui_box){.weight = 1, .gap_mm = 3});
    ui_spacer(ui, 1);
    ui_text(
        ui, words,
        (struct ui_text){
            .style = TEXT_LEAD, .align = UI_CENTER, .lines = 2, .tone = UI_INK2, .id = "verdict"});
    ui_text(ui, desk_money(desk, size),
            (struct ui_text){.style = TEXT_COUNT,
                             .align = UI_CENTER,
                             .shrink = true,
                             .tone = difference == 0 ? UI_GOOD : UI_BAD,
                             .id = "difference",
                             .label = tr("Difference")});
    ui_spacer(ui, 1);
    if (ui_button(ui, "done",
                  &(struct ui_button){.label = tr("Sign out"), .key = "F12", .kind = UI_PRIMARY})) {
        *close = (struct close_state){0};
        till_sign_out(desk->till);
        pin_entry_start(desk, &desk->entry);
        desk_go(desk, SCREEN_SELL);
        desk->host.look_changed(desk->host.context);
    }
    ui_end(ui);
}

static void figures(struct desk *desk)
{
    struct ui *ui = desk->ui;
    const struct shift_view *shift = &desk->close.shift;

    ui_column(ui, (struct ui_box){.weight = 1});
    ui_text(ui, ui_id(ui, tr("Shift %s is closed"), desk_integer(desk, shift->shift)),
            (struct ui_text){.style = TEXT_HEADING, .id = "heading"});
    ui_gap(ui, 3);
    figure_row(desk, tr("Sales"), desk_integer(desk, shift->sales), false);
    figure_row(desk, tr("Sold"), desk_money(desk, shift->sales_gross), false);
    figure_row(desk, tr("Taken back"), desk_money(desk, shift->returns_gross), false);
    figure_row(desk, tr("Card"), desk_money(desk, shift->card_taken), false);
    ui_gap(ui, 2);
    ui_separator(ui);
    ui_gap(ui, 2);
    figure_row(desk, tr("Float"), desk_money(desk, shift->opening_float), false);
    figure_row(desk, tr("Cash taken"), desk_money(desk, shift->cash_taken), false);
    figure_row(desk, tr("Put in"), desk_money(desk, shift->paid_in), false);
    figure_row(desk, tr("Taken out"), desk_money(desk, money_negate(shift->paid_out)), false);
    ui_gap(ui, 2);
    ui_separator(ui);
    ui_gap(ui, 2);
    figure_row(desk, tr("Should be in the drawer"), desk_money(desk, shift->expected), true);
    figure_row(desk, tr("Counted"), desk_money(desk, desk->close.counted), true);
    notice_show(desk);
    ui_spacer(ui, 1);
    ui_end(ui);
}

void shift_close_show(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct ui_box box = {.weight = 1, .gap_mm = 8};

    ui_column(ui, (struct ui_box){.weight = 1, .pad_mm = 2});
    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 6});
    if (!desk->close.closed) {
        before(desk);
    } else {
        if (ui_portrait(ui)) {
            ui_column(ui, box);
        } else {
            ui_row(ui, box);
        }
        figures(desk);
        verdict(desk);
        ui_end(ui);
    }
    ui_end(ui);
    ui_end(ui);
}
