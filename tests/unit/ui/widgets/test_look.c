/* A sell screen with fixed data, drawn without a display in every theme, size and direction. Set
 * HOLDFAST_PICTURES to a folder to keep the pictures. The audit has to find nothing.
 */
#include "tests/unit/ui/widgets/stage.h"
#include "ui/draw/canvas.h"
#include "ui/widgets/audit.h"

struct line {
    const char *quantity, *name, *detail, *saving, *amount;
};

static const struct line lines[] = {
    {"2", "Sea Salt Crackers 200 g", "£2.40 each", "", "£4.80"},
    {"1", "Wool Scarf, Moss / One size", "£38.00", "Winter 20 % −£7.60", "£30.40"},
    {"0.742", "Cox Apples, loose", "£2.90 / kg · scale", "", "£2.15"},
    {"1", "Beeswax Candle, tall", "", "", "£12.50"},
    {"6", "Sparkling Water 500 ml", "£0.95 each", "6 for 5 −£0.95", "£4.75"},
};

static const char *const lines_ar[] = {"بسكويت بملح البحر ٢٠٠ غ", "وشاح صوف، Moss",
                                       "تفاح كوكس، سائب", "شمعة شمع العسل", "مياه غازية 500 مل"};

struct tile {
    const char *name, *price, *note;
    int category;
};

static const struct tile tiles[] = {
    {"Sea Salt Crackers", "£2.40", "24", 1},
    {"Oat Biscuits", "£1.95", "61", 1},
    {"Cox Apples, loose", "£2.90/kg", "18.4 kg", 2},
    {"Sourdough Loaf", "£3.80", "6", 3},
    {"Flat White", "£3.10", "", 4},
    {"Wool Scarf", "£38.00", "4 variants", 5},
    {"Beeswax Candle", "£12.50", "9", 6},
    {"Sparkling Water", "£0.95", "140", 7},
    {"Gift Card", "any amount", "", 8},
    {"Carrier Bag", "£0.20", "", 8},
    {"Olive Oil 500 ml", "£9.40", "1 free of 3", 2},
    {"Dark Chocolate 70 %", "£2.75", "33", 4},
    {"Linen Napkin", "£6.50", "12", 5},
    {"Honey, clear", "£5.20", "none", 3},
    {"Greeting Card", "£2.50", "77", 6},
    {"Rye Loaf", "£4.20", "4", 3},
    {"Oat Milk 1 l", "£2.10", "38", 7},
    {"Tomato Passata", "£1.60", "52", 1},
    {"Knit Hat, Moss", "£24.00", "3 variants", 5},
    {"Tea, Assam 80", "£3.95", "27", 4},
    {"Soap, Lavender", "£5.50", "19", 6},
    {"Eggs, free range", "£3.20", "14", 3},
    {"Newspaper", "£2.80", "", 8},
    {"緑茶 ほうじ茶 100 g", "£2.40", "8", 2},
    {"زنجبيل Ginger Ale", "£1.35", "63", 7},
};

struct shown {
    bool offline, keypad, arabic;
    int selected;
    const char *why;
};

static const char *say(const struct shown *shown, const char *english, const char *arabic)
{
    return shown->arabic ? arabic : english;
}

static void strip(struct ui *ui, const struct shown *s)
{
    ui_row(ui, (struct ui_box){.height_mm = 10,
                               .pad_x_mm = 4,
                               .pad_y_mm = 1,
                               .gap_mm = 5.5F,
                               .align = UI_CENTER,
                               .wrap = ui_portrait(ui) || ui_text_percent(ui) > 120,
                               .surface = UI_STRIP});
    ui_text(ui, "Holdfast", (struct ui_text){.style = TEXT_SMALL_STRONG, .keep = true});
    ui_text(ui, say(s, "Harbour Street · Till 2", "شارع الميناء · صندوق 2"),
            (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2, .may_cut = true});
    if (s->offline)
        ui_pill(ui, &(struct ui_pill){
                        .text = say(s, "Selling offline since 14:02 · 37 sales will be sent later",
                                    "البيع دون اتصال منذ 14:02 · ستُرسل 37 عملية لاحقًا"),
                        .icon = "offline",
                        .tone = UI_WARN,
                        .lines = 2});
    else
        ui_pill(ui, &(struct ui_pill){.text = say(s, "Online, all sent", "متصل، أُرسل الكل"),
                                      .icon = "online",
                                      .tone = UI_GOOD,
                                      .plain = true});
    ui_spacer(ui, 1);
    ui_pill(ui, &(struct ui_pill){.text = say(s, "Ready", "جاهز"),
                                  .icon = "scanner",
                                  .tone = UI_INK2,
                                  .plain = true,
                                  .id = "scanner"});
    ui_pill(ui, &(struct ui_pill){.text = say(s, "Ready", "جاهز"),
                                  .icon = "printer",
                                  .tone = UI_INK2,
                                  .plain = true,
                                  .id = "printer"});
    ui_pill(ui, &(struct ui_pill){.text = say(s, "Amira K. · Cashier", "أميرة ك. · صندوق"),
                                  .icon = "person",
                                  .tone = UI_INK2,
                                  .plain = true});
    ui_text(ui, "14:36", (struct ui_text){.style = TEXT_SMALL_STRONG, .keep = true});
    ui_end(ui);
}

static void cart_line(struct ui *ui, const struct shown *s, int i)
{
    const struct line *line = &lines[i];
    ui_item(ui, ui_id(ui, "line/%d", i),
            &(struct ui_item){
                .label = line->name, .value = line->amount, .selected = i == s->selected});
    ui_text(ui, line->quantity,
            (struct ui_text){.style = TEXT_STRONG, .width_mm = 12.5F, .keep = true});
    ui_column(ui, (struct ui_box){.weight = 1});
    ui_text(ui, s->arabic ? lines_ar[i] : line->name, (struct ui_text){.may_cut = true});
    if (*line->detail != '\0') {
        ui_row(ui, (struct ui_box){.gap_mm = 1, .align = UI_BASELINE});
        ui_text(ui, line->detail, (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2});
        if (*line->saving != '\0')
            ui_text(ui, line->saving,
                    (struct ui_text){.style = TEXT_SMALL_STRONG, .tone = UI_GOOD, .may_cut = true});
        ui_end(ui);
    }
    ui_end(ui);
    ui_text(ui, line->amount,
            (struct ui_text){.style = TEXT_NUMBER, .align = UI_END_EDGE, .keep = true});
    ui_end(ui);
}

static void cart(struct ui *ui, const struct shown *s)
{
    ui_card(ui, (struct ui_box){.weight = 40});
    ui_row(ui, (struct ui_box){.height_mm = 14, .pad_x_mm = 3.5F, .gap_mm = 2, .align = UI_CENTER});
    ui_icon(ui, "customer", UI_INK, 0);
    ui_text(ui, "Joana Reis", (struct ui_text){.style = TEXT_STRONG});
    ui_text(ui, say(s, "· Gold · 1,240 points", "· ذهبي · 1,240 نقطة"),
            (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2, .weight = 1, .may_cut = true});
    ui_button(ui, "customer-off",
              &(struct ui_button){.label = "Remove customer",
                                  .icon = "close",
                                  .icon_only = true,
                                  .kind = UI_QUIET,
                                  .key = "Ctrl+K"});
    ui_end(ui);
    ui_separator(ui);
    ui_list_begin(ui, "lines", &(struct ui_list){.key = "F2", .label = "Lines"});
    for (int i = 0; i < 5; i++)
        cart_line(ui, s, i);
    ui_end(ui);
    ui_separator(ui);
    ui_column(ui, (struct ui_box){.pad_x_mm = 4, .pad_y_mm = 2});
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    ui_text(ui, say(s, "11 items · saved £8.55", "11 صنفًا · وفّرت ⁨£8.55⁩"),
            (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2, .weight = 1, .lines = 2});
    ui_text(ui, say(s, "VAT included £7.94", "الضريبة ⁨£7.94⁩"),
            (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2, .align = UI_END_EDGE});
    ui_end(ui);
    ui_row(ui, (struct ui_box){.gap_mm = 2, .align = UI_BASELINE});
    ui_text(ui, say(s, "Total", "المجموع"), (struct ui_text){.style = TEXT_HEADING, .keep = true});
    ui_text(ui, "£54.60",
            (struct ui_text){.style = TEXT_TOTAL,
                             .align = UI_END_EDGE,
                             .weight = 1,
                             .shrink = true,
                             .id = "total",
                             .label = "Total"});
    ui_end(ui);
    ui_end(ui);
    ui_column(ui, (struct ui_box){.pad_x_mm = 2, .pad_y_mm = 0, .gap_mm = 1.7F});
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    ui_button(ui, "park",
              &(struct ui_button){
                  .label = say(s, "Park", "تعليق"), .icon = "pause", .key = "F5", .weight = 1});
    ui_button(
        ui, "discount",
        &(struct ui_button){
            .label = say(s, "Discount", "خصم"), .icon = "discount", .key = "F6", .weight = 1});
    ui_button(ui, "undo",
              &(struct ui_button){
                  .label = say(s, "Undo", "تراجع"), .icon = "undo", .key = "Ctrl+Z", .weight = 1});
    ui_button(ui, "more",
              &(struct ui_button){
                  .label = say(s, "More", "المزيد"), .icon = "more", .key = "F10", .weight = 1});
    ui_end(ui);
    ui_button(ui, "pay",
              &(struct ui_button){.label = say(s, "Pay £54.60", "ادفع ⁨£54.60⁩"),
                                  .kind = UI_PRIMARY,
                                  .key = "F12",
                                  .why = s->why});
    ui_end(ui);
    ui_gap(ui, 2);
    ui_end(ui);
}

static void grid(struct ui *ui, const struct shown *s)
{
    const struct ui_option chips[] = {
        {.name = "fav", .label = say(s, "Favourites", "المفضلة"), .icon = "star"},
        {.name = "pantry", .label = say(s, "Pantry", "المؤن")},
        {.name = "fresh", .label = say(s, "Fresh", "طازج")},
        {.name = "bakery", .label = say(s, "Bakery", "مخبوزات")},
        {.name = "home", .label = say(s, "Home", "المنزل")},
        {.name = "clothing", .label = say(s, "Clothing", "ملابس")},
        {.name = "gifts", .label = say(s, "Gifts", "هدايا")},
        {.name = "drinks", .label = say(s, "Drinks", "مشروبات")},
    };
    ui_chips(ui, "categories", chips, 8, 0, "F7");
}

static void tiles_of(struct ui *ui, const struct shown *s)
{
    ui_list_begin(ui, "tiles", &(struct ui_list){.label = "Products", .key = "F8"});
    ui_grid(ui, (struct ui_box){.weight = 1, .columns = 500 / ui_text_percent(ui), .gap_mm = 2});
    for (int i = 0; i < 25; i++) {
        const struct tile *tile = &tiles[i];
        bool none = strcmp(tile->note, "none") == 0;
        char note[48];
        snprintf(note, sizeof note, "%s%s", tile->note,
                 s->offline && *tile->note != '\0' && !none ? " · 14:02" : "");
        ui_tile(ui, ui_id(ui, "tile/%d", i),
                &(struct ui_tile){.name = tile->name,
                                  .price = tile->price,
                                  .note = note,
                                  .note_icon = none ? "none" : NULL,
                                  .note_tone = none ? UI_BAD : UI_INK,
                                  .category = tile->category});
    }
    ui_end(ui);
    ui_end(ui);
}

static void keypad(struct ui *ui, const struct shown *s)
{
    const struct ui_pad_key keys[] = {
        {.label = "7", .key = "7"},
        {.label = "8", .key = "8"},
        {.label = "9", .key = "9"},
        {.label = say(s, "Quantity", "الكمية"),
         .name = "quantity",
         .word = true,
         .on = true,
         .key = "Ctrl+Q"},
        {.label = "4", .key = "4"},
        {.label = "5", .key = "5"},
        {.label = "6", .key = "6"},
        {.label = say(s, "Price", "السعر"), .name = "price", .word = true, .key = "Ctrl+P"},
        {.label = "1", .key = "1"},
        {.label = "2", .key = "2"},
        {.label = "3", .key = "3"},
        {.label = say(s, "Discount", "خصم"), .name = "discount", .word = true, .key = "Ctrl+D"},
        {.label = "0", .key = "0"},
        {.label = "00", .key = "Ctrl+0"},
        {.label = ".", .key = "."},
        {.label = "Delete digit", .icon = "backspace", .name = "back", .key = "Backspace"},
    };
    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 4, .gap_mm = 3});
    ui_row(ui, (struct ui_box){.gap_mm = 3, .align = UI_BASELINE});
    ui_text(ui, "Sparkling Water 500 ml", (struct ui_text){.style = TEXT_HEADING, .weight = 1});
    ui_text(ui, say(s, "Quantity", "الكمية"),
            (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2});
    ui_text(
        ui, "6",
        (struct ui_text){.style = TEXT_TOTAL, .keep = true, .id = "figure", .label = "Quantity"});
    ui_end(ui);
    ui_keypad(ui, "pad", &(struct ui_keypad){.keys = keys, .count = 16, .columns = 4, .weight = 1});
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    ui_button(ui, "remove",
              &(struct ui_button){.label = say(s, "Remove line", "حذف السطر"),
                                  .icon = "delete",
                                  .weight = 1,
                                  .key = "Delete"});
    ui_button(ui, "case",
              &(struct ui_button){.label = say(s, "Case of 24", "صندوق 24"),
                                  .icon = "case",
                                  .weight = 1,
                                  .key = "Ctrl+C"});
    ui_button(ui, "note",
              &(struct ui_button){
                  .label = say(s, "Note", "ملاحظة"), .icon = "note", .weight = 1, .key = "Ctrl+N"});
    ui_button(
        ui, "stock",
        &(struct ui_button){
            .label = say(s, "Stock", "المخزون"), .icon = "info", .weight = 1, .key = "Ctrl+S"});
    ui_end(ui);
    ui_end(ui);
}

static void sell(struct ui *ui, void *context)
{
    const struct shown *s = context;
    const struct ui_option modes[] = {
        {.name = "products",
         .label = say(s, "Products", "المنتجات"),
         .icon = "products",
         .key = "F3"},
        {.name = "keypad",
         .label = say(s, "Keypad", "لوحة الأرقام"),
         .icon = "keypad",
         .key = "F4"},
    };
    ui_column(ui, (struct ui_box){.weight = 1});
    strip(ui, s);
    struct ui_box body = {.weight = 1, .pad_mm = 2, .gap_mm = 2};
    if (ui_portrait(ui))
        ui_column(ui, body);
    else
        ui_row(ui, body);
    cart(ui, s);
    ui_column(ui, (struct ui_box){.weight = 60, .gap_mm = 2});
    ui_card(ui, (struct ui_box){.pad_mm = 2, .gap_mm = 2});
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    ui_field(ui, "search",
             &(struct ui_field){.hint = say(s, "Search or scan", "ابحث أو امسح"),
                                .icon = "search",
                                .key = "F1",
                                .weight = 1});
    ui_segments(ui, "mode", modes, 2, s->keypad ? 1 : 0, 0);
    ui_button(
        ui, "pickups",
        &(struct ui_button){
            .label = say(s, "Pickups", "الاستلام"), .icon = "bag", .badge = "3", .key = "F9"});
    ui_end(ui);
    if (!s->keypad)
        grid(ui, s);
    ui_end(ui);
    if (s->keypad)
        keypad(ui, s);
    else
        tiles_of(ui, s);
    ui_end(ui);
    ui_end(ui);
    ui_end(ui);
}

struct scene {
    const char *name, *theme;
    int w, h, mm, percent;
    bool rtl;
    struct shown shown;
};

static const struct scene scenes[] = {
    {"light", "light", 1366, 768, 344, 100, false, {.selected = 4}},
    {"keypad", "light", 1366, 768, 344, 100, false, {.selected = 4, .keypad = true}},
    {"dark", "dark", 1366, 768, 344, 100, false, {.selected = 4, .offline = true}},
    {"contrast", "contrast", 1366, 768, 344, 100, false, {.selected = 4}},
    {"arabic", "light", 1366, 768, 344, 100, true, {.selected = 4, .arabic = true}},
    {"arabic-keypad",
     "dark",
     1366,
     768,
     344,
     100,
     true,
     {.selected = 4, .arabic = true, .keypad = true, .offline = true}},
    {"large", "light", 1366, 768, 344, 150, false, {.selected = 4, .why = "1 code to settle"}},
    {"small", "light", 1024, 768, 304, 100, false, {.selected = 2}},
    {"small-large", "dark", 1024, 768, 304, 130, false, {.selected = 2, .offline = true}},
    {"portrait", "light", 1080, 1920, 194, 100, false, {.selected = 1}},
    {"portrait-arabic", "contrast", 1080, 1920, 194, 150, true, {.selected = 1, .arabic = true}},
    {"fullhd", "light", 1920, 1080, 344, 100, false, {.selected = 4}},
};

static struct ui *open_scene(const struct stage *stage, const struct scene *scene,
                             struct ui_setup *setup)
{
    *setup = (struct ui_setup){.text = stage->text, .icons = stage->icons, .rtl = scene->rtl};
    struct error error = {0};
    assert_int_equal(theme_load("assets/themes", scene->theme, &setup->theme, &error), STATUS_OK);
    assert_int_equal(
        metrics_init(&setup->metrics, scene->w, scene->h, scene->mm, scene->percent, &error),
        STATUS_OK);
    return ui_create(setup);
}

static void test_look__audit_finds_nothing(void **state)
{
    const struct stage *stage = *state;
    const char *folder = getenv("HOLDFAST_PICTURES");
    size_t faults_in_all = 0;
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        const struct scene *scene = &scenes[i];
        struct ui_setup setup;
        struct error error = {0};
        struct ui *ui = open_scene(stage, scene, &setup);
        struct shown shown = scene->shown;
        ui_run(ui, sell, &shown);
        struct canvas *canvas = NULL;
        assert_int_equal(canvas_create_memory(scene->w, scene->h, &canvas, &error), STATUS_OK);
        int64_t damage = 0;
        assert_int_equal(canvas_draw(canvas, ui_list(ui), &damage, &error), STATUS_OK);
        if (folder != NULL) {
            char path[512];
            snprintf(path, sizeof path, "%s/%s.png", folder, scene->name);
            assert_int_equal(canvas_save(canvas, path, &error), STATUS_OK);
        }
        struct audit_fault faults[32];
        size_t count = 0;
        const struct ui_node *nodes = ui_nodes(ui, &count);
        size_t found = audit(nodes, count, &setup.metrics, faults, 32);
        for (size_t k = 0; k < found && k < 32; k++)
            print_message("%s: %s\n", scene->name, faults[k].text);
        faults_in_all += found;
        ui_shown(ui);
        canvas_free(canvas);
        ui_free(ui);
    }
    assert_int_equal(faults_in_all, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_look__audit_finds_nothing),
    };
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
