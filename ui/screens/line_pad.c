/* The keypad of the selected line: its quantity, its price, a discount; and the multiplier of the
 * next scan. Nothing changes before the key that says what will happen. */
#include "ui/screens/pad.h"
#include "ui/screens/reasons.h"
#include "ui/screens/screens.h"
#include "ui/screens/selling.h"

#include "terminal/money/locale.h"

#include <stdio.h>
#include <string.h>

enum { PACKS_SHOWN = 2 };

static enum status run_quantity(struct desk *desk, const struct deed *deed, struct error *error)
{
    return till_cart_quantity(desk->till, (int)deed->a, (struct quantity){deed->b}, error);
}

static enum status run_price(struct desk *desk, const struct deed *deed, struct error *error)
{
    return till_cart_price(desk->till, (int)deed->a, (struct money){deed->b}, deed->text, error);
}

static enum status run_percent(struct desk *desk, const struct deed *deed, struct error *error)
{
    struct pricing_discount discount = {.percent = true, .ppm = (int32_t)deed->b};

    if (deed->b < 0 || deed->b > RATE_ONE)
        return error_set(error, STATUS_RANGE, "a discount is at most 100 %%");

    return till_cart_line_discount(desk->till, (int)deed->a, discount, deed->text, error);
}

static enum status run_amount(struct desk *desk, const struct deed *deed, struct error *error)
{
    struct pricing_discount discount = {.amount = {deed->b}};

    return till_cart_line_discount(desk->till, (int)deed->a, discount, deed->text, error);
}

static enum status run_remove(struct desk *desk, const struct deed *deed, struct error *error)
{
    enum status status = till_cart_remove(desk->till, (int)deed->a, error);

    if (status == STATUS_OK) {
        desk->pad.shown = false;
    }
    return status;
}

static enum status run_pack(struct desk *desk, const struct deed *deed, struct error *error)
{
    enum status status = till_cart_pack(desk->till, (int)deed->a, deed->text, error);

    if (status == STATUS_OK) {
        pad_clear(&desk->pad.pad);
    }
    return status;
}

static enum status run_arm(struct desk *desk, const struct deed *deed, struct error *error)
{
    enum status status = till_cart_arm(desk->till, (int)deed->a, error);

    if (status == STATUS_OK) {
        desk->pad.shown = false;
        pad_clear(&desk->pad.pad);
    }
    return status;
}

/* What pressing "set" will do, in words and as a deed. */
struct intent {
    const char *words; /* NULL: nothing yet */
    const char *why;   /* what is missing */
    struct deed deed;
};

static void want_reason(struct desk *desk, const char *const *reasons, struct intent *intent)
{
    if (desk->pad.reason < 0) {
        intent->why = tr("Choose a reason");
    } else {
        snprintf(intent->deed.text, sizeof intent->deed.text, "%s", reasons[desk->pad.reason]);
    }
}

static struct intent intent_of(struct desk *desk, const struct line_view *line)
{
    struct ui *ui = desk->ui;
    struct line_pad *pad = &desk->pad;
    struct intent intent = {.why = tr("Type a number")};
    struct money amount;
    int64_t milli;

    if (!line || !pad_milli(&pad->pad, &milli)) {
        return intent;
    }
    intent.why = NULL;
    intent.deed.a = line->id;
    if (pad->mode == PAD_QUANTITY) {
        intent.deed.run = run_quantity;
        intent.deed.b = milli;
        intent.deed.failed = TR_MARK("The quantity was not changed.");
        intent.words =
            ui_id(ui, tr("Set quantity to %s"), desk_quantity(desk, (struct quantity){milli}));
        return intent;
    }
    if (pad->mode == PAD_DISCOUNT && pad->percent) {
        intent.deed.run = run_percent;
        intent.deed.b = milli * 10; /* thousandths of a per cent to parts per million */
        intent.deed.failed = TR_MARK("The discount was not given.");
        intent.words =
            ui_id(ui, tr("Take %s %% off"), desk_quantity(desk, (struct quantity){milli}));
        want_reason(desk, discount_reasons, &intent);
        return intent;
    }
    if (!pad_money(desk, &pad->pad, &amount)) {
        intent.why = tr("Type a number");
        return intent;
    }
    intent.deed.b = amount.minor;
    if (pad->mode == PAD_PRICE) {
        intent.deed.run = run_price;
        intent.deed.failed = TR_MARK("The price was not changed.");
        intent.words = ui_id(ui, tr("Set price to %s"), desk_money(desk, amount));
        want_reason(desk, price_reasons, &intent);
    } else {
        intent.deed.run = run_amount;
        intent.deed.failed = TR_MARK("The discount was not given.");
        intent.words = ui_id(ui, tr("Take %s off"), desk_money(desk, amount));
        want_reason(desk, discount_reasons, &intent);
    }
    return intent;
}

static void discount_kind(struct desk *desk)
{
    struct line_pad *pad = &desk->pad;
    const struct ui_option kinds[] = {{.name = "percent", .label = "%", .key = "Ctrl+K"},
                                      {.name = "amount", .label = tr("Amount"), .key = "Ctrl+A"}};
    int kind = ui_segments(desk->ui, "discount-kind", kinds, 2, pad->percent ? 0 : 1, 0);

    if (kind >= 0) {
        pad->percent = kind == 0;
        pad_clear(&pad->pad);
    }
}

/* "24 as of 12:03, 2 not yet sent": what is told to a customer who asks for more. */
static const char *stock_text(struct desk *desk, const struct line_view *line)
{
    struct ui *ui = desk->ui;
    struct tile_view item;

    if (!*line->sku || till_item(desk->till, line->sku, &item, NULL) != STATUS_OK ||
        !item.stock.stocked) {
        return tr("Its stock is not counted.");
    }
    const struct stock_view *stock = &item.stock;
    struct quantity unsent = stock->unsent;
    unsent.milli = unsent.milli < 0 ? -unsent.milli : unsent.milli;
    const char *unit = strcmp(item.unit, "each") == 0 ? "" : item.unit;
    const char *figure =
        ui_id(ui, *unit ? "%s %s" : "%s%s", desk_quantity(desk, stock->on_hand), unit);
    if (stock->as_of_ms == 0) {
        return ui_id(ui, tr("%s in stock"), figure);
    }
    const char *when = desk_clock(desk, stock->as_of_ms);
    return unsent.milli == 0 ? ui_id(ui, tr("%s in stock as of %s"), figure, when)
                             : ui_id(ui, tr("%s in stock as of %s, %s not yet sent"), figure, when,
                                     desk_quantity(desk, unsent));
}

/* The line's name, and what is being typed for it. */
static void pad_title(struct desk *desk, const struct line_view *line)
{
    struct ui *ui = desk->ui;
    struct line_pad *pad = &desk->pad;
    const char *label = pad->mode == PAD_PRICE      ? tr("Price")
                        : pad->mode == PAD_DISCOUNT ? tr("Discount")
                                                    : tr("Quantity");
    const char *value = pad->pad.text;
    bool money = pad->mode == PAD_PRICE || (pad->mode == PAD_DISCOUNT && !pad->percent);

    if (money) {
        value = pad_money_text(desk, &pad->pad);
    } else if (*value && pad->mode == PAD_DISCOUNT) {
        value = ui_id(ui, "%s %%", value);
    } else if (!*value && line && pad->mode == PAD_QUANTITY) {
        value = desk_quantity(desk, line->quantity);
    }
    ui_row(ui, (struct ui_box){.gap_mm = 3, .align = UI_CENTER, .height_mm = 15});
    ui_column(ui, (struct ui_box){.weight = 1, .justify = UI_CENTER});
    ui_text(ui, line ? ui_id(ui, "%s", line->name) : tr("No line is selected"),
            (struct ui_text){.style = TEXT_HEADING, .may_cut = true});
    if (line && pad->stock) {
        ui_text(ui, stock_text(desk, line),
                (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2, .lines = 2, .id = "stock"});
    }
    ui_end(ui);
    if (pad->mode == PAD_DISCOUNT) {
        discount_kind(desk);
    } else {
        ui_text(ui, label, (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2});
    }
    ui_text(ui, *value ? value : "–",
            (struct ui_text){.style = desk_room(desk) > 250 ? TEXT_TOTAL : TEXT_PRIMARY,
                             .keep = true,
                             .align = UI_END_EDGE,
                             .id = "typed",
                             .label = label});
    ui_end(ui);
}

static void reasons_row(struct desk *desk)
{
    struct line_pad *pad = &desk->pad;

    if (pad->mode == PAD_DISCOUNT) {
        pad->reason =
            reason_chips(desk, "reason", discount_reasons, DISCOUNT_REASONS, pad->reason, "Ctrl+R");
    } else if (pad->mode == PAD_PRICE) {
        pad->reason =
            reason_chips(desk, "reason", price_reasons, PRICE_REASONS, pad->reason, "Ctrl+R");
    }
}

static void keys(struct desk *desk)
{
    struct line_pad *pad = &desk->pad;
    const char *mark = pad_mark(desk, &pad->pad, 3);
    static const char *const pressed[] = {"7", "8", "9", "", "4", "5",  "6", "",
                                          "1", "2", "3", "", "0", "00", ".", "<"};

    const struct ui_pad_key all[] = {{.label = "7", .key = "7"},
                                     {.label = "8", .key = "8"},
                                     {.label = "9", .key = "9"},
                                     {.label = tr("Quantity"),
                                      .name = "quantity",
                                      .key = "Ctrl+Q",
                                      .word = true,
                                      .on = pad->mode == PAD_QUANTITY},
                                     {.label = "4", .key = "4"},
                                     {.label = "5", .key = "5"},
                                     {.label = "6", .key = "6"},
                                     {.label = tr("Price"),
                                      .name = "price",
                                      .key = "Ctrl+P",
                                      .word = true,
                                      .on = pad->mode == PAD_PRICE},
                                     {.label = "1", .key = "1"},
                                     {.label = "2", .key = "2"},
                                     {.label = "3", .key = "3"},
                                     {.label = tr("Discount"),
                                      .name = "discount",
                                      .key = "Ctrl+D",
                                      .word = true,
                                      .on = pad->mode == PAD_DISCOUNT},
                                     {.label = "0", .key = "0"},
                                     {.label = "00", .name = "00", .key = "Ctrl+0"},
                                     {.label = mark, .name = "point", .key = mark},
                                     {.label = tr("Delete the last digit"),
                                      .icon = "backspace",
                                      .name = "back",
                                      .key = "Backspace"}};
    int key = ui_keypad(desk->ui, "pad",
                        &(struct ui_keypad){.keys = all, .count = 16, .columns = 4, .weight = 1});

    if (key == 3 || key == 7 || key == 11) {
        pad->mode = key == 3 ? PAD_QUANTITY : key == 7 ? PAD_PRICE : PAD_DISCOUNT;
        pad->reason = -1;
        pad_clear(&pad->pad);
    } else if (key >= 0) {
        pad_press(&pad->pad, pressed[key], 3);
    }
}

/* A key for each pack the article comes in; the chosen one goes back to single units. */
static void pack_keys(struct desk *desk, const struct line_view *line)
{
    static const char *const shortcuts[PACKS_SHOWN] = {"Ctrl+1", "Ctrl+2"};
    struct pack_view packs[PACKS_SHOWN];
    int count = 0;

    if (!line || line->weighed || !*line->sku || line->linked_to ||
        till_packs(desk->till, line->sku, packs, PACKS_SHOWN, &count, NULL) != STATUS_OK) {
        return;
    }
    for (int i = 0; i < count; i++) {
        bool on = strcmp(line->pack, packs[i].label) == 0;
        if (ui_button(desk->ui, ui_id(desk->ui, "pack/%s", packs[i].pack),
                      &(struct ui_button){.label = tr(packs[i].label),
                                          .icon = "case",
                                          .key = shortcuts[i],
                                          .on = on,
                                          .weight = 3})) {
            struct deed deed = {
                .run = run_pack, .a = line->id, .failed = TR_MARK("The pack was not changed.")};
            snprintf(deed.text, sizeof deed.text, "%.*s", KEY_SIZE - 1, on ? "" : packs[i].pack);
            desk_do(desk, &deed);
            return; /* the line is another now */
        }
    }
}

/* What can be done with the line. */
static void line_keys(struct desk *desk, const struct line_view *line)
{
    struct ui *ui = desk->ui;
    struct line_pad *pad = &desk->pad;
    int id = line ? line->id : 0;

    ui_row(ui, (struct ui_box){.gap_mm = 2});
    bool remove = ui_button(ui, "remove",
                            &(struct ui_button){.label = tr("Remove line"),
                                                .icon = "delete",
                                                .key = "Delete",
                                                .disabled = !line,
                                                .weight = 3});
    pack_keys(desk, line);
    if (ui_button(ui, "show-stock",
                  &(struct ui_button){.label = tr("In stock"),
                                      .icon = "info",
                                      .key = "Ctrl+S",
                                      .on = pad->stock,
                                      .disabled = !line,
                                      .weight = 3})) {
        pad->stock = !pad->stock;
    }
    ui_end(ui);
    if (remove) {
        desk_do(desk, &(struct deed){.run = run_remove,
                                     .a = id,
                                     .failed = TR_MARK("The line was not removed.")});
    }
}

/* What happens with the number, each named by what it will do. */
static void number_keys(struct desk *desk, const struct line_view *line)
{
    struct ui *ui = desk->ui;
    struct line_pad *pad = &desk->pad;
    struct intent intent = intent_of(desk, line);
    int64_t milli = 0;
    bool whole = pad->mode == PAD_QUANTITY && pad_milli(&pad->pad, &milli) &&
                 milli % QUANTITY_ONE == 0 && milli > 0 && milli <= ARM_MAX * QUANTITY_ONE;

    ui_row(ui, (struct ui_box){.gap_mm = 2});
    const char *times =
        whole ? ui_id(ui, tr("Next scan × %s"), desk_quantity(desk, (struct quantity){milli}))
              : tr("Next scan ×");
    if (ui_button(
            ui, "arm",
            &(struct ui_button){.label = times, .key = "*", .disabled = !whole, .weight = 3})) {
        desk_do(desk, &(struct deed){.run = run_arm,
                                     .a = milli / QUANTITY_ONE,
                                     .failed = TR_MARK("The number was not taken.")});
    }
    if (ui_button(ui, "set",
                  &(struct ui_button){.label = intent.words,
                                      .why = intent.why,
                                      .key = "Enter",
                                      .weight = 4,
                                      .on = true})) {
        if (desk_do(desk, &intent.deed)) {
            pad_clear(&pad->pad);
        }
    }
    ui_end(ui);
}

void line_pad_show(struct desk *desk)
{
    const struct line_view *line = selling_selected(desk);

    if (line && desk->pad.line != line->id) {
        desk->pad =
            (struct line_pad){.shown = true, .line = line->id, .reason = -1, .percent = true};
    }
    pad_title(desk, line);
    keys(desk);
    if (desk->pad.mode == PAD_QUANTITY) {
        line_keys(desk, selling_selected(desk));
    } else {
        reasons_row(desk); /* a price or a discount wants one, and has no room for more */
    }
    number_keys(desk, selling_selected(desk));
}
