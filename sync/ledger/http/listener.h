/* The listening socket: "127.0.0.1:8080", "[::1]:8080", ":8080" (all addresses); port 0 takes a
 * free one. */
#ifndef HOLDFAST_LEDGER_LISTENER_H
#define HOLDFAST_LEDGER_LISTENER_H

#include "terminal/base/status.h"

#define LISTENER_NAME_SIZE 80

/* Binds and listens. `name` receives "127.0.0.1:43210": the address with the port it got.
 * STATUS_INVALID: not an address; STATUS_BUSY: the port is taken; STATUS_DENIED; STATUS_NETWORK. */
enum status listener_open(const char *address, int *fd, char name[LISTENER_NAME_SIZE],
                          struct error *error) MUST_USE;

#endif
