/* Who is here: the person first, then the PIN. The same part asks another person's leave. */
#include "ui/screens/screens.h"

#include <stdio.h>
#include <string.h>

void pin_entry_start(struct desk *desk, struct pin_entry *entry)
{
    secret_wipe(entry, sizeof *entry);
    *entry = (struct pin_entry){0};
    if (till_staff(desk->till, desk->staff, STAFF_SHOWN, &desk->staff_count, NULL) != STATUS_OK) {
        desk->staff_count = 0;
    }
}

static const struct staff_view *person_of(struct desk *desk, const char *id)
{
    for (int i = 0; i < desk->staff_count; i++) {
        if (strcmp(desk->staff[i].id, id) == 0) {
            return &desk->staff[i];
        }
    }
    return NULL;
}

/* Who may be asked: anybody to sign in, for an approval only those who may give it. */
static void people(struct desk *desk, struct pin_entry *entry, const char *skip)
{
    struct ui *ui = desk->ui;
    bool approval = entry == &desk->approval.who;
    uint32_t needed =
        approval ? (uint32_t)PERMISSION_APPROVE | (uint32_t)desk->approval.permission : 0;

    if (desk->staff_count == 0 &&
        till_staff(desk->till, desk->staff, STAFF_SHOWN, &desk->staff_count, NULL) != STATUS_OK) {
        desk->staff_count = 0;
    }
    ui_list_begin(ui, "people",
                  &(struct ui_list){.box = {.weight = 1, .gap_mm = 1},
                                    .key = "F2",
                                    .label = tr("People"),
                                    .empty = approval ? tr("Nobody here may allow this.")
                                                      : tr("No people are known here yet.")});
    for (int i = 0; i < desk->staff_count; i++) {
        const struct staff_view *person = &desk->staff[i];
        bool locked = person->locked_until_ms > clock_wall_ms(&desk->clock);
        if (strcmp(person->id, skip) == 0 || (person->permissions & needed) != needed) {
            continue;
        }
        if (ui_item(ui, ui_id(ui, "person/%s", person->id),
                    &(struct ui_item){.label = person->name,
                                      .selected = strcmp(person->id, entry->staff) == 0,
                                      .height_mm = 15})) {
            snprintf(entry->staff, sizeof entry->staff, "%s", person->id);
            entry->digits[0] = entry->trouble[0] = '\0';
            ui_unfocus(ui); /* the next keys are the PIN */
        }
        ui_gap(ui, 2);
        ui_icon(ui, locked ? "lock" : "person", locked ? UI_WARN : UI_INK2, 7);
        ui_gap(ui, 1);
        ui_column(ui, (struct ui_box){.weight = 1, .justify = UI_CENTER});
        ui_text(ui, person->name, (struct ui_text){.style = TEXT_STRONG, .may_cut = true});
        ui_text(ui,
                locked ? ui_id(ui, tr("%s · locked until %s"), tr(person->role),
                               desk_clock(desk, person->locked_until_ms))
                       : tr(person->role),
                (struct ui_text){
                    .style = TEXT_SMALL, .tone = locked ? UI_WARN : UI_INK2, .may_cut = true});
        ui_end(ui);
        ui_gap(ui, 2);
        ui_end(ui);
    }
    ui_end(ui);
}

static bool pin_keys(struct desk *desk, struct pin_entry *entry)
{
    static const char *const pressed[] = {"7", "8", "9", "4", "5", "6",
                                          "1", "2", "3", "",  "0", "<"};
    const struct ui_pad_key all[] = {
        {.label = "7", .key = "7"},
        {.label = "8", .key = "8"},
        {.label = "9", .key = "9"},
        {.label = "4", .key = "4"},
        {.label = "5", .key = "5"},
        {.label = "6", .key = "6"},
        {.label = "1", .key = "1"},
        {.label = "2", .key = "2"},
        {.label = "3", .key = "3"},
        {.label = tr("Delete all digits"), .icon = "delete", .name = "clear", .key = "Delete"},
        {.label = "0", .key = "0"},
        {.label = tr("Delete the last digit"),
         .icon = "backspace",
         .name = "back",
         .key = "Backspace"}};
    int key = ui_keypad(desk->ui, "pin",
                        &(struct ui_keypad){.keys = all, .count = 12, .columns = 3, .weight = 1});
    size_t length = strlen(entry->digits);

    if (key < 0 || entry->checking) {
        return false;
    }
    if (key == 9) {
        entry->digits[0] = '\0';
    } else if (key == 11) {
        entry->digits[length ? length - 1 : 0] = '\0';
    } else if (length + 1 < sizeof entry->digits) {
        entry->digits[length] = *pressed[key];
        entry->digits[length + 1] = '\0';
    }
    return true;
}

static void dots(struct desk *desk, const struct pin_entry *entry)
{
    struct ui *ui = desk->ui;
    char text[3 * sizeof entry->digits + 1] = "";
    size_t count = strlen(entry->digits);

    for (size_t i = 0; i < count; i++) {
        memcpy(text + 3 * i, "●", 4);
    }
    ui_readout(
        ui, "pin-dots",
        &(struct ui_readout){
            .label = tr("PIN"), .value = text, .active = *entry->staff != '\0', .key = "Ctrl+P"});
}

bool pin_entry_show(struct desk *desk, struct pin_entry *entry, const char *skip,
                    const char *action)
{
    struct ui *ui = desk->ui;
    size_t length = strlen(entry->digits);
    const struct staff_view *person;
    bool go = false;

    ui_row(ui, (struct ui_box){.weight = 1, .gap_mm = 6});
    ui_column(ui, (struct ui_box){.weight = 1, .gap_mm = 2});
    people(desk, entry, skip);
    ui_end(ui);
    ui_column(ui, (struct ui_box){.weight = 1, .gap_mm = 3});
    person = person_of(desk, entry->staff);
    ui_text(ui,
            *entry->trouble ? entry->trouble
            : person        ? ui_id(ui, tr("PIN of %s"), person->name)
            : *skip         ? tr("Choose who allows it, or scan the badge.")
                            : tr("Choose who you are, or scan your badge."),
            (struct ui_text){.style = *entry->trouble ? TEXT_STRONG : TEXT_BODY,
                             .lines = 2,
                             .tone = *entry->trouble ? UI_BAD : UI_INK2,
                             .id = "pin-says"});
    dots(desk, entry);
    if (pin_keys(desk, entry)) {
        entry->trouble[0] = '\0';
    }
    const char *why = entry->checking ? tr("Checking")
                      : !person       ? tr("Choose a person")
                      : length < 4    ? tr("Type the PIN")
                                      : NULL;
    go = ui_button(
        ui, "pin-go",
        &(struct ui_button){.label = action, .kind = UI_PRIMARY, .key = "Enter", .why = why});
    ui_end(ui);
    ui_end(ui);
    return go;
}

/* Starts the check; the answer comes to desk_pin_checked. */
static void check(struct desk *desk, struct pin_entry *entry)
{
    struct error error = {0};
    enum status status =
        till_pin_begin(desk->till, entry->staff, entry->digits, &desk->check, &error);

    secret_wipe(entry->digits, sizeof entry->digits);
    entry->digits[0] = '\0';
    if (status == STATUS_OK) {
        entry->checking = true;
        desk->host.check_pin(desk->host.context, &desk->check);
        return;
    }
    desk->staff_count = 0;
    if (status == STATUS_BUSY) {
        snprintf(entry->trouble, sizeof entry->trouble, "%s",
                 tr("Too many wrong PINs. Wait, or ask a manager to unlock."));
    } else if (status == STATUS_INVALID) {
        snprintf(entry->trouble, sizeof entry->trouble, "%s", tr("A PIN has 4 to 12 digits."));
    } else {
        desk_fail(desk, TR_MARK("The PIN was not checked."), status, &error);
    }
}

void sign_in_show(struct desk *desk)
{
    struct ui *ui = desk->ui;
    const struct till_status *status = &desk->status;
    const char *heading = status->locked ? tr("Locked") : tr("Who is selling?");

    ui_column(ui, (struct ui_box){.weight = 1, .pad_mm = 2});
    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = 6, .gap_mm = 4});
    ui_row(ui, (struct ui_box){.gap_mm = 3, .align = UI_BASELINE});
    ui_text(ui, heading, (struct ui_text){.style = TEXT_HEADING, .id = "heading"});
    if (till_cart(desk->till)->count > 0) {
        int count = till_cart(desk->till)->count;
        ui_text(ui,
                ui_id(ui,
                      tr_count("The open sale is kept: %s line.",
                               "The open sale is kept: %s lines.", (unsigned long)count),
                      desk_integer(desk, count)),
                (struct ui_text){.style = TEXT_BODY, .tone = UI_INK2, .may_cut = true});
    }
    ui_end(ui);
    notice_show(desk);
    if (pin_entry_show(desk, &desk->entry, "", tr("Sign in"))) {
        check(desk, &desk->entry);
    }
    ui_end(ui);
    ui_end(ui);
}

/* ---- another person's leave ------------------------------------------------------------------ */

static const char *permission_title(enum permission permission)
{
    switch (permission) {
    case PERMISSION_RETURN:
        return tr("Who allows goods to be taken back?");
    case PERMISSION_DISCOUNT:
        return tr("Who allows the discount?");
    case PERMISSION_PRICE_OVERRIDE:
        return tr("Who allows the price?");
    case PERMISSION_VOID:
        return tr("Who allows lines to be removed?");
    case PERMISSION_NO_SALE:
        return tr("Who allows the drawer to be opened?");
    case PERMISSION_PAID_IN_OUT:
        return tr("Who allows cash to be moved?");
    case PERMISSION_SHIFT_OPEN:
    case PERMISSION_SHIFT_CLOSE:
        return tr("Who allows the shift to be opened or closed?");
    default:
        return tr("Who allows this?");
    }
}

void approval_show(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct approval *approval = &desk->approval;
    const char *title = permission_title(approval->permission);
    bool dropped, go;

    dropped = ui_sheet(ui, "approval",
                       &(struct ui_sheet){.title = title, .width_mm = 200, .dismiss = true});
    ui_column(ui, (struct ui_box){.height_mm = 128, .gap_mm = 3});
    go = pin_entry_show(desk, &approval->who, desk->names.staff, tr("Allow it once"));
    dropped |=
        ui_button(ui, "approval/no",
                  &(struct ui_button){.label = tr("Do not do it"), .icon = "close", .key = "F9"});
    ui_end(ui);
    ui_end(ui);
    if (go) {
        check(desk, &approval->who);
    } else if (dropped) {
        *approval = (struct approval){0};
    }
}
