/* The till: the one door to the core for the screens, the spool and the tools.
 *
 *   screens ─┐
 *   spool   ─┼─► till ─► selling, pricing ─► journal (till.db, owned)
 *   admin   ─┘              └─► catalogue, people, stock (replica-N.db, read)
 *
 * One thread owns a till and makes every call. Nothing here waits for the network, a device or
 * another process. What changes money, stock or the cart is durable when the call returns
 * STATUS_OK; anything else leaves everything as it was. Texts of `struct error` are for logs; what
 * a cashier reads is chosen by the status and the outcome.
 *
 * STATUS_DENIED always means: the person signed in (or nobody) lacks the permission; till_denied()
 * names it, another person may grant it once (till_approve), and the call is made again.
 * STATUS_FULL: no room on the disk; nothing was recorded. STATUS_IO, STATUS_CORRUPT: the database
 * was closed, opened again and verified; the call had no effect. While it does not open, every call
 * tries again and answers so; the cart is then what the disk says.
 *
 * Further doors, same rules: till_sell.h (look-ups, cart, tender, sale), till_day.h (people, shift,
 * drawer, stock adjustments, print jobs, receipts), till_replay.h (prepared sales).
 */
#ifndef HOLDFAST_TILL_H
#define HOLDFAST_TILL_H

#include "terminal/base/clock.h"
#include "terminal/base/crypto.h"
#include "terminal/base/status.h"
#include "terminal/journal/sync_trouble.h"
#include "terminal/money/locale.h"
#include "terminal/money/money.h"
#include "terminal/people/people.h"
#include "terminal/selling/fiscal.h"

#include <stdbool.h>
#include <stdint.h>

struct till;

enum till_mode {
    TILL_WRITER, /* the till itself and tools that record: takes till.db.lock */
    TILL_READER  /* looks only: every call that would change something is STATUS_UNSUPPORTED */
};

enum till_phase {
    TILL_READY,
    TILL_NO_REPLICA /* enrolled, but the first catalogue has not arrived: nothing can be sold yet;
                       till_refresh finds it when it comes */
};

struct till_options {
    const char *folder;  /* the data folder, with device.json */
    const char *program; /* for the lock's message: "holdfast" */
    enum till_mode mode;
    struct clock clock;
    struct entropy entropy;
    const struct fiscal *fiscal; /* NULL: none; must outlive the till */
    const char *masks_path;      /* barcode-masks.json for in-store codes; NULL: none */
};

/* Opens the data folder: lock (writer), migrations, journal, open cart, replica if there is one.
 * A first start writes the journal's epoch_open. When the journal's head is behind, or differs
 * from, a head that the ledger countersigned (sync.db), this is a restored or cloned copy: a new
 * epoch is opened before anything is sold.
 * STATUS_NOT_FOUND: no device.json (not enrolled). STATUS_BUSY: another program writes.
 * STATUS_CORRUPT: the journal's tail breaks its rules. STATUS_UNSUPPORTED: a later version's files.
 */
enum status till_open(const struct till_options *options, struct till **out,
                      struct error *error) MUST_USE;
void till_close(struct till *till); /* NULL is fine */

/* Between two operations: follows replica.current to a new replica, sees changed rows and changed
 * sync state. Cheap when nothing changed. *changed tells whether screens should be rebuilt. An
 * open cart keeps its lines and prices. Calls with a poke ("rows", "replica", "state") or every few
 * seconds. */
enum status till_refresh(struct till *till, bool *changed, struct error *error) MUST_USE;

/* Housekeeping for moments without a customer (the screens call it when nothing happened for a
 * second): folds the write-ahead log back, restores the disk reserve. Bounded work; never needed
 * for correctness. */
void till_idle(struct till *till);

enum till_phase till_phase(const struct till *till);

/* The permission that the last STATUS_DENIED wanted, 0 when that was about something else. */
enum permission till_denied(const struct till *till);

/* ---- what the status strip and the settings show ------------------------------------------- */

struct till_status {
    enum till_phase phase;
    const char *till;          /* "T01" */
    const char *location;      /* "S01" */
    const char *location_name; /* "Harbour Street", "" without a replica */
    const char *staff;         /* id, "" when nobody is signed in */
    const char *staff_name;
    const char *staff_role; /* the role's name */
    bool locked;
    bool shift_open;
    int64_t shift;           /* its number, 0 when none is open */
    int64_t entries;         /* journal entries of the current epoch */
    int64_t unsent;          /* entries the ledger has not acknowledged, all epochs */
    int64_t unsent_sales;    /* of these, sales and returns */
    int64_t unsent_since_ms; /* when the oldest of them was written; 0: none, or not known */
    bool sync_known;         /* the agent has ever run here */
    bool online;
    int64_t offline_since_ms;       /* wall time, 0 while online or unknown */
    enum sync_trouble sync_trouble; /* why something does not go on: for people */
    const char *sync_reason;        /* the agent's own words for it, English; "" when all is well */
    int64_t replica_as_of_ms;       /* age of the location's figures, 0 unknown */
    int64_t prints_waiting;
    int64_t prints_failed;
    bool disk_low; /* the reserve is not there: the next tender will be refused */
};

/* Pointers are borrowed until the next till call. Never fails: what is unknown is zero. */
void till_status(struct till *till, struct till_status *out);

/* The location's settings. Valid defaults ("en-GB", GBP) while there is no replica. */
const char *till_locale(const struct till *till);   /* "en-GB" */
const char *till_language(const struct till *till); /* of the person signed in, else the location */
const struct currency *till_currency(const struct till *till);
const char *till_time_zone(const struct till *till);
int64_t till_panel_mm(const struct till *till); /* width of the panel, 0 unknown */
/* A row of `setting` for this location, or the fallback. Borrowed until till_refresh. */
const char *till_setting(struct till *till, const char *key, const char *fallback);
/* For amounts on screen; belongs to the till, and to its thread. Replaced by till_refresh. */
struct locale_format *till_format(struct till *till);
struct local_time till_now(const struct till *till); /* in the location's time zone */

/* ---- for tools ------------------------------------------------------------------------------ */

struct till_figures {
    int64_t entries;       /* all epochs held here */
    int64_t sales;         /* entries of kind sale, type sale; perpetual */
    int64_t returns;       /* type return */
    int64_t sales_minor;   /* perpetual gross of positive lines */
    int64_t returns_minor; /* perpetual gross of negative lines, as a positive number */
    char head_hex[HASH_HEX_SIZE];
    char epoch_hex[ID_HEX_SIZE];
    int64_t head_seq;
};
enum status till_figures(struct till *till, struct till_figures *out, struct error *error) MUST_USE;

/* Checks the journal from the first entry to the last: hashes, order, signatures; that every move
 * row and the perpetual totals follow from the entries; and that no receipt number is used twice.
 * *checked = entries looked at. STATUS_CORRUPT names the first thing that is wrong. */
enum status till_verify(struct till *till, int64_t *checked, struct error *error) MUST_USE;

#endif
