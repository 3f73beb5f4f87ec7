/* Pokes between the programs of one till: one word per datagram over unix sockets in the data
 * folder. A lost poke only costs time, since both sides also look every few seconds; so nothing
 * here reports a failure after the start.
 */
#ifndef HOLDFAST_UI_POKES_H
#define HOLDFAST_UI_POKES_H

#include "ui/queue.h"

struct pokes;

/* Listens on DIR/till.sock and posts each word as EVENT_POKE. A thread of its own that sleeps. */
enum status pokes_create(const char *data_dir, struct queue *queue, struct pokes **out,
                         struct error *error) MUST_USE;
void pokes_free(struct pokes *pokes); /* the queue is quiet when it returns */

/* Tells the agent (DIR/agent.sock). Never blocks; nobody listening is fine. */
void pokes_send(struct pokes *pokes, const char *word);

#endif
