/* How the till is, in words about consequences; and how it looks. Reachable by anybody. */
#include "ui/screens/screens.h"

#include <stdio.h>
#include <string.h>

static const char *light_words(const struct device_line *line)
{
    switch (line->light) {
    case LIGHT_READY:
        return tr("Ready");
    case LIGHT_TROUBLE:
        return tr("Needs a look");
    default:
        return tr("None");
    }
}

static void connection(struct desk *desk)
{
    struct ui *ui = desk->ui;
    const struct till_status *status = &desk->status;
    const char *online =
        !status->sync_known ? tr("Never connected yet")
        : status->online    ? tr("Online")
        : status->offline_since_ms
            ? ui_id(ui, tr("Offline since %s"), desk_clock(desk, status->offline_since_ms))
            : tr("Offline");

    trouble_show(desk);
    figure_row(desk, tr("Head office"), online, false);
    figure_row(desk, tr("Entries not sent yet"), desk_integer(desk, status->unsent), false);
    figure_row(desk, tr("Of these, sales"), desk_integer(desk, status->unsent_sales), false);
    if (status->unsent_since_ms) {
        figure_row(desk, tr("The oldest of these"), desk_clock(desk, status->unsent_since_ms),
                   false);
    }
    figure_row(desk, tr("Entries on this journal"), desk_integer(desk, status->entries), false);
    figure_row(desk, tr("Stock and prices as of"),
               status->replica_as_of_ms ? desk_clock(desk, status->replica_as_of_ms)
                                        : tr("Unknown"),
               false);
    if (status->disk_low) {
        ui_banner(ui, &(struct ui_pill){.icon = "warning",
                                        .tone = UI_BAD,
                                        .lines = 3,
                                        .text = tr("The disk is almost full. The next sale will be "
                                                   "refused before paying. Call for help.")});
    }
}

static enum status run_test(struct desk *desk, const struct deed *deed, struct error *error)
{
    (void)deed;
    return till_print_test(desk->till, error);
}

static enum status run_retry(struct desk *desk, const struct deed *deed, struct error *error)
{
    (void)deed;
    return till_print_retry(desk->till, 0, error);
}

static void devices(struct desk *desk)
{
    struct ui *ui = desk->ui;
    const struct till_status *status = &desk->status;

    figure_row(desk, tr("Scanner"), light_words(&desk->scanner), false);
    figure_row(desk, tr("Printer"), light_words(&desk->printer), false);
    figure_row(desk, tr("Waiting to be printed"), desk_integer(desk, status->prints_waiting),
               false);
    figure_row(desk, tr("Not printed"), desk_integer(desk, status->prints_failed), false);
    ui_grid(ui, (struct ui_box){.columns = 2, .gap_mm = 2});
    if (ui_button(
            ui, "print-test",
            &(struct ui_button){.label = tr("Print a test"), .icon = "printer", .key = "F5"})) {
        desk_do(desk,
                &(struct deed){.run = run_test, .failed = TR_MARK("The test was not printed.")});
    }
    if (ui_button(ui, "print-retry",
                  &(struct ui_button){.label = tr("Print what failed"),
                                      .icon = "refresh",
                                      .key = "F6",
                                      .disabled = status->prints_failed == 0})) {
        desk_do(desk,
                &(struct deed){.run = run_retry, .failed = TR_MARK("It was not printed again.")});
    }
    ui_end(ui);
}

/* ---- people who are locked out ------------------------------------------------------------------
 */

static enum status run_unlock(struct desk *desk, const struct deed *deed, struct error *error)
{
    enum status status = till_staff_unlock(desk->till, deed->text, error);

    desk->staff_count = 0; /* read again */
    return status;
}

/* Only a person who may lift a lock-out sees it offered. */
static void locked_out(struct desk *desk)
{
    struct ui *ui = desk->ui;

    if (!till_may(desk->till, PERMISSION_UNLOCK)) {
        return;
    }
    if (desk->staff_count == 0 &&
        till_staff(desk->till, desk->staff, STAFF_SHOWN, &desk->staff_count, NULL) != STATUS_OK) {
        desk->staff_count = 0;
    }
    for (int i = 0; i < desk->staff_count; i++) {
        const struct staff_view *person = &desk->staff[i];
        if (person->locked_until_ms <= clock_wall_ms(&desk->clock)) {
            continue;
        }
        if (ui_button(ui, ui_id(ui, "unlock/%s", person->id),
                      &(struct ui_button){.label = ui_id(ui, tr("Unlock %s"), person->name),
                                          .icon = "unlock",
                                          .key = ui_id(ui, "Alt+%d", i + 1)})) {
            struct deed deed = {.run = run_unlock, .failed = TR_MARK("Nobody was unlocked.")};
            snprintf(deed.text, sizeof deed.text, "%s", person->id);
            desk_do(desk, &deed);
            return;
        }
    }
}

/* ---- how it looks -----------------------------------------------------------------------------
 */

static void chosen_look(struct desk *desk)
{
    desk->host.look_changed(desk->host.context);
}

static void languages(struct desk *desk)
{
    static const char *const codes[] = {"", "en", "de", "ar"};
    const struct ui_option options[] = {{.name = "own", .label = tr("As the person")},
                                        {.name = "en", .label = "English"},
                                        {.name = "de", .label = "Deutsch"},
                                        {.name = "ar", .label = "العربية"}};
    int chosen = 0;

    for (int i = 1; i < 4; i++) {
        chosen = strcmp(desk->look.language, codes[i]) == 0 ? i : chosen;
    }
    int pressed = ui_chips(desk->ui, "language", options, 4, chosen, "Ctrl+L");
    if (pressed >= 0) {
        snprintf(desk->look.language, sizeof desk->look.language, "%s", codes[pressed]);
        chosen_look(desk);
    }
}

static void themes(struct desk *desk)
{
    static const char *const names[] = {"light", "dark", "contrast"};
    const struct ui_option options[] = {{.name = "light", .label = tr("Light")},
                                        {.name = "dark", .label = tr("Dark")},
                                        {.name = "contrast", .label = tr("High contrast")}};
    int chosen = 0;

    for (int i = 0; i < 3; i++) {
        chosen = strcmp(desk->look.theme, names[i]) == 0 ? i : chosen;
    }
    int pressed = ui_chips(desk->ui, "theme", options, 3, chosen, "Ctrl+H");
    if (pressed >= 0) {
        snprintf(desk->look.theme, sizeof desk->look.theme, "%s", names[pressed]);
        chosen_look(desk);
    }
}

static void sizes(struct desk *desk)
{
    static const int percents[] = {100, 115, 130, 150};
    struct ui_option options[4];
    int chosen = 0;

    for (int i = 0; i < 4; i++) {
        options[i] = (struct ui_option){.label = ui_id(desk->ui, "%d %%", percents[i]),
                                        .name = ui_id(desk->ui, "%d", percents[i])};
        chosen = desk->look.text_percent >= percents[i] ? i : chosen;
    }
    int pressed = ui_chips(desk->ui, "text-size", options, 4, chosen, "Ctrl+G");
    if (pressed >= 0) {
        desk->look.text_percent = percents[pressed];
        chosen_look(desk);
    }
}

static void look(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct ui_text head = {.style = TEXT_CAPTION, .tone = UI_INK2};

    ui_text(ui, tr("Language"), head);
    languages(desk);
    ui_text(ui, tr("Colours"), head);
    themes(desk);
    ui_text(ui, tr("Size of text"), head);
    sizes(desk);
    ui_grid(ui, (struct ui_box){.columns = desk_room(desk) > 250 ? 2 : 1, .gap_mm = 2});
    if (ui_toggle(ui, "left-handed",
                  &(struct ui_button){.label = tr("Cart on the other side"),
                                      .on = desk->look.left_handed,
                                      .key = "Ctrl+S"})) {
        desk->look.left_handed = !desk->look.left_handed;
        chosen_look(desk);
    }
    if (ui_toggle(ui, "mute",
                  &(struct ui_button){.label = tr("Only tones for trouble"),
                                      .on = desk->look.mute,
                                      .key = "Ctrl+M"})) {
        desk->look.mute = !desk->look.mute;
        chosen_look(desk);
    }
    ui_end(ui);
}

static void rule(struct ui *ui)
{
    ui_gap(ui, 2);
    ui_separator(ui);
    ui_gap(ui, 2);
}

void status_show(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct ui_box box = {.weight = 1, .pad_mm = 2, .gap_mm = 2};

    if (ui_portrait(ui)) {
        ui_column(ui, box);
    } else {
        ui_row(ui, box);
    }
    /* the list's own margin is the scroll bar's place */
    ui_card(ui, (struct ui_box){.weight = 1, .pad_x_mm = 1, .pad_y_mm = 4, .gap_mm = 1});
    ui_row(ui, (struct ui_box){.height_mm = 15, .pad_x_mm = 3, .align = UI_CENTER});
    ui_text(ui, tr("This till"), (struct ui_text){.style = TEXT_HEADING, .id = "heading"});
    ui_end(ui);
    ui_list_begin(
        ui, "state",
        &(struct ui_list){.box = {.pad_x_mm = 3}, .key = "Ctrl+T", .label = tr("This till")});
    connection(desk);
    rule(ui);
    devices(desk);
    rule(ui);
    locked_out(desk);
    figure_row(desk, tr("Version"), HOLDFAST_VERSION, false);
    ui_end(ui);
    ui_end(ui);
    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 4, .gap_mm = 3});
    if (pane_head(desk, tr("How it looks"), tr("Back"))) {
        desk_go(desk, SCREEN_SELL);
    }
    look(desk);
    ui_spacer(ui, 1);
    notice_show(desk);
    ui_end(ui);
    ui_end(ui);
}
