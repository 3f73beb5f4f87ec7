/* What has to be known before an article can be sold: which one, at what price, how heavy, is the
 * customer old enough; and what an unknown code is. Settled in place, without a dialog; scanning
 * goes on meanwhile. */
#include "ui/screens/pad.h"
#include "ui/screens/screens.h"
#include "ui/screens/selling.h"

#include "terminal/money/locale.h"

#include <stdio.h>
#include <string.h>

static void title(struct desk *desk, const char *heading, const char *note)
{
    struct ui *ui = desk->ui;

    if (pane_head(desk, heading, tr("Do not sell it"))) {
        selling_drop(desk);
    }
    ui_text(ui, note, (struct ui_text){.style = TEXT_BODY, .tone = UI_INK2, .lines = 3});
}

static void ask_variant(struct desk *desk)
{
    struct ui *ui = desk->ui;
    char chosen[KEY_SIZE] = "";

    title(desk, desk->ask.name, tr("Which one? Scanning goes on."));
    ui_list_begin(ui, "variants",
                  &(struct ui_list){.key = "Ctrl+T",
                                    .label = tr("Variants"),
                                    .empty = tr("No variants are known.")});
    tiles_show(desk, "variant", desk->ask.variants, desk->ask.count, chosen);
    ui_end(ui);
    if (*chosen) {
        desk->ask = (struct ask){0};
        selling_choose(desk, chosen);
    }
}

static void ask_price(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct ask *ask = &desk->ask;
    struct money amount;
    bool typed = pad_money(desk, &ask->pad, &amount) && amount.minor > 0;
    const char *action =
        typed ? ui_id(ui, tr("Sell at %s"), desk_money(desk, amount)) : tr("Type the price");

    title(desk, *ask->name ? ask->name : tr("Open price"),
          tr("It has no fixed price. What does it cost?"));
    ui_readout(ui, "price",
               &(struct ui_readout){.label = tr("Price"),
                                    .key = "Ctrl+P",
                                    .value = pad_money_text(desk, &ask->pad),
                                    .active = true});
    if (pad_keys(desk, "ask", &ask->pad,
                 &(struct pad_keys){.action = action,
                                    .kind = UI_PRIMARY,
                                    .disabled = !typed,
                                    .decimals = till_currency(desk->till)->exponent,
                                    .weight = 1})) {
        ask->has_price = true;
        selling_answer(desk);
    }
}

static void ask_weight(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct ask *ask = &desk->ask;
    int64_t milli;
    bool typed = pad_milli(&ask->pad, &milli) && milli > 0;
    const char *weight =
        typed ? ui_id(ui, "%s %s", desk_quantity(desk, (struct quantity){milli}), ask->unit) : "";
    const char *action = typed ? ui_id(ui, tr("Sell %s"), weight) : tr("Type the weight");

    title(desk, ask->name,
          ui_id(ui, tr("%s. Weigh it and type what the scale shows."),
                desk_price(desk, ask->price, ask->unit)));
    ui_readout(ui, "weight",
               &(struct ui_readout){
                   .label = tr("Weight"), .key = "Ctrl+W", .value = weight, .active = true});
    if (pad_keys(desk, "ask", &ask->pad,
                 &(struct pad_keys){.action = action,
                                    .kind = UI_PRIMARY,
                                    .disabled = !typed,
                                    .decimals = 3,
                                    .weight = 1})) {
        ask->quantity = (struct quantity){milli};
        selling_answer(desk);
    }
}

static void ask_age(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct ask *ask = &desk->ask;
    struct local_time now = till_now(desk->till);
    struct local_time born = now;
    char date[LOCALE_TEXT_SIZE];

    born.year -= ask->min_age;
    locale_date(till_format(desk->till), &born, date);
    title(desk, ask->name, tr("Only for customers who are old enough. Scanning goes on."));
    ui_spacer(ui, 1);
    ui_text(ui, tr("Born on or before"),
            (struct ui_text){.style = TEXT_LEAD, .tone = UI_INK2, .align = UI_CENTER});
    ui_text(ui, date,
            (struct ui_text){.style = TEXT_TOTAL,
                             .align = UI_CENTER,
                             .shrink = true,
                             .id = "born",
                             .label = tr("Born on or before")});
    ui_spacer(ui, 1);
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    if (ui_button(ui, "age/no",
                  &(struct ui_button){.label = tr("Too young, or not sure"),
                                      .weight = 1,
                                      .height_mm = 19,
                                      .key = "F9"})) {
        selling_drop(desk);
    }
    if (ui_button(ui, "age/yes",
                  &(struct ui_button){.label = ui_id(ui, tr("Is %d or older"), ask->min_age),
                                      .kind = UI_PRIMARY,
                                      .weight = 1,
                                      .key = "Enter"})) {
        ask->age_confirmed = true;
        selling_answer(desk);
    }
    ui_end(ui);
}

/* ---- the unknown code ------------------------------------------------------------------------ */

static enum status run_settle_price(struct desk *desk, const struct deed *deed, struct error *error)
{
    enum status status = till_cart_settle_price(desk->till, (int)deed->a, (struct money){deed->b},
                                                deed->text, NULL, error);

    if (status == STATUS_OK) {
        desk->ask = (struct ask){0};
    }
    return status;
}

static enum status run_settle_out(struct desk *desk, const struct deed *deed, struct error *error)
{
    return till_cart_settle_out(desk->till, (int)deed->a, error);
}

static void settle_price(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct ask *ask = &desk->ask;
    struct money amount = {0};
    bool naming = keyboard_wanted(desk, "settle-name", "shift");
    bool typed = pad_money(desk, &ask->pad, &amount) && amount.minor > 0;
    const char *action =
        typed ? ui_id(ui, tr("Sell at %s"), desk_money(desk, amount)) : tr("Type the price");

    if (pane_head(desk, ui_id(ui, tr("Price of %s"), desk_code(desk, ask->code)), tr("Back"))) {
        selling_drop(desk);
    }
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    ui_field(
        ui, "settle-name",
        &(struct ui_field){
            .hint = tr("What is it? (optional)"), .key = "Ctrl+N", .weight = 1, .max_bytes = 60});
    ui_readout(ui, "price",
               &(struct ui_readout){.label = tr("Price"),
                                    .key = "Ctrl+P",
                                    .value = pad_money_text(desk, &ask->pad),
                                    .active = !naming,
                                    .weight = 1});
    ui_end(ui);
    if (naming) {
        return; /* the keys on the screen have the place of the keypad */
    }
    if (pad_keys(desk, "ask", &ask->pad,
                 &(struct pad_keys){.action = action,
                                    .kind = UI_PRIMARY,
                                    .disabled = !typed,
                                    .decimals = till_currency(desk->till)->exponent,
                                    .weight = 1})) {
        struct deed deed = {.run = run_settle_price,
                            .a = ask->line,
                            .b = amount.minor,
                            .failed = TR_MARK("The code was not settled.")};
        const char *name = ui_field_text(ui, "settle-name");
        snprintf(deed.text, sizeof deed.text, "%s", *name ? name : tr("Article without a code"));
        if (desk_do(desk, &deed)) {
            ui_field_set(ui, "settle-name", "");
        }
    }
}

static void begin_settling(struct desk *desk, enum ask_kind kind, int line, const char *code)
{
    struct ask *ask = &desk->ask;

    *ask = (struct ask){.kind = kind, .line = line};
    snprintf(ask->code, sizeof ask->code, "%s", code);
}

void unknown_show(struct desk *desk, const struct line_view *line)
{
    struct ui *ui = desk->ui;
    int id = line->id;
    char code[TILL_CODE_SIZE];

    snprintf(code, sizeof code, "%s", line->code);
    ui_text(ui, ui_id(ui, tr("What is %s?"), desk_code(desk, code)),
            (struct ui_text){.style = TEXT_HEADING, .lines = 2, .id = "unknown"});
    ui_text(ui, tr("Scanning goes on. Nothing is charged for it yet."),
            (struct ui_text){.style = TEXT_BODY, .tone = UI_INK2, .lines = 2});
    ui_grid(ui, (struct ui_box){.columns = desk_room(desk) > 300 ? 3 : 1, .gap_mm = 2});
    if (ui_button(ui, "settle/link",
                  &(struct ui_button){.label = tr("Find and link"),
                                      .icon = "search",
                                      .key = "Ctrl+F",

                                      .height_mm = 19})) {
        begin_settling(desk, ASK_LINK, id, code);
    }
    if (ui_button(ui, "settle/price",
                  &(struct ui_button){.label = tr("Open price"),
                                      .icon = "edit",
                                      .key = "Ctrl+P",

                                      .height_mm = 19})) {
        begin_settling(desk, ASK_SETTLE_PRICE, id, code);
    }
    if (ui_button(ui, "settle/out",
                  &(struct ui_button){.label = tr("Leave it out"),
                                      .icon = "delete",
                                      .key = "Delete",

                                      .height_mm = 19})) {
        desk_do(desk, &(struct deed){.run = run_settle_out,
                                     .a = id,
                                     .failed = TR_MARK("The code was not left out.")});
    }
    ui_end(ui);
}

void ask_show(struct desk *desk)
{
    switch (desk->ask.kind) {
    case ASK_VARIANT:
        ask_variant(desk);
        break;
    case ASK_PRICE:
        ask_price(desk);
        break;
    case ASK_WEIGHT:
        ask_weight(desk);
        break;
    case ASK_AGE:
        ask_age(desk);
        break;
    case ASK_SETTLE_PRICE:
        settle_price(desk);
        break;
    case ASK_NONE:
    case ASK_LINK:
        break;
    }
}
