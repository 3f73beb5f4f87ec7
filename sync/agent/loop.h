/* The agent's life: the state machine, the real transport, the sockets and the signals.
 */
#ifndef HOLDFAST_AGENT_LOOP_H
#define HOLDFAST_AGENT_LOOP_H

#include "terminal/base/status.h"

#include <stdbool.h>

struct loop_options {
    const char *folder; /* the till's data folder, with device.json */
    bool once;          /* end when nothing is left to send or to fetch */
};

/* Runs until SIGTERM or SIGINT (STATUS_OK), or with `once` until all is done (STATUS_OK) or it
 * can't be: STATUS_NETWORK when the ledger does not answer, STATUS_DENIED and others as they come.
 * Listens on agent.sock and pokes till.sock, both in the folder. STATUS_NOT_FOUND: not enrolled.
 * STATUS_BUSY: another agent works here. */
enum status loop_run(const struct loop_options *options, struct error *error) MUST_USE;

#endif
