/* The replica files of a data folder: which there are, which is the next, and when an old one may
 * go.
 *
 *   replica.current ──► replica-7.db (-wal, -shm)   in use
 *                       replica-6.db                the one before: a till may still read it
 *                       replica-8.db                being made; nobody but the agent knows it
 *
 * Numbers only grow. Files above the pointer's number are leftovers of a run that was killed: they
 * were never pointed at and go at once. Files below go when nobody has them open.
 */
#ifndef HOLDFAST_AGENT_REPLICA_FILES_H
#define HOLDFAST_AGENT_REPLICA_FILES_H

#include "terminal/base/status.h"
#include "terminal/catalogue/replica.h"

#include <stdbool.h>
#include <stdint.h>

/* "replica-7.db" -> 7; 0 when the name is of another form. */
int64_t replica_number(const char *name);
void replica_file_name(int64_t number, char out[REPLICA_NAME_SIZE]);

/* The number for a new file: above the pointer's and above every file's that is there. */
enum status replica_next_number(const char *folder, int64_t *out, struct error *error) MUST_USE;

/* Removes every replica file but `current` (0: none is in use) and `making` (0: none is being
 * made), with its -wal and -shm; an older one only when no other process has it open. *left: how
 * many older ones had to stay. The agent's own connections to them must be closed. */
enum status replica_sweep(const char *folder, int64_t current, int64_t making, int *left,
                          struct error *error) MUST_USE;

/* Removes one file with its -wal, -shm and -journal; fine when it is not there. */
void replica_remove(const char *folder, int64_t number);

#endif
