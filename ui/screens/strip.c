/* The strip: who, which till, online or since when not, what is not sent, printer, scanner. Colour
 * is never the only sign, and the words are about consequences. */
#include "terminal/base/text.h"
#include "terminal/money/locale.h"
#include "ui/screens/screens.h"

#include <string.h>

/* Room for words goes with the width and against the size of type. */
static float strip_room(const struct desk *desk)
{
    return ui_width_mm(desk->ui) * 100 / (float)desk->look.text_percent;
}

static void connection(struct desk *desk)
{
    const struct till_status *status = &desk->status;
    struct ui *ui = desk->ui;
    struct ui_pill pill = {.id = "sync", .icon = "online", .tone = UI_GOOD, .plain = true};
    unsigned long sales = (unsigned long)status->unsent_sales;

    if (status->online && trouble_grave(desk)) {
        pill.icon = "warning";
        pill.tone = UI_BAD;
        pill.plain = false;
        if (status->unsent == 0) {
            pill.text =
                strip_room(desk) < 300 ? tr("Not up to date") : tr("Not up to date, see Status");
        } else {
            pill.text = ui_id(
                ui, strip_room(desk) < 300 ? tr("%s not sent") : tr("%s not sent, see Status"),
                desk_integer(desk, status->unsent));
        }
    } else if (status->online && status->unsent == 0) {
        pill.text = tr("Online, all sent");
    } else if (status->online) {
        pill.icon = "sync";
        pill.text = ui_id(ui, tr("Online, sending %s"), desk_integer(desk, status->unsent));
    } else {
        pill.icon = "offline";
        pill.tone = UI_WARN;
        pill.plain = false;
        const char *when = !status->sync_known ? tr("Not connected yet")
                           : status->offline_since_ms
                               ? ui_id(ui, tr("Selling offline since %s"),
                                       desk_clock(desk, status->offline_since_ms))
                               : tr("Selling offline");
        if (sales == 0) {
            pill.text = when;
        } else if (strip_room(desk) < 300) {
            pill.text =
                ui_id(ui, tr("Offline, %s to send"), desk_integer(desk, status->unsent_sales));
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

/* "Amira K.": who it is, without taking the strip. */
static const char *short_name(struct ui *ui, const char *name)
{
    const char *space = strrchr(name, ' ');
    size_t length = strlen(name);

    if (!space || space[1] == '\0') {
        return ui_id(ui, "%s", name);
    }
    size_t at = (size_t)(space + 1 - name);
    size_t next = at;
    text_next(name, length, &next);
    return ui_id(ui, "%.*s %.*s.", (int)strcspn(name, " "), name, (int)(next - at), space + 1);
}

static void person(struct desk *desk, bool words)
{
    struct ui *ui = desk->ui;
    const struct till_status *status = &desk->status;

    if (!*status->staff || status->locked) {
        return;
    }
    const char *name = short_name(ui, status->staff_name);
    if (words) {
        name = ui_id(ui, "%s · %s", name, tr(status->staff_role));
    }
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
    float room = strip_room(desk);
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
    device(desk, "scanner", "scanner", &desk->scanner, room > 340);
    device(desk, "printer", "printer", &desk->printer, room > 340);
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
