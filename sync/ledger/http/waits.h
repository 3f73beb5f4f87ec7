/* Questions that wait for the feed to grow: a thread that sleeps until it does, or until the first
 * deadline, and then hands each one that is over to its owner. */
#ifndef HOLDFAST_LEDGER_WAITS_H
#define HOLDFAST_LEDGER_WAITS_H

#include "sync/ledger/handle.h"

struct waits;

struct wait_entry {
    struct ledger_wait *wait;
    void (*over)(struct wait_entry *entry); /* called once, from the waits' thread; may not block */
    struct wait_entry *next;                /* the waits' */
};

/* Listens to the ledger's feed until it is stopped. */
struct waits *waits_start(struct ledger *ledger);
/* Keeps the entry until it is over. Any thread. */
void waits_add(struct waits *waits, struct wait_entry *entry);
/* Every entry is over now, and so is each one that is still added. */
void waits_end_all(struct waits *waits);
void waits_stop(struct waits *waits); /* after waits_end_all; NULL is fine */

#endif
