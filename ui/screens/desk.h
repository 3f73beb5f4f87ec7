/* The desk: what all screens share. A screen is a function of this state; it changes it only by
 * the functions below and by the till.
 *
 *   app ──events──► desk_scan, desk_device, ... ──► state ──► screens_show ──► widgets
 *                                                    ▲  │
 *                                                    └──┘ presses
 *
 * Nothing here knows SDL, sockets or devices: what the screens want of the program around them
 * goes through `struct desk_host`. The UI's thread only.
 */
#ifndef HOLDFAST_SCREENS_DESK_H
#define HOLDFAST_SCREENS_DESK_H

#include "terminal/selling/document.h"
#include "terminal/selling/tr.h"
#include "terminal/till_day.h"
#include "terminal/till_sell.h"
#include "ui/screens/key_layout.h"
#include "ui/widgets/ui.h"

#include <stdbool.h>
#include <stdint.h>

struct desk;

enum screen {
    SCREEN_STARTING, /* enrolled; the first catalogue is on its way */
    SCREEN_SIGN_IN,
    SCREEN_SHIFT_OPEN,
    SCREEN_SELL,
    SCREEN_TENDER,
    SCREEN_CHANGE,
    SCREEN_MORE,
    SCREEN_PARKED,
    SCREEN_DISCOUNT, /* on the whole sale */
    SCREEN_RETURN,
    SCREEN_DRAWER, /* paid in, paid out, no sale */
    SCREEN_RECEIPTS,
    SCREEN_SHIFT_CLOSE,
    SCREEN_STATUS,
    SCREENS
};

/* "sell", "shift-open": what scripts and tests call it. Static text. */
const char *screen_name(enum screen screen);

/* ---- the program around ------------------------------------------------------------------ */

enum tone { TONE_LINE, TONE_TROUBLE };

struct look {
    char language[16]; /* "de"; "" follows the person, then the location */
    char theme[16];    /* "light" */
    int text_percent;  /* 100..150 */
    bool mute;         /* the good tones only */
    bool left_handed;  /* the cart on the other side */
};

/* Each returns at once. */
struct desk_host {
    void *context;
    /* Runs pin_check_run elsewhere, then calls desk_pin_checked on the UI's thread. */
    void (*check_pin)(void *context, struct pin_check *check);
    void (*sound)(void *context, enum tone tone);
    /* Something was put on the journal or the print queue: the agent and the spool have work. */
    void (*recorded)(void *context);
    /* desk->look, or the person and so the language, changed. */
    void (*look_changed)(void *context);
    /* tr() answers in this language until the next call; "" is the screen's own. */
    void (*speak)(void *context, const char *language);
};

/* ---- parts of the state ------------------------------------------------------------------- */

enum light { LIGHT_NONE, LIGHT_READY, LIGHT_TROUBLE };

struct device_line {
    enum light light;
    char text[160]; /* the driver's line, English; shown on the status screen */
};

/* A number being typed: digits and at most one point. */
struct pad {
    char text[14];
};

enum { DEED_TEXT = 160 };

/* Something a person wants done, kept so that it can be done again after another person's leave
 * or after a question. */
struct deed {
    enum status (*run)(struct desk *desk, const struct deed *deed, struct error *error);
    const char *failed; /* English, marked: "The price was not changed." */
    int64_t a, b;
    char text[DEED_TEXT];
    char more[DEED_TEXT];
};

struct notice {
    enum ui_tone tone;
    char text[480]; /* "" for none */
};

struct pin_entry {
    char staff[KEY_SIZE]; /* "" nobody chosen */
    char digits[13];
    bool checking;
    char trouble[240];
};

/* "Ask only before: refund, no-sale, close of day, discarding a cart." */
struct confirm {
    bool open;
    char title[120], text[320], yes[80];
    struct deed deed;
};

struct approval {
    bool open;
    enum permission permission;
    struct deed deed;
    struct pin_entry who;
};

enum { SHELF_TILES = 120, SHELF_CATEGORIES = 24, STAFF_SHOWN = 40 };

/* The products in sight. */
struct shelf {
    char category[KEY_SIZE]; /* "" favourites */
    char typed[120];         /* the search; "" none */
    int offset;
    bool more; /* rows after these */
    bool stale;
    int count, category_count;
    struct tile_view tiles[SHELF_TILES];
    struct category_view categories[SHELF_CATEGORIES];
};

/* The keys on the screen, while a field was touched to type into it. */
struct keyboard {
    struct key_layout
        layout;     /* of the screen's language, given by the program; no pages: no keys */
    char field[40]; /* the field they are for */
    int page;
};

enum pad_mode { PAD_QUANTITY, PAD_PRICE, PAD_DISCOUNT };

/* The keypad beside the products. */
struct line_pad {
    bool shown;
    enum pad_mode mode;
    bool percent; /* of a discount */
    int reason;   /* index, -1 none yet */
    int line;     /* the line that `pad` was typed for */
    bool stock;   /* how many there are is shown */
    struct pad pad;
};

enum ask_kind {
    ASK_NONE,
    ASK_VARIANT,
    ASK_PRICE,
    ASK_WEIGHT,
    ASK_AGE,
    ASK_LINK,        /* which article is the unknown code? */
    ASK_SETTLE_PRICE /* an open price for the unknown code */
};

/* A question about one article that is not in the cart yet (or one unknown line). It waits while
 * scanning goes on, and bars payment so that nothing leaves the shop unasked. */
struct ask {
    enum ask_kind kind;
    int line; /* of the unknown code */
    int min_age;
    bool age_confirmed, has_price;
    struct price price;
    struct quantity quantity;
    struct pad pad;
    char sku[KEY_SIZE], name[NAME_SIZE], code[TILL_CODE_SIZE];
    char unit[KEY_SIZE], pack[KEY_SIZE];
    int count; /* variants */
    struct tile_view variants[40];
};

struct tender_state {
    struct pad pad;
    bool card; /* the card terminal is being used */
    struct money card_amount;
};

struct drawer_state {
    int kind; /* 0 paid in, 1 paid out, 2 no sale */
    int reason;
    struct pad pad;
};

struct discount_state {
    bool percent;
    int reason;
    struct pad pad;
};

struct return_state {
    bool on;
    int reason, condition;
};

enum { RECEIPTS_SHOWN = 50, PARKED_SHOWN = 50 };

struct receipts_state {
    char chosen[TILL_RECEIPT_SIZE];
    char typed[TILL_RECEIPT_SIZE];
    bool stale;
    int count;
    struct receipt_view rows[RECEIPTS_SHOWN];
    struct document *document; /* of `chosen`, or NULL */
};

struct parked_state {
    int count;
    struct parked_view rows[PARKED_SHOWN];
};

struct close_state {
    struct pad pad;
    bool closed; /* the Z of `shift` is done */
    struct shift_view shift;
    struct money counted, difference;
};

struct desk {
    struct till *till;
    struct ui *ui;
    struct clock clock;
    struct desk_host host;
    struct look look;

    enum screen screen;
    struct till_status status; /* as of this build; its texts are those below */
    struct {
        char till[32], location[80], location_name[NAME_SIZE];
        char staff[KEY_SIZE], staff_name[NAME_SIZE], staff_role[NAME_SIZE];
        char sync_reason[256];
    } names;
    struct notice notice;
    struct device_line scanner, printer;

    struct pin_entry entry;               /* sign-in */
    struct staff_view staff[STAFF_SHOWN]; /* read by pin_entry_start */
    int staff_count;
    struct confirm confirm;
    struct approval approval;
    struct pin_check check; /* under way */

    struct keyboard keyboard;
    struct shelf shelf;
    struct line_pad pad;
    struct ask ask;
    struct tender_state tender;
    struct discount_state discount;
    struct return_state returning;
    struct drawer_state drawer;
    struct receipts_state receipts;
    struct parked_state parked;
    struct pad opening_float;
    struct close_state close;

    struct sale_result last; /* what the change screen shows */
    bool has_last;
    bool reprinted;
    int64_t printed_job;                  /* the newest job that is on paper */
    char last_code[TILL_CODE_SIZE];       /* the code sold last, against the doubled scan */
    int64_t last_code_us, last_commit_us; /* monotonic */
};

/* ---- life and events ------------------------------------------------------------------------ */

struct desk *desk_create(struct till *till, struct ui *ui, struct clock clock,
                         struct desk_host host, struct look look);
void desk_free(struct desk *desk);

/* A code from any scanner, whatever the screen: the obvious happens. */
void desk_scan(struct desk *desk, const uint8_t *bytes, size_t length);
/* The check that host.check_pin was given is done. */
void desk_pin_checked(struct desk *desk);
void desk_device(struct desk *desk, bool printer, enum light light, const char *text);
/* A print job ended. */
void desk_printed(struct desk *desk, int64_t job, bool done, const char *text);
/* Sees what the agent brought. True when a frame is needed. */
bool desk_refresh(struct desk *desk);
/* Nobody touched the till for as long as the shop chose (setting "lock_minutes", 0 never). */
void desk_lock(struct desk *desk);

/* Reads desk->status. */
void desk_update(struct desk *desk);

/* The screen that is shown now (after desk_update); differs from desk->screen when nobody is signed
 * in, no shift is open or nothing can be sold yet. */
enum screen desk_screen(struct desk *desk);

/* The language of the screen: "de". */
const char *desk_language(struct desk *desk);

/* ---- for the screens --------------------------------------------------------------------------
 */

void desk_go(struct desk *desk, enum screen screen);

/* One notice at a time: what happened, what was saved, what to do next. It goes with the next
 * thing that is done. */
void desk_say(struct desk *desk, enum ui_tone tone, const char *format, ...) PRINTF_LIKE(3, 4);
void desk_quiet(struct desk *desk);
/* Says why `failed` (English, marked) happened, with the low tone. */
void desk_fail(struct desk *desk, const char *failed, enum status status,
               const struct error *error);

/* Does it. When the person may not, the approval sheet opens and the deed waits there; any other
 * failure is said. True when it was done now. */
bool desk_do(struct desk *desk, const struct deed *deed);
/* Asks first. Texts are translated already. */
void desk_confirm(struct desk *desk, const char *title, const char *text, const char *yes,
                  const struct deed *deed);

/* Texts that live for this frame. */
const char *desk_money(struct desk *desk, struct money amount);
const char *desk_money_short(struct desk *desk, struct money amount);
const char *desk_price(struct desk *desk, struct price price, const char *unit); /* "£2.90/kg" */
const char *desk_quantity(struct desk *desk, struct quantity quantity);
const char *desk_integer(struct desk *desk, int64_t value);
const char *desk_clock(struct desk *desk, int64_t wall_ms); /* "14:02", or the date before today */
/* "5 018374 921103": a code in the groups printed under its bars. */
const char *desk_code(struct desk *desk, const char *code);

/* Room for words: the screen's width in millimetres at 100 % text; a portrait screen counts
 * 1.7 times, because its panes have the whole width. */
float desk_room(const struct desk *desk);

/* Texts for paper in the shop's language: between the two calls. */
void desk_paper_begin(struct desk *desk);
void desk_paper_end(struct desk *desk);

#endif
