/* Many tills on one ledger, as far as the ledger can tell: connections that ask for changes and
 * wait, each with a device's own signature. One thread, no threads of its own. */
#ifndef HOLDFAST_BENCH_CROWD_H
#define HOLDFAST_BENCH_CROWD_H

#include "terminal/base/crypto.h"
#include "terminal/base/status.h"

struct crowd_till {
    struct id device;
    struct public_key key;
    struct secret_key secret;
    int fd;
    bool answered;
    double answered_us; /* now_us of the last byte of the answer */
    size_t got, expected;
    char head[1024];
};

struct crowd {
    struct crowd_till *tills;
    int count;
    int epoll;
    unsigned port;
};

/* Makes `count` devices with keys; connects nobody. */
void crowd_make(struct crowd *crowd, int count);
void crowd_finish(struct crowd *crowd);

/* Connects all to 127.0.0.1:port and sends the question of each: changes of the prices after
 * `position`, held for `wait_s`. Returns when all are sent. */
enum status crowd_ask(struct crowd *crowd, unsigned port, const char *incarnation,
                      long long position, int wait_s, struct error *error) MUST_USE;

/* Reads answers until all have one, or until `patience_ms` have passed without a byte. Each answer
 * must be a 200. *answered: how many have one. */
enum status crowd_hear(struct crowd *crowd, int patience_ms, int *answered,
                       struct error *error) MUST_USE;
/* Asks again on the same connections. */
enum status crowd_ask_again(struct crowd *crowd, const char *incarnation, long long position,
                            int wait_s, struct error *error) MUST_USE;

#endif
