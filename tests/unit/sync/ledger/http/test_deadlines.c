/* Connections that take too long, on pairs of sockets, with a patience of one second. */
#include "sync/ledger/http/deadlines.h"

#include "terminal/base/buf.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { HEADERS, BODY, LARGE_BODY, WORKING, NEXT, CONNECTIONS };

static atomic_int cuts;

static void count_cut(void *context)
{
    (void)context;
    (void)atomic_fetch_add(&cuts, 1);
}

static bool is_cut(int fd, int within_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    return poll(&poll_fd, 1, within_ms) == 1;
}

/* What is due in a second or two is cut off; a large body has its time, and work any time. */
static void test_deadlines__cut_off_who_takes_too_long(void **state)
{
    struct deadlines *deadlines = deadlines_start(1, count_cut, NULL);
    struct deadline *kept[CONNECTIONS];
    int ends[CONNECTIONS][2];

    (void)state;
    for (int i = 0; i < CONNECTIONS; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]), 0);
        kept[i] = deadlines_add(deadlines, ends[i][0]);
    }
    deadline_transfer(deadlines, kept[BODY], DEADLINE_BYTES);
    deadline_transfer(deadlines, kept[LARGE_BODY], 3600 * DEADLINE_BYTES);
    deadline_none(deadlines, kept[WORKING]);
    deadline_none(deadlines, kept[NEXT]);
    deadline_headers(deadlines, kept[NEXT]);
    assert_true(is_cut(ends[HEADERS][1], 20000));
    assert_true(is_cut(ends[BODY][1], 20000));
    assert_true(is_cut(ends[NEXT][1], 20000));
    assert_false(is_cut(ends[LARGE_BODY][1], 0));
    assert_false(is_cut(ends[WORKING][1], 0));
    for (int i = 0; i < CONNECTIONS; i++) {
        deadlines_remove(deadlines, kept[i]);
        (void)close(ends[i][0]);
        (void)close(ends[i][1]);
    }
    deadlines_stop(deadlines);
    assert_int_equal(atomic_load(&cuts), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadlines__cut_off_who_takes_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
