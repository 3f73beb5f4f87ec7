/* The frame around every screen: strip above, sheets over everything; and small parts that several
 * screens share. */
#include "ui/screens/screens.h"

#include <stdio.h>

static void beside_the_cart(struct desk *desk, enum screen screen, void (*pane)(struct desk *desk))
{
    struct ui *ui = desk->ui;
    bool portrait = ui_portrait(ui);
    struct ui_box box = {.weight = 1, .pad_mm = 2, .gap_mm = 2, .mirror = desk->look.left_handed};

    if (portrait) {
        ui_column(ui, box);
    } else {
        ui_row(ui, box);
    }
    cart_show(desk, screen);
    ui_column(ui, (struct ui_box){.weight = portrait ? 55 : 60, .gap_mm = 2});
    pane(desk);
    ui_end(ui);
    ui_end(ui);
}

static void show_screen(struct desk *desk, enum screen screen)
{
    switch (screen) {
    case SCREEN_STARTING:
        starting_show(desk);
        break;
    case SCREEN_SIGN_IN:
        sign_in_show(desk);
        break;
    case SCREEN_SHIFT_OPEN:
        shift_open_show(desk);
        break;
    case SCREEN_SELL:
        beside_the_cart(desk, screen, sell_pane);
        break;
    case SCREEN_TENDER:
        beside_the_cart(desk, screen, tender_pane);
        break;
    case SCREEN_CHANGE:
        change_show(desk);
        break;
    case SCREEN_MORE:
        beside_the_cart(desk, screen, more_pane);
        break;
    case SCREEN_PARKED:
        beside_the_cart(desk, screen, parked_pane);
        break;
    case SCREEN_DISCOUNT:
        beside_the_cart(desk, screen, discount_pane);
        break;
    case SCREEN_RETURN:
        beside_the_cart(desk, screen, return_pane);
        break;
    case SCREEN_DRAWER:
        beside_the_cart(desk, screen, drawer_pane);
        break;
    case SCREEN_RECEIPTS:
        receipts_show(desk);
        break;
    case SCREEN_SHIFT_CLOSE:
        shift_close_show(desk);
        break;
    case SCREEN_STATUS:
    case SCREENS:
        status_show(desk);
        break;
    }
}

void screens_show(struct ui *ui, void *context)
{
    struct desk *desk = context;

    desk_update(desk);
    ui_column(ui, (struct ui_box){.surface = UI_PAGE, .weight = 1});
    strip_show(desk);
    show_screen(desk, desk_screen(desk));
    ui_end(ui);
    if (desk->approval.open) {
        approval_show(desk);
    } else if (desk->confirm.open) {
        confirm_show(desk);
    }
}

void confirm_show(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct confirm *confirm = &desk->confirm;
    struct deed deed = confirm->deed;
    bool yes, no;

    no = ui_sheet(ui, "confirm",
                  &(struct ui_sheet){.title = confirm->title, .width_mm = 130, .dismiss = true});
    ui_text(ui, confirm->text, (struct ui_text){.style = TEXT_BODY, .lines = 5});
    ui_gap(ui, 4);
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    no |= ui_button(
        ui, "confirm/no",
        &(struct ui_button){.label = tr("Back"), .key = "F9", .weight = 1, .height_mm = 19});
    yes = ui_button(
        ui, "confirm/yes",
        &(struct ui_button){.label = confirm->yes, .key = "F12", .weight = 2, .kind = UI_PRIMARY});
    ui_end(ui);
    ui_end(ui);
    if (yes) {
        confirm->open = false;
        desk_do(desk, &deed);
    } else if (no) {
        confirm->open = false;
    }
}

bool pane_head(struct desk *desk, const char *title, const char *back)
{
    struct ui *ui = desk->ui;
    bool pressed;

    ui_row(ui, (struct ui_box){.gap_mm = 3, .align = UI_CENTER, .height_mm = 15});
    ui_text(ui, title, (struct ui_text){.style = TEXT_HEADING, .weight = 1, .may_cut = true});
    pressed =
        ui_button(ui, "back", &(struct ui_button){.label = back, .icon = "back", .key = "Escape"});
    ui_end(ui);
    return pressed;
}

int reason_chips(struct desk *desk, const char *id, const char *const *reasons, int count,
                 int chosen, const char *key)
{
    struct ui_option options[8] = {0};

    for (int i = 0; i < count && i < 8; i++) {
        options[i] = (struct ui_option){.label = tr(reasons[i])};
    }
    int pressed = ui_chips(desk->ui, id, options, count < 8 ? count : 8, chosen, key);
    if (pressed >= 0) {
        ui_unfocus(desk->ui); /* the next keys are the number */
    }
    return pressed >= 0 ? pressed : chosen;
}

void notice_show(struct desk *desk)
{
    static const char *const icons[] = {
        [UI_INK] = "info",     [UI_INK2] = "info", [UI_GOOD] = "done",
        [UI_WARN] = "warning", [UI_BAD] = "error", [UI_INFO] = "info"};

    if (*desk->notice.text) {
        ui_banner(desk->ui, &(struct ui_pill){.id = "notice",
                                              .text = desk->notice.text,
                                              .icon = icons[desk->notice.tone],
                                              .tone = desk->notice.tone,
                                              .lines = 7});
    }
}

void form_begin(struct desk *desk)
{
    struct ui *ui = desk->ui;

    ui_spacer(ui, 1);
    ui_row(ui, (struct ui_box){0});
    ui_spacer(ui, 1);
    ui_column(ui, (struct ui_box){.weight = desk_room(desk) > 300 ? 2 : 8, .gap_mm = 3});
}

void form_end(struct desk *desk)
{
    struct ui *ui = desk->ui;

    ui_end(ui);
    ui_spacer(ui, 1);
    ui_end(ui);
    ui_spacer(ui, 1);
}

void figure_row(struct desk *desk, const char *label, const char *value, bool strong)
{
    struct ui *ui = desk->ui;

    ui_row(ui, (struct ui_box){.gap_mm = 4, .align = UI_BASELINE, .pad_y_mm = 1.3f});
    ui_text(ui, label,
            (struct ui_text){.style = strong ? TEXT_STRONG : TEXT_BODY,
                             .tone = strong ? UI_INK : UI_INK2,
                             .weight = 1,
                             .lines = 2});
    ui_text(ui, value,
            (struct ui_text){.style = strong ? TEXT_NUMBER : TEXT_STRONG,
                             .align = UI_END_EDGE,
                             .keep = true,
                             .label = label});
    ui_end(ui);
}

/* Which of them a person here should act on; the others pass by themselves. */
static enum ui_tone trouble_tone(enum sync_trouble trouble)
{
    return trouble == SYNC_NO_ANSWER || trouble == SYNC_BUSY ? UI_WARN : UI_BAD;
}

static const char *trouble_words(enum sync_trouble trouble)
{
    switch (trouble) {
    case SYNC_NO_ANSWER:
        return tr("Head office can't be reached. Nothing is lost: it is tried again by itself.");
    case SYNC_BUSY:
        return tr("Head office is busy. Nothing is lost: it is asked again by itself.");
    case SYNC_DENIED:
        return tr("Head office does not recognise this till. Nothing is lost, but nothing is sent. "
                  "Call for help.");
    case SYNC_REVOKED:
        return tr(
            "Head office has shut this till out. Nothing is sent any more. Call head office.");
    case SYNC_VERSION:
        return tr("This till and head office run versions that are too far apart. Nothing is lost, "
                  "but nothing is sent. Call for help.");
    case SYNC_FORKED:
        return tr(
            "A copy of this till was selling as well. Head office has to decide what counts.");
    case SYNC_HERE:
        return tr("The sync program can't read or write this till's files. Call for help.");
    case SYNC_STOPPED:
        return tr(
            "The sync program has stopped. Nothing is lost, but nothing is sent until it runs "
            "again.");
    default:
        return tr("Head office answers in a way this till can't use. It is tried again. If this "
                  "stays, call for help.");
    }
}

bool trouble_grave(const struct desk *desk)
{
    enum sync_trouble trouble = desk->status.sync_trouble;

    return trouble != SYNC_WELL && trouble_tone(trouble) == UI_BAD;
}

void trouble_show(struct desk *desk)
{
    const struct till_status *status = &desk->status;
    struct ui *ui = desk->ui;

    if (status->sync_trouble == SYNC_WELL) {
        return;
    }
    ui_banner(ui, &(struct ui_pill){.id = "trouble",
                                    .icon = trouble_grave(desk) ? "warning" : "offline",
                                    .tone = trouble_tone(status->sync_trouble),
                                    .lines = 8, /* what to do stands at the end */
                                    .text = trouble_words(status->sync_trouble)});
    if (*status->sync_reason) {
        ui_column(ui, (struct ui_box){.pad_y_mm = 1.3f});
        ui_text(ui, status->sync_reason,
                (struct ui_text){.style = TEXT_SMALL, .tone = UI_INK2, .lines = 4});
        ui_end(ui);
    }
}

void starting_show(struct desk *desk)
{
    struct ui *ui = desk->ui;

    ui_column(ui, (struct ui_box){.weight = 1, .pad_mm = 2});
    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 6});
    form_begin(desk);
    ui_row(ui, (struct ui_box){.justify = UI_CENTER});
    ui_icon(ui, "download", UI_INK2, 16);
    ui_end(ui);
    ui_text(ui, tr("The first catalogue is on its way"),
            (struct ui_text){.style = TEXT_HEADING, .align = UI_CENTER, .lines = 2});
    ui_text(ui,
            tr("This till is registered. Selling starts by itself as soon as products, prices and "
               "people have arrived. If it takes long, look whether holdfast-sync runs and the "
               "network is there."),
            (struct ui_text){.style = TEXT_BODY, .tone = UI_INK2, .align = UI_CENTER, .lines = 9});
    trouble_show(desk);
    notice_show(desk);
    form_end(desk);
    ui_end(ui);
    ui_end(ui);
}
