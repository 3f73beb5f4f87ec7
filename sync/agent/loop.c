/* One thread, one wait:
 *
 *   curl's sockets ─┐
 *   agent.sock     ─┼─► wait ─► events ─► agent_step ─► actions: send, cancel, poke, log
 *   signals        ─┘
 *
 * Nothing durable is here. SIGKILL at any instruction loses at most a line of the log.
 */
#include "sync/agent/loop.h"
#include "sync/agent/agent.h"
#include "sync/agent/poke.h"
#include "sync/agent/transport_curl.h"
#include "terminal/base/clock.h"
#include "terminal/base/file.h"
#include "terminal/journal/device.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define WAIT_S          25
#define ONCE_FAILURES   2
#define ONCE_PATIENCE   8000 /* ms that a reason may stand before --once gives up */
#define WAIT_CEILING_MS 60000

struct loop {
    struct agent *agent;
    struct transport_curl *curl;
    struct transport transport;
    struct line line;
    struct poke *poke;
    struct agent_actions actions;
    struct clock clock;
    int signals;
    int64_t due_ms; /* monotonic */
    int64_t reason_since_ms;
    bool stop;
};

static int64_t mono_ms(const struct loop *loop)
{
    return clock_monotonic_us(&loop->clock) / 1000;
}

static void act(struct loop *loop)
{
    for (size_t i = 0; i < loop->actions.count; i++) {
        const struct agent_action *action = &loop->actions.items[i];

        switch (action->kind) {
        case AGENT_SEND:
            loop->transport.send(loop->transport.context, &action->request);
            break;
        case AGENT_CANCEL:
            loop->transport.cancel(loop->transport.context, action->call);
            break;
        case AGENT_POKE_TILL:
            poke_send(loop->poke, action->word);
            break;
        case AGENT_LOG:
            log_line(action->level, "agent", "%s", action->text);
            break;
        case AGENT_WAIT:
            loop->due_ms = action->mono_ms;
            break;
        }
    }
}

static void step(struct loop *loop, struct agent_event *event)
{
    event->wall_ms = clock_wall_ms(&loop->clock);
    event->mono_ms = mono_ms(loop);
    agent_step(loop->agent, event, &loop->actions);
    act(loop);
}

static void take_pokes(struct loop *loop)
{
    enum agent_poke word;

    while (poke_receive(loop->poke, &word)) {
        struct agent_event event = {.kind = AGENT_POKED, .poke = word};
        step(loop, &event);
    }
}

static void take_signals(struct loop *loop)
{
    struct signalfd_siginfo signal_info;

    while (read(loop->signals, &signal_info, sizeof signal_info) == (ssize_t)sizeof signal_info)
        loop->stop = true;
}

static void turn(struct loop *loop)
{
    const int fds[] = {poke_fd(loop->poke), loop->signals};
    int64_t wait = loop->due_ms - mono_ms(loop);
    struct agent_event event;

    if (wait < 0)
        wait = 0;
    if (wait > WAIT_CEILING_MS)
        wait = WAIT_CEILING_MS;
    transport_curl_wait(loop->curl, (int)wait, fds, 2);
    while (transport_curl_next(loop->curl, &event))
        step(loop, &event);
    take_pokes(loop);
    take_signals(loop);
    if (mono_ms(loop) >= loop->due_ms) {
        event = (struct agent_event){.kind = AGENT_TICK};
        step(loop, &event);
    }
}

/* Whether --once is at its end, and how it ended. */
static bool once_over(struct loop *loop, enum status *status, struct error *error)
{
    struct agent_view view;

    agent_look(loop->agent, &view);
    if (agent_drained(loop->agent)) {
        if (view.reason[0] != '\0')
            *status = error_set(error, STATUS_CONFLICT, "%s", view.reason);
        else if (view.queue < 0)
            *status = error_set(error, STATUS_BUSY, "till.db can't be read: start the till once");
        return true;
    }
    if (view.reason[0] == '\0')
        loop->reason_since_ms = mono_ms(loop);
    if (view.failures < ONCE_FAILURES && mono_ms(loop) - loop->reason_since_ms < ONCE_PATIENCE)
        return false;
    *status = error_set(error, view.online ? STATUS_CONFLICT : STATUS_NETWORK, "%s", view.reason);
    return true;
}

static int open_signals(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static enum status open_all(struct loop *loop, const struct loop_options *options,
                            struct error *error)
{
    struct device_identity identity;
    struct agent_options agent = {.folder = options->folder,
                                  .identity = &identity,
                                  .entropy = entropy_system(),
                                  .wait_s = WAIT_S,
                                  .batch = FRAME_MAX_ENTRIES};
    enum status status = device_read(options->folder, &identity, error);

    if (status == STATUS_OK)
        status = line_read(options->folder, &loop->line, error);
    if (status == STATUS_OK)
        status = agent_create(&agent, &loop->agent, error);
    if (status == STATUS_OK)
        status = poke_open(options->folder, &loop->poke, error);
    if (status == STATUS_OK) {
        loop->curl = transport_curl_create(identity.url, &loop->line);
        loop->transport = transport_curl_as_transport(loop->curl);
        loop->signals = open_signals();
    }
    device_wipe(&identity);
    return status;
}

enum status loop_run(const struct loop_options *options, struct error *error)
{
    struct loop loop = {.clock = clock_system(), .signals = -1};
    struct agent_event event = {.kind = AGENT_STARTED};
    enum status status = open_all(&loop, options, error);

    if (status == STATUS_OK) {
        loop.reason_since_ms = mono_ms(&loop);
        step(&loop, &event);
        while (!loop.stop && !(options->once && once_over(&loop, &status, error)))
            turn(&loop);
        event = (struct agent_event){.kind = AGENT_STOPPED};
        step(&loop, &event);
    }
    transport_curl_destroy(loop.curl);
    line_finish(&loop.line);
    poke_close(loop.poke);
    agent_destroy(loop.agent);
    agent_actions_finish(&loop.actions);
    if (loop.signals >= 0)
        (void)close(loop.signals);
    return status;
}
