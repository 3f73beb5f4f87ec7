/* How often one may ask: a token bucket each for addresses, devices and tokens.
 *
 *   who       per second   at once   looked at
 *   address   2,000        10,000    when the headers of a request are there
 *   device      100         1,000    when its signature has been found good
 *   token       200         1,000    when it has been found good
 *
 * (A shop's tills may share one address; nobody uses up another's share by naming him.) In memory
 * only, of fixed size: 8 places per hash; when they are taken, the one that was used longest ago is
 * given up. Thread-safe.
 */
#ifndef HOLDFAST_LEDGER_LIMITS_H
#define HOLDFAST_LEDGER_LIMITS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum limit_kind { LIMIT_ADDRESS, LIMIT_DEVICE, LIMIT_TOKEN, LIMIT_KINDS };

#define LIMITS_PLACES 16384 /* of all kinds together */

struct limits;
struct limits *limits_new(void);
void limits_free(struct limits *limits); /* NULL is fine */

/* Takes one turn: 0, or after how many milliseconds one is there again. */
int64_t limits_take(struct limits *limits, enum limit_kind kind, const void *key, size_t length,
                    int64_t monotonic_us);

/* The same for LIMIT_ADDRESS: an IPv4 address, however it is written; of an IPv6 address the
 * network that one customer is given (/64). What is neither is never too much. */
int64_t limits_take_address(struct limits *limits, const struct sockaddr *address,
                            int64_t monotonic_us);

#endif
