/* What comes from outside: codes, devices, the agent, finished PIN checks. */
#include "ui/screens/desk.h"

#include "terminal/base/log.h"
#include "ui/screens/screens.h"
#include "ui/screens/selling.h"

#include <stdio.h>
#include <string.h>

/* The same code within this time after the sale is the scanner's echo, not the next customer. */
enum { ECHO_US = 2 * 1000 * 1000, SCAN_BYTES_MAX = 512 };

static bool echo_of_last_sale(struct desk *desk, const char *code)
{
    int64_t since = clock_monotonic_us(&desk->clock) - desk->last_commit_us;

    /* The till tells codes in canonical form; the scanner in its own. */
    size_t told = strlen(desk->last_code), heard = strlen(code);
    const char *tail = told >= heard ? desk->last_code + (told - heard) : NULL;
    return since < ECHO_US && tail && heard > 0 && strcmp(tail, code) == 0;
}

void desk_scan(struct desk *desk, const uint8_t *bytes, size_t length)
{
    char code[SCAN_BYTES_MAX + 1];
    size_t used = 0;

    for (size_t i = 0; i < length && used < SCAN_BYTES_MAX; i++) {
        if (bytes[i] != 0) {
            code[used++] = (char)bytes[i];
        }
    }
    code[used] = '\0';
    desk_update(desk);
    if (desk_screen(desk) == SCREEN_CHANGE && echo_of_last_sale(desk, code)) {
        return;
    }
    selling_scan(desk, code);
}

void desk_device(struct desk *desk, bool printer, enum light light, const char *text)
{
    struct device_line *line = printer ? &desk->printer : &desk->scanner;

    line->light = light;
    snprintf(line->text, sizeof line->text, "%s", text);
}

void desk_printed(struct desk *desk, int64_t job, bool done, const char *text)
{
    if (done) {
        if (job > desk->printed_job) {
            desk->printed_job = job;
        }
        return;
    }
    desk_say(desk, UI_WARN, "%s",
             tr("The receipt was not printed; the sale is saved. Look after the printer, then "
                "print again under Status."));
    log_line(LOG_LEVEL_WARN, "screen", "job %lld was not printed: %s", (long long)job, text);
    desk->host.sound(desk->host.context, TONE_TROUBLE);
}

bool desk_refresh(struct desk *desk)
{
    struct error error = {0};
    bool changed = false;
    enum till_phase before = desk->status.phase;
    enum status status = till_refresh(desk->till, &changed, &error);

    if (status != STATUS_OK) {
        log_line(LOG_LEVEL_WARN, "screen", "refresh: %s", error.text);
        return false;
    }
    if (changed) {
        desk->shelf.stale = true;
        desk->staff_count = 0;
    }
    desk_update(desk);
    if (desk->status.phase != before) {
        desk->host.look_changed(desk->host.context);
    }
    return changed || desk->status.phase != before;
}

void desk_lock(struct desk *desk)
{
    desk_update(desk);
    if (!*desk->status.staff || desk->status.locked || desk->screen == SCREEN_TENDER) {
        return;
    }
    till_lock(desk->till);
    desk_quiet(desk);
    pin_entry_start(desk, &desk->entry);
    snprintf(desk->entry.staff, sizeof desk->entry.staff, "%s", desk->names.staff);
}

/* ---- PINs ------------------------------------------------------------------------------------ */

static void wrong_pin(struct desk *desk, struct pin_entry *entry, enum status status,
                      const struct error *error)
{
    entry->digits[0] = '\0';
    desk->staff_count = 0; /* lock-outs are read again */
    if (status == STATUS_DENIED && entry == &desk->approval.who) {
        snprintf(entry->trouble, sizeof entry->trouble, "%s",
                 tr("That PIN is not right, or this person may not allow it."));
    } else if (status == STATUS_DENIED) {
        snprintf(entry->trouble, sizeof entry->trouble, "%s",
                 tr("That PIN is not right. Try again."));
    } else {
        desk_fail(desk, TR_MARK("The PIN was not checked."), status, error);
    }
    desk->host.sound(desk->host.context, TONE_TROUBLE);
}

static void signed_in(struct desk *desk)
{
    desk->entry = (struct pin_entry){0};
    desk_quiet(desk);
    desk_update(desk);
    desk->shelf.stale = true;
    desk->host.look_changed(desk->host.context);
}

static void approved(struct desk *desk)
{
    struct deed deed = desk->approval.deed;

    desk->approval = (struct approval){0};
    if (!desk_do(desk, &deed)) {
        till_approval_drop(desk->till);
    }
}

void desk_pin_checked(struct desk *desk)
{
    struct error error = {0};
    struct pin_check check = desk->check;
    bool approval = desk->approval.open && desk->approval.who.checking;
    struct pin_entry *entry = approval ? &desk->approval.who : &desk->entry;
    enum status status;

    secret_wipe(&desk->check, sizeof desk->check);
    if (!entry->checking) {
        return; /* the sheet was closed meanwhile */
    }
    entry->checking = false;
    if (approval) {
        status = till_approve(desk->till, &check, desk->approval.permission, &error);
    } else {
        status = till_sign_in(desk->till, &check, &error);
    }
    if (status != STATUS_OK) {
        wrong_pin(desk, entry, status, &error);
    } else if (approval) {
        approved(desk);
    } else {
        signed_in(desk);
    }
}
