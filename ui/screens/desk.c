/* The state's life, its notices and deeds, and how figures are written. Events are in
 * desk_events.c.
 *
 * Invariant: while approval.open or confirm.open, its deed has not been done and nothing of it is
 * recorded; closing the sheet forgets it. */
#include "ui/screens/desk.h"

#include "terminal/base/buf.h"
#include "terminal/base/log.h"
#include "terminal/money/locale.h"
#include "ui/screens/screens.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *screen_name(enum screen screen)
{
    static const char *const names[SCREENS] = {[SCREEN_STARTING] = "starting",
                                               [SCREEN_SIGN_IN] = "sign-in",
                                               [SCREEN_SHIFT_OPEN] = "shift-open",
                                               [SCREEN_SELL] = "sell",
                                               [SCREEN_TENDER] = "tender",
                                               [SCREEN_CHANGE] = "change",
                                               [SCREEN_MORE] = "more",
                                               [SCREEN_PARKED] = "parked",
                                               [SCREEN_DISCOUNT] = "discount",
                                               [SCREEN_RETURN] = "return",
                                               [SCREEN_DRAWER] = "drawer",
                                               [SCREEN_RECEIPTS] = "receipts",
                                               [SCREEN_SHIFT_CLOSE] = "shift-close",
                                               [SCREEN_STATUS] = "status"};

    return names[screen];
}

struct desk *desk_create(struct till *till, struct ui *ui, struct clock clock,
                         struct desk_host host, struct look look)
{
    struct desk *desk = mem_alloc(sizeof *desk);

    desk->till = till;
    desk->ui = ui;
    desk->clock = clock;
    desk->host = host;
    desk->look = look;
    desk->screen = SCREEN_SELL;
    desk->shelf.stale = true;
    desk->pad.reason = desk->discount.reason = desk->drawer.reason = desk->returning.reason = -1;
    desk->has_last = till_last_sale(till, &desk->last, NULL) == STATUS_OK;
    desk_update(desk);
    pin_entry_start(desk, &desk->entry);
    return desk;
}

void desk_free(struct desk *desk)
{
    if (!desk) {
        return;
    }
    document_destroy(desk->receipts.document);
    secret_wipe(&desk->entry, sizeof desk->entry);
    secret_wipe(&desk->approval, sizeof desk->approval);
    free(desk);
}

void desk_update(struct desk *desk)
{
    struct till_status *status = &desk->status;

    till_status(desk->till, status);
    snprintf(desk->names.till, sizeof desk->names.till, "%s", status->till);
    snprintf(desk->names.location, sizeof desk->names.location, "%s", status->location);
    snprintf(desk->names.location_name, sizeof desk->names.location_name, "%s",
             status->location_name);
    snprintf(desk->names.staff, sizeof desk->names.staff, "%s", status->staff);
    snprintf(desk->names.staff_name, sizeof desk->names.staff_name, "%s", status->staff_name);
    snprintf(desk->names.staff_role, sizeof desk->names.staff_role, "%s", status->staff_role);
    snprintf(desk->names.sync_reason, sizeof desk->names.sync_reason, "%s", status->sync_reason);
    status->till = desk->names.till;
    status->location = desk->names.location;
    status->location_name = desk->names.location_name;
    status->staff = desk->names.staff;
    status->staff_name = desk->names.staff_name;
    status->staff_role = desk->names.staff_role;
    status->sync_reason = desk->names.sync_reason;
}

enum screen desk_screen(struct desk *desk)
{
    if (desk->screen == SCREEN_STATUS) {
        return SCREEN_STATUS;
    }
    if (desk->status.phase == TILL_NO_REPLICA) {
        return SCREEN_STARTING;
    }
    if (!*desk->status.staff || desk->status.locked) {
        return SCREEN_SIGN_IN;
    }
    switch (desk->screen) {
    case SCREEN_CHANGE:
    case SCREEN_RECEIPTS:
    case SCREEN_SHIFT_CLOSE:
        return desk->screen;
    default:
        return desk->status.shift_open ? desk->screen : SCREEN_SHIFT_OPEN;
    }
}

const char *desk_language(struct desk *desk)
{
    return *desk->look.language ? desk->look.language : till_language(desk->till);
}

void desk_go(struct desk *desk, enum screen screen)
{
    if (desk->screen != screen) {
        desk_quiet(desk); /* what was said belongs to what was shown */
    }
    desk->screen = screen;
}

/* ---- notices and deeds ---------------------------------------------------------------------- */

void desk_quiet(struct desk *desk)
{
    desk->notice.text[0] = '\0';
}

void desk_say(struct desk *desk, enum ui_tone tone, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(desk->notice.text, sizeof desk->notice.text, format, arguments);
    va_end(arguments);
    desk->notice.tone = tone;
}

/* Why, and what to do next. */
static const char *reason_for_people(enum status status)
{
    switch (status) {
    case STATUS_INVALID:
        return tr("This value is not possible here.");
    case STATUS_RANGE:
        return tr("The number is too large or too small.");
    case STATUS_NOT_FOUND:
        return tr("It is not there any more.");
    case STATUS_EXISTS:
        return tr("It was there already.");
    case STATUS_BUSY:
        return tr("The till is still getting ready. Try again in a moment.");
    case STATUS_DENIED:
        return tr("You are not allowed to do this. Ask a manager.");
    case STATUS_CONFLICT:
        return tr("Something else has to be finished first.");
    case STATUS_FULL:
        return tr("The disk is full; all sales so far are safe. Call for help.");
    case STATUS_IO:
    case STATUS_CORRUPT:
        return tr("The disk did not answer; all sales so far are safe. Try once more, "
                  "then call for help.");
    default:
        return tr("Try again, then call for help.");
    }
}

void desk_fail(struct desk *desk, const char *failed, enum status status, const struct error *error)
{
    log_line(LOG_LEVEL_WARN, "screen", "%s (%s: %s)", failed, status_name(status),
             error ? error->text : "");
    desk_say(desk, UI_BAD, "%s %s", tr(failed), reason_for_people(status));
    desk->host.sound(desk->host.context, TONE_TROUBLE);
}

bool desk_do(struct desk *desk, const struct deed *deed)
{
    struct error error = {0};
    struct deed now = *deed; /* the caller's may be part of what the deed changes */

    desk_quiet(desk);
    enum status status = now.run(desk, &now, &error);
    if (status == STATUS_OK) {
        desk->host.recorded(desk->host.context);
        return true;
    }
    if (status == STATUS_DENIED && till_denied(desk->till) != 0) {
        desk->approval =
            (struct approval){.open = true, .deed = now, .permission = till_denied(desk->till)};
        pin_entry_start(desk, &desk->approval.who);
        return false;
    }
    desk_fail(desk, now.failed, status, &error);
    return false;
}

void desk_confirm(struct desk *desk, const char *title, const char *text, const char *yes,
                  const struct deed *deed)
{
    struct confirm *confirm = &desk->confirm;

    *confirm = (struct confirm){.open = true, .deed = *deed};
    snprintf(confirm->title, sizeof confirm->title, "%s", title);
    snprintf(confirm->text, sizeof confirm->text, "%s", text);
    snprintf(confirm->yes, sizeof confirm->yes, "%s", yes);
}

float desk_room(const struct desk *desk)
{
    float room = ui_width_mm(desk->ui) * 100 / (float)desk->look.text_percent;

    return ui_portrait(desk->ui) ? room * 1.7f : room;
}

void desk_paper_begin(struct desk *desk)
{
    char language[16];
    const char *locale = till_locale(desk->till);
    size_t length = strcspn(locale, "-_");

    snprintf(language, sizeof language, "%.*s", (int)length, locale);
    desk->host.speak(desk->host.context, language);
}

void desk_paper_end(struct desk *desk)
{
    desk->host.speak(desk->host.context, "");
}

/* ---- figures -------------------------------------------------------------------------------- */

/* In right-to-left text a figure is an island of its own (UAX #9, first strong isolate), or its
 * sign and symbol would wander. */
static const char *figure(struct desk *desk, const char *text)
{
    return ui_rtl(desk->ui) && *text ? ui_id(desk->ui, "\u2068%s\u2069", text)
                                     : ui_id(desk->ui, "%s", text);
}

const char *desk_money(struct desk *desk, struct money amount)
{
    char text[LOCALE_TEXT_SIZE];

    locale_money(till_format(desk->till), amount, text);
    return figure(desk, text);
}

const char *desk_money_short(struct desk *desk, struct money amount)
{
    char text[LOCALE_TEXT_SIZE];

    locale_money_short(till_format(desk->till), amount, text);
    return figure(desk, text);
}

const char *desk_price(struct desk *desk, struct price price, const char *unit)
{
    char text[2 * LOCALE_TEXT_SIZE];

    locale_price(till_format(desk->till), price, text);
    if (*unit && strcmp(unit, "each") != 0) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "/%s", unit);
    }
    return figure(desk, text);
}

const char *desk_quantity(struct desk *desk, struct quantity quantity)
{
    char text[LOCALE_TEXT_SIZE];

    locale_quantity(till_format(desk->till), quantity, text);
    return figure(desk, text);
}

const char *desk_integer(struct desk *desk, int64_t value)
{
    char text[LOCALE_TEXT_SIZE];

    locale_integer(till_format(desk->till), value, text);
    return figure(desk, text);
}

const char *desk_clock(struct desk *desk, int64_t wall_ms)
{
    char text[LOCALE_TEXT_SIZE];
    struct local_time then = local_time_at(wall_ms, till_time_zone(desk->till));
    struct local_time now = till_now(desk->till);

    if (then.year == now.year && then.month == now.month && then.day == now.day) {
        locale_clock(till_format(desk->till), &then, text);
    } else {
        locale_date(till_format(desk->till), &then, text);
    }
    return figure(desk, text);
}

const char *desk_code(struct desk *desk, const char *code)
{
    size_t length = strlen(code);

    if (length == 14 && code[0] == '0' && strspn(code, "0123456789") == 14) {
        code++;
        length--;
    }
    if (length == 13 && strspn(code, "0123456789") == 13) {
        return figure(desk, ui_id(desk->ui, "%.1s\u00a0%.6s\u00a0%s", code, code + 1, code + 7));
    }
    return figure(desk, code);
}
