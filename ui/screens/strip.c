/* The strip: who, which till, online or since when not, what is not sent, printer, scanner. Colour
 * is never the only sign, and the words are about consequences. */
#include "terminal/money/locale.h"
#include "ui/screens/screens.h"

#include <string.h>

static void connection(struct desk *desk)
{
    const struct till_status *status = &desk->status;
    struct ui *ui = desk->ui;
    struct ui_pill pill = {.id = "sync", .icon = "online", .tone = UI_GOOD, .plain = true};
    unsigned long sales = (unsigned long)status->unsent_sales;

    if (status->online && status->unsent == 0) {
        pill.text = tr("Online, all sent");
    } else if (status->online) {
        pill.icon = "sync";
        pill.text = ui_id(ui, tr("Online, sending %s"), desk_integer(desk, status->unsent));
    } else {
        pill.icon = "offline";
        pill.tone = UI_WARN;
        pill.plain = false;
        const char *when = status->offline_since_ms
                               ? ui_id(ui, tr("Selling offline since %s"),
                                       desk_clock(desk, status->offline_since_ms))
                               : tr("Selling offline");
        if (sales == 0) {
            pill.text = when;
        } else {
            const char *later = ui_id(
                ui, tr_count("%s sale will be sent later", "%s sales will be sent later", sales),
                desk_integer(desk, status->unsent_sales));
            pill.text = ui_id(ui, "%s · %s", when, later);
        }
    }
    ui_pill(ui, &pill);
}

static void device(struct desk *desk, const char *id, const char *icon,
                   const struct device_line *line, bool words)
{
    struct ui *ui = desk->ui;
    bool trouble = line->light == LIGHT_TROUBLE;
    const char *says = line->light == LIGHT_READY ? tr("Ready")
                       : trouble                  ? tr("Look here")
                                                  : tr("None");

    if (line->light == LIGHT_NONE && !words) {
        return;
    }
    ui_pill(ui, &(struct ui_pill){.id = id,
                                  .icon = trouble ? "warning" : icon,
                                  .text = words || trouble ? says : "",
                                  .tone = trouble ? UI_WARN : UI_INK2,
                                  .plain = !trouble});
}

static void person(struct desk *desk, bool words)
{
    struct ui *ui = desk->ui;
    const struct till_status *status = &desk->status;

    if (!*status->staff || status->locked) {
        return;
    }
    const char *name = words ? ui_id(ui, "%s · %s", status->staff_name, tr(status->staff_role))
                             : status->staff_name;
    if (ui_button(ui, "person",
                  &(struct ui_button){.label = name,
                                      .icon = "person",
                                      .kind = UI_QUIET,
                                      .key = "F11",
                                      .height_mm = 10})) {
        desk_lock(desk);
    }
}

void strip_show(struct desk *desk)
{
    struct ui *ui = desk->ui;
    const struct till_status *status = &desk->status;
    /* Room for words goes with the width and against the size of type. */
    float room = ui_width_mm(ui) * 100 / (float)desk->look.text_percent;
    struct local_time now = till_now(desk->till);
    char clock[LOCALE_TEXT_SIZE];

    locale_clock(till_format(desk->till), &now, clock);
    ui_row(ui, (struct ui_box){.height_mm = 10,
                               .pad_x_mm = 4,
                               .gap_mm = room > 300 ? 5 : 3,
                               .surface = UI_STRIP,
                               .align = UI_CENTER,
                               .id = "strip"});
    if (room > 250) {
        ui_text(ui, "Holdfast", (struct ui_text){.style = TEXT_SMALL_STRONG});
    }
    ui_text(ui,
            *status->location_name ? ui_id(ui, "%s · %s", status->location_name, status->till)
                                   : status->till,
            (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2, .may_cut = true});
    connection(desk);
    ui_spacer(ui, 1);
    device(desk, "scanner", "scanner", &desk->scanner, room > 330);
    device(desk, "printer", "printer", &desk->printer, room > 330);
    person(desk, room > 420);
    if (ui_button(ui, "status",
                  &(struct ui_button){.label = tr("Status"),
                                      .icon = "info",
                                      .icon_only = true,
                                      .kind = UI_QUIET,
                                      .key = "F1",
                                      .height_mm = 10,
                                      .width_mm = 11})) {
        desk_go(desk, desk->screen == SCREEN_STATUS ? SCREEN_SELL : SCREEN_STATUS);
    }
    ui_text(ui, clock, (struct ui_text){.style = TEXT_SMALL_STRONG, .keep = true, .id = "clock"});
    ui_end(ui);
}
