/* The rest of the vocabulary on two screens: tender with read-out and banner; a sheet over a list
 * with states, toggles, progress, a code, focus. Pictures as in test_look.
 */
#include "tests/unit/ui/widgets/stage.h"
#include "ui/draw/canvas.h"
#include "ui/widgets/audit.h"

static void order_row(struct ui *ui, int i, const char *number, const char *who, const char *state,
                      enum ui_tone tone, const char *where)
{
    ui_item(
        ui, ui_id(ui, "order/%s", number),
        &(struct ui_item){
            .label = number, .value = who, .selected = i == 1, .tone = i == 4 ? UI_WARN : UI_INK});
    ui_text(ui, number, (struct ui_text){.style = TEXT_STRONG, .width_mm = 16, .keep = true});
    ui_text(ui, who, (struct ui_text){.weight = 3, .may_cut = true});
    ui_row(ui, (struct ui_box){.weight = 3});
    ui_pill(ui, &(struct ui_pill){.text = state, .tone = tone, .strong = true});
    ui_spacer(ui, 1);
    ui_end(ui);
    ui_text(ui, where, (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2, .weight = 4});
    ui_text(ui, "14:10", (struct ui_text){.keep = true});
    ui_end(ui);
}

static void orders(struct ui *ui)
{
    ui_card(ui, (struct ui_box){.weight = 60});
    ui_column(ui, (struct ui_box){.pad_mm = 3, .gap_mm = 3});
    ui_row(ui, (struct ui_box){.gap_mm = 2, .align = UI_CENTER});
    ui_text(ui, "Pickups", (struct ui_text){.style = TEXT_HEADING, .weight = 1});
    const struct ui_option tabs[] = {{.name = "open", .label = "Open 4"},
                                     {.name = "ready", .label = "Ready 1"},
                                     {.name = "done", .label = "Done today 11"}};
    ui_chips(ui, "tab", tabs, 3, 0, "F7");
    ui_end(ui);
    ui_banner(ui, &(struct ui_pill){.text = "No paper. The receipt is saved and prints when paper "
                                            "is back. Go on selling.",
                                    .icon = "warning",
                                    .tone = UI_BAD});
    ui_progress(ui, "count-progress", 593, "38 of 64 items");
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    ui_field(
        ui, "find",
        &(struct ui_field){.hint = "Name or number", .icon = "search", .key = "F1", .weight = 1});
    ui_button(
        ui, "handover",
        &(struct ui_button){.label = "Hand over", .icon = "handover", .weight = 1, .key = "F12"});
    ui_end(ui);
    ui_end(ui);
    ui_separator(ui);
    ui_list_begin(ui, "orders", &(struct ui_list){.key = "F2", .label = "Orders"});
    order_row(ui, 0, "#1048", "Tomás Vidal", "Ready", UI_GOOD, "Bay B · 3 units");
    order_row(ui, 1, "#1051", "Ines Marchetti", "Picking", UI_INFO, "3 of 8 units · Dele");
    order_row(ui, 2, "#1052", "นภา ใจดี", "New", UI_WARN, "1 unit · age check");
    order_row(ui, 3, "#1039", "Лев Брандт", "Not collected", UI_BAD, "Bay A · 2 units");
    order_row(ui, 4, "#1060", "अनिता शर्मा 🙂 \u0e01", "New", UI_WARN,
              "Unknown code 5 018374");
    ui_end(ui);
    ui_end(ui);
}

static void tender(struct ui *ui)
{
    static const struct ui_pad_key keys[] = {
        {.label = "7", .key = "7"},
        {.label = "8", .key = "8"},
        {.label = "9", .key = "9"},
        {.label = "Delete digit", .icon = "backspace", .name = "back", .key = "Backspace"},
        {.label = "4", .key = "4"},
        {.label = "5", .key = "5"},
        {.label = "6", .key = "6"},
        {.label = "00", .key = "Ctrl+0"},
        {.label = "0", .key = "0", .span = 2},
        {.label = "Take £40.00 cash", .name = "take", .word = true, .span = 2, .key = "Enter"},
    };
    ui_card(ui, (struct ui_box){.weight = 40, .pad_mm = 4, .gap_mm = 3});
    ui_row(ui, (struct ui_box){.align = UI_BASELINE});
    ui_text(ui, "To pay", (struct ui_text){.style = TEXT_HEADING, .weight = 1});
    ui_text(ui, "£34.60", (struct ui_text){.style = TEXT_TOTAL, .keep = true, .id = "due"});
    ui_end(ui);
    ui_row(ui,
           (struct ui_box){
               .surface = UI_WELL, .pad_x_mm = 4, .pad_y_mm = 1, .gap_mm = 2, .align = UI_CENTER});
    ui_icon(ui, "gift", UI_INK, 0);
    ui_text(ui, "Gift card ···· 4410", (struct ui_text){.weight = 1});
    ui_text(ui, "£20.00", (struct ui_text){.style = TEXT_NUMBER, .keep = true});
    ui_button(
        ui, "reverse/1",
        &(struct ui_button){.label = "Reverse", .kind = UI_LINK, .key = "Ctrl+R", .height_mm = 12});
    ui_end(ui);
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    ui_button(ui, "card",
              &(struct ui_button){.label = "Card £34.60",
                                  .icon = "card",
                                  .kind = UI_PRIMARY,
                                  .compact = true,
                                  .weight = 1,
                                  .key = "F9"});
    ui_button(
        ui, "giftcard",
        &(struct ui_button){
            .label = "Gift card", .icon = "gift", .height_mm = 19, .weight = 1, .key = "F10"});
    ui_end(ui);
    ui_readout(
        ui, "amount",
        &(struct ui_readout){.label = "Amount", .value = "£40.00", .active = true, .key = "F6"});
    ui_keypad(
        ui, "pad",
        &(struct ui_keypad){.keys = keys, .count = 10, .columns = 4, .weight = 1, .key_mm = 12});
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    ui_toggle(ui, "training",
              &(struct ui_button){.label = "Training", .on = true, .weight = 1, .key = "Ctrl+T"});
    ui_button(
        ui, "discard",
        &(struct ui_button){
            .label = "Discard", .icon = "delete", .kind = UI_DANGER, .weight = 1, .key = "Ctrl+D"});
    ui_end(ui);
    ui_button(ui, "done",
              &(struct ui_button){
                  .label = "Done", .kind = UI_PRIMARY, .why = "£34.60 still to pay", .key = "F11"});
    ui_end(ui);
}

static void sheet(struct ui *ui)
{
    uint8_t modules[21 * 21];
    for (int i = 0; i < 21 * 21; i++)
        modules[i] = (uint8_t)((i * 7 + i / 21 * 3) % 5 < 2);
    ui_sheet(ui, "confirm",
             &(struct ui_sheet){
                 .title = "Refund £30.40 to the card?", .dismiss = true, .width_mm = 130});
    ui_text(ui,
            "The money goes back to the card that paid. The scarf goes back to the shelf. Nothing "
            "is saved until you press Refund.",
            (struct ui_text){.lines = 5});
    ui_row(ui, (struct ui_box){.justify = UI_CENTER});
    ui_modules(ui, "code", "Receipt code", modules, 21, 40);
    ui_end(ui);
    ui_signature(ui, "sign", &(struct ui_signature){.label = "Signature", .key = "F3"});
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    ui_button(ui, "keep",
              &(struct ui_button){
                  .label = "Keep the sale", .weight = 1, .key = "Ctrl+K", .height_mm = 19});
    ui_button(ui, "refund",
              &(struct ui_button){
                  .label = "Refund", .kind = UI_PRIMARY, .weight = 1, .key = "Ctrl+Enter"});
    ui_end(ui);
    ui_end(ui);
}

struct shown {
    bool sheet;
};

static void screen(struct ui *ui, void *context)
{
    const struct shown *shown = context;
    ui_row(ui, (struct ui_box){.pad_mm = 2, .gap_mm = 2});
    orders(ui);
    tender(ui);
    ui_end(ui);
    if (shown->sheet)
        sheet(ui);
}

/* A loop over the pad, as a hand would draw it. */
static void scribble(struct ui *ui, struct shown *shown)
{
    struct rect pad = ui_node(ui, "sign")->rect;
    struct ui_input input = {.kind = UI_INPUT_DOWN};
    for (int i = 0; i < 120; i++) {
        int turn = i % 40 < 20 ? i % 20 : 20 - i % 20;
        input.x = pad.x + 40 + i * 3;
        input.y = pad.y + 90 - turn * turn / 7;
        ui_feed(ui, &input);
        ui_run(ui, screen, shown);
        input.kind = UI_INPUT_MOVE;
    }
    input.kind = UI_INPUT_UP;
    ui_feed(ui, &input);
    ui_run(ui, screen, shown);
}

static size_t audit_and_save(struct ui *ui, const struct ui_setup *setup, const char *name)
{
    struct error error = {0};
    struct canvas *canvas = NULL;
    int64_t damage = 0;
    const char *folder = getenv("HOLDFAST_PICTURES");
    assert_int_equal(
        canvas_create_memory(setup->metrics.width_px, setup->metrics.height_px, &canvas, &error),
        STATUS_OK);
    assert_int_equal(canvas_draw(canvas, ui_list(ui), &damage, &error), STATUS_OK);
    if (folder != NULL) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s.png", folder, name);
        assert_int_equal(canvas_save(canvas, path, &error), STATUS_OK);
    }
    canvas_free(canvas);
    struct audit_fault faults[32];
    size_t count = 0;
    const struct ui_node *nodes = ui_nodes(ui, &count);
    size_t found = audit(nodes, count, &setup->metrics, faults, 32);
    for (size_t k = 0; k < found && k < 32; k++)
        print_message("%s: %s\n", name, faults[k].text);
    return found;
}

static void test_look_more__audit_finds_nothing(void **state)
{
    static const char *const themes[] = {"light", "dark", "contrast"};
    const struct stage *stage = *state;
    struct error error = {0};
    size_t faults = 0;
    for (int i = 0; i < 6; i++) {
        struct ui_setup setup = {.text = stage->text, .icons = stage->icons, .rtl = i == 1};
        struct shown shown = {.sheet = i >= 3};
        char name[64];
        assert_int_equal(theme_load("assets/themes", themes[i % 3], &setup.theme, &error),
                         STATUS_OK);
        assert_int_equal(metrics_init(&setup.metrics, 1366, 768, 344, i == 5 ? 130 : 100, &error),
                         STATUS_OK);
        struct ui *ui = ui_create(&setup);
        ui_run(ui, screen, &shown);
        if (i == 0) {
            assert_int_equal(ui_type(ui, "find", "Tomás שלום 12"), STATUS_OK);
            ui_run(ui, screen, &shown);
        } else {
            for (int k = 0; k < 4 + i; k++)
                ui_key(ui, "Tab");
            ui_run(ui, screen, &shown);
        }
        if (shown.sheet)
            scribble(ui, &shown);
        snprintf(name, sizeof name, "more-%d-%s", i, themes[i % 3]);
        faults += audit_and_save(ui, &setup, name);
        ui_free(ui);
    }
    assert_int_equal(faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_look_more__audit_finds_nothing),
    };
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
