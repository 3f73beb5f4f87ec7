/* A server before the fixture's ledger, on a free port. */
#ifndef HOLDFAST_TEST_RUNNING_H
#define HOLDFAST_TEST_RUNNING_H

#include "tests/unit/sync/ledger/ledger_fixture.h"

#include "sync/ledger/http/server.h"

struct running {
    struct fixture *fixture;
    struct server *server;
    char name[LISTENER_NAME_SIZE];
    int port;
};

static struct running *start_with(struct fixture *fixture, const struct server_options *options)
{
    struct running *running = mem_alloc(sizeof *running);
    struct error error = {0};

    running->fixture = fixture;
    must(server_start(fixture->ledger, options, &running->server, running->name, &error), &error);
    running->port = atoi(strrchr(running->name, ':') + 1);
    assert_true(running->port > 0);
    return running;
}

static void stop(struct running *running)
{
    server_stop(running->server);
    free(running);
}

#endif
