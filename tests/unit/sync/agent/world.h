/* A till, an agent and a fake ledger on a virtual clock, with a line between them that can lose
 * requests, lose answers, cut streams, and a hand that kills the agent.
 *
 *   agent_step ──► actions ──► in flight ──► (fault?) ──► fake_handle ──► (fault?) ──► event
 *
 * Time jumps from event to event. Everything random comes from one seed.
 */
#ifndef HOLDFAST_TESTS_WORLD_H
#define HOLDFAST_TESTS_WORLD_H

#include "sync/agent/agent.h"
#include "sync/agent/sync_db.h"
#include "tests/unit/sync/agent/fake_ledger.h"
#include "tests/unit/terminal/journal/journal_fixture.h"

#define WORLD_FLIGHTS 8
#define WORLD_CHUNK   3000

struct flight {
    int64_t call; /* 0: free */
    struct transport_request request;
    char *copies[3]; /* path, query, body */
    int64_t due;
    int64_t wait_until; /* a long poll is held back so long */
    int64_t at;         /* streaming: the next byte; -1: not answered yet */
};

struct world {
    struct fixture *till;
    struct fake_ledger *ledger;
    struct agent *agent;
    struct agent_actions actions;
    struct flight flights[WORLD_FLIGHTS];
    int64_t mono_ms;
    int64_t clock_off_ms; /* of the till's wall clock */
    int64_t due_ms;       /* when the agent wants a tick */
    uint64_t seed;
    /* per mille */
    int lose_request, lose_answer, cut_stream, kill, duplicate;
    bool down;     /* nothing gets through */
    int batch;     /* of the agent that is started next */
    int slow_ms;   /* every request takes so much longer */
    bool in_order; /* every request takes as long */
    int pokes_rows, pokes_replica, pokes_state, kills, lost, sent_journal, sent_bytes, sent_changes,
        gaps, most_journal;
    int64_t bytes_streamed;
    char *last_path; /* of the last request */
};

static inline uint32_t world_random(struct world *world, uint32_t below)
{
    world->seed = world->seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(world->seed >> 33) % below;
}

static inline bool world_chance(struct world *world, int per_mille)
{
    return per_mille > 0 && (int)world_random(world, 1000) < per_mille;
}

static inline void flight_clear(struct flight *flight)
{
    for (int i = 0; i < 3; i++)
        free(flight->copies[i]);
    memset(flight, 0, sizeof *flight);
}

/* Batches that are on their way. */
static inline int world_journal_out(const struct world *world)
{
    int out = 0;

    for (int i = 0; i < WORLD_FLIGHTS; i++)
        out += world->flights[i].call != 0 &&
               strcmp(world->flights[i].request.path, "/v1/journal") == 0;
    return out;
}

static inline void world_send(struct world *world, const struct transport_request *request)
{
    struct flight *flight = NULL;

    for (int i = 0; i < WORLD_FLIGHTS && !flight; i++)
        flight = world->flights[i].call == 0 ? &world->flights[i] : NULL;
    assert_non_null(flight);
    flight->call = request->call;
    flight->request = *request;
    flight->copies[0] = mem_copy_text(request->path);
    flight->copies[1] = mem_copy_text(request->query);
    flight->copies[2] = mem_alloc(request->body_length + 1);
    if (request->body_length > 0)
        memcpy(flight->copies[2], request->body, request->body_length);
    flight->request.path = flight->copies[0];
    flight->request.query = flight->copies[1];
    flight->request.body = flight->copies[2];
    flight->due =
        world->mono_ms + world->slow_ms + (world->in_order ? 10 : 1 + (int)world_random(world, 20));
    flight->wait_until = world->mono_ms + 25000;
    flight->at = -1;
    world->sent_journal += strcmp(request->path, "/v1/journal") == 0;
    world->sent_changes += strcmp(request->path, "/v1/changes") == 0;
    world->sent_bytes += request->stream ? 1 : 0;
    if (world_journal_out(world) > world->most_journal)
        world->most_journal = world_journal_out(world);
}

static inline void world_cancel(struct world *world, int64_t call)
{
    for (int i = 0; i < WORLD_FLIGHTS; i++) {
        if (world->flights[i].call == call)
            flight_clear(&world->flights[i]);
    }
}

static inline void world_act(struct world *world)
{
    for (size_t i = 0; i < world->actions.count; i++) {
        const struct agent_action *action = &world->actions.items[i];

        if (action->kind == AGENT_SEND)
            world_send(world, &action->request);
        else if (action->kind == AGENT_CANCEL)
            world_cancel(world, action->call);
        else if (action->kind == AGENT_WAIT)
            world->due_ms = action->mono_ms;
        else if (action->kind == AGENT_POKE_TILL && strcmp(action->word, "rows") == 0)
            world->pokes_rows++;
        else if (action->kind == AGENT_POKE_TILL && strcmp(action->word, "replica") == 0)
            world->pokes_replica++;
        else if (action->kind == AGENT_POKE_TILL)
            world->pokes_state++;
        else if (getenv("WORLD_LOG"))
            (void)fprintf(stderr, "%lld %s\n", (long long)world->mono_ms, action->text);
    }
    assert_int_equal(world->actions.items[world->actions.count - 1].kind, AGENT_WAIT);
}

static inline void world_step(struct world *world, struct agent_event *event)
{
    event->mono_ms = world->mono_ms;
    event->wall_ms = world->ledger->now_ms + world->clock_off_ms;
    agent_step(world->agent, event, &world->actions);
    world_act(world);
}

static inline void world_start_agent(struct world *world)
{
    struct agent_options options = {.folder = world->till->folder.path,
                                    .identity = &world->till->identity,
                                    .entropy = fixture_entropy(world->till),
                                    .wait_s = 25,
                                    .batch = world->batch};
    struct agent_event event = {.kind = AGENT_STARTED};
    struct error error;

    fake_ok(agent_create(&options, &world->agent, &error), &error);
    world_step(world, &event);
}

/* As SIGKILL does it: what is out may still reach the ledger, no answer comes back. */
static inline void world_kill_agent(struct world *world)
{
    agent_destroy(world->agent);
    world->agent = NULL;
    world->kills++;
    for (int i = 0; i < WORLD_FLIGHTS; i++) {
        struct flight *flight = &world->flights[i];
        struct fake_answer answer;

        if (flight->call != 0 && flight->at < 0 && world_random(world, 2) == 0) {
            fake_handle(world->ledger, &flight->request, &answer);
            buf_finish(&answer.body);
        }
        flight_clear(flight);
    }
}

static inline struct world *world_make(uint64_t seed)
{
    struct world *world = mem_alloc(sizeof *world);
    char *ledger_folder;

    world->seed = seed;
    world->mono_ms = 1000;
    world->batch = FRAME_MAX_ENTRIES;
    world->till = fixture_make("");
    world->till->random += seed << 32; /* the agent's nonces and jitter differ by seed too */
    ledger_folder = path_join(world->till->folder.path, "ledger");
    assert_int_equal(file_make_folder(ledger_folder, 0700, NULL), STATUS_OK);
    world->ledger = fake_ledger_make(ledger_folder);
    free(ledger_folder);
    world->ledger->now_ms = world->till->now_ms;
    world->ledger->device = world->till->identity.device;
    world->ledger->device_key = world->till->identity.device_key;
    world->till->identity.ledger_key = world->ledger->key;
    world->till->identity.incarnation = world->ledger->incarnation;
    return world;
}

static inline void world_free(struct world *world)
{
    agent_destroy(world->agent);
    for (int i = 0; i < WORLD_FLIGHTS; i++)
        flight_clear(&world->flights[i]);
    agent_actions_finish(&world->actions);
    fake_ledger_free(world->ledger);
    fixture_free(world->till);
    free(world);
}

static inline void world_lost(struct world *world, struct flight *flight)
{
    struct agent_event event = {
        .kind = AGENT_UNREACHABLE, .call = flight->call, .why = "the line is cut"};

    world->lost++;
    flight_clear(flight);
    world_step(world, &event);
}

/* The next piece of the snapshot, or the end of the answer. */
static inline void world_stream(struct world *world, struct flight *flight)
{
    const struct fake_ledger *ledger = world->ledger;
    int64_t left = (int64_t)ledger->packed_size - flight->at;
    bool part = flight->request.range_from > 0 && !ledger->ignore_range;
    struct agent_event event = {.call = flight->call, .status = part ? 206 : 200};

    if (world_chance(world, world->cut_stream)) {
        world_lost(world, flight);
        return;
    }
    if (left <= 0) {
        event.kind = AGENT_ANSWERED;
        flight_clear(flight);
    } else {
        event.kind = AGENT_CHUNK;
        event.bytes = ledger->packed + flight->at;
        event.length = (size_t)(left < WORLD_CHUNK ? left : WORLD_CHUNK);
        event.offset = flight->at;
        flight->at += (int64_t)event.length;
        flight->due = world->mono_ms + 1;
        world->bytes_streamed += (int64_t)event.length;
    }
    world_step(world, &event);
}

static inline void world_answer(struct world *world, struct flight *flight)
{
    struct fake_answer answer;
    struct agent_event event = {.kind = AGENT_ANSWERED, .call = flight->call};

    if (strcmp(flight->request.path, "/v1/changes") == 0 && world->mono_ms < flight->wait_until &&
        !fake_has_news(world->ledger, flight->request.query)) {
        flight->due = world->mono_ms + 200;
        return;
    }
    fake_handle(world->ledger, &flight->request, &answer);
    world->gaps += answer.status == 409;
    if (world_chance(world, world->duplicate)) {
        struct fake_answer twice; /* the network sends it twice: a replay, refused */
        fake_handle(world->ledger, &flight->request, &twice);
        assert_int_equal(twice.status, 401);
        buf_finish(&twice.body);
    }
    if (world_chance(world, world->lose_answer)) {
        buf_finish(&answer.body);
        world_lost(world, flight);
        return;
    }
    if (answer.stream) {
        flight->at = answer.from;
        flight->due = world->mono_ms + 1;
    } else {
        event.status = answer.status;
        event.bytes = buf_text(&answer.body);
        event.length = answer.body.used;
        flight_clear(flight);
        world_step(world, &event);
    }
    buf_finish(&answer.body);
}

/* Moves to the next thing that happens. */
static inline void world_turn(struct world *world)
{
    struct flight *next = NULL;
    struct agent_event tick = {.kind = AGENT_TICK};
    int64_t at;

    for (int i = 0; i < WORLD_FLIGHTS; i++) {
        struct flight *flight = &world->flights[i];
        if (flight->call != 0 && (!next || flight->due < next->due))
            next = flight;
    }
    at = next && next->due <= world->due_ms ? next->due : world->due_ms;
    if (at > world->mono_ms) {
        world->ledger->now_ms += at - world->mono_ms;
        world->mono_ms = at;
    }
    if (world_chance(world, world->kill)) {
        world_kill_agent(world);
        world_start_agent(world);
    } else if (!next || next->due > world->mono_ms) {
        world_step(world, &tick);
    } else if (world->down || (next->at < 0 && world_chance(world, world->lose_request))) {
        world_lost(world, next);
    } else if (next->at >= 0) {
        world_stream(world, next);
    } else {
        world_answer(world, next);
    }
}

static inline bool world_done(struct world *world)
{
    return agent_drained(world->agent);
}

/* Until nothing is left to do; fails when that takes more turns than that. */
static inline void world_drain(struct world *world, int turns)
{
    struct agent_view view;

    while (turns-- > 0) {
        if (world_done(world))
            return;
        world_turn(world);
    }
    agent_look(world->agent, &view);
    fail_msg("not drained: queue %lld, reason: %s", (long long)view.queue, view.reason);
}

static inline void world_turns(struct world *world, int turns)
{
    while (turns-- > 0)
        world_turn(world);
}

static inline void world_poke(struct world *world, enum agent_poke word)
{
    struct agent_event event = {.kind = AGENT_POKED, .poke = word};

    world_step(world, &event);
}

/* ---- what must be true ---- */

static inline void dump_table(struct db *db, const struct reference_table *table, struct buf *out)
{
    struct buf sql;
    sqlite3_stmt *statement = NULL;

    buf_init(&sql, 8192);
    assert_int_equal(buf_append_text(&sql, "SELECT "), STATUS_OK);
    assert_int_equal(reference_columns(table, &sql), STATUS_OK);
    assert_int_equal(buf_printf(&sql, " FROM %s ORDER BY 1, 2, 3", table->name), STATUS_OK);
    assert_int_equal(sqlite3_prepare_v2(db_handle(db), buf_text(&sql), -1, &statement, NULL),
                     SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++)
            assert_int_equal(
                buf_printf(out, "%s|", (const char *)sqlite3_column_text(statement, i)), STATUS_OK);
        assert_int_equal(buf_append_byte(out, '\n'), STATUS_OK);
    }
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    buf_finish(&sql);
}

/* Every row of every table, the order in which search gives all items, and what codes find. */
static inline void dump(struct db *db, struct buf *out)
{
    struct search *search = search_open();
    struct search_hit hits[SEARCH_PAGE];
    struct error error;
    int64_t after = 0;
    size_t count = 0;

    for (int i = 0; i < reference_table_count(); i++)
        dump_table(db, reference_table_at(i), out);
    do {
        fake_ok(search_find(search, db, "", after, hits, SEARCH_PAGE, &count, &error), &error);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(buf_printf(out, "%s %s\n", hits[i].sku, hits[i].name), STATUS_OK);
            after = hits[i].rank;
        }
    } while (count == SEARCH_PAGE);
    for (int i = 0; i < 20; i++) {
        char code[16];
        (void)snprintf(code, sizeof code, "own%d", i);
        fake_ok(search_find(search, db, code, 0, hits, SEARCH_PAGE, &count, &error), &error);
        for (size_t n = 0; n < count; n++)
            assert_int_equal(buf_printf(out, "%s: %s\n", code, hits[n].sku), STATUS_OK);
    }
    search_close(search);
}

/* The replica that the pointer names equals the ledger's tables. */
static inline void world_check_replica(struct world *world)
{
    struct replica *replica = NULL;
    struct buf here;
    struct buf there;
    struct error error;

    fake_stamp(world->ledger);
    fake_ok(replica_open_reader(world->till->folder.path, &replica, &error), &error);
    buf_init(&here, (size_t)16 << 20);
    buf_init(&there, (size_t)16 << 20);
    dump(replica_db(replica), &here);
    dump(world->ledger->db, &there);
    assert_string_equal(buf_text(&here), buf_text(&there));
    buf_finish(&here);
    buf_finish(&there);
    replica_close(replica);
}

/* Every entry of every epoch is at the ledger once, in order, and counted once. */
static inline void world_check_journal(struct world *world)
{
    struct journal_epoch_info *epochs = NULL;
    size_t count = 0;
    struct error error;
    int64_t total = 0;

    fake_ok(journal_epochs(world->till->db, &epochs, &count, &error), &error);
    for (size_t i = 0; i < count; i++) {
        const struct fake_epoch *epoch = fake_epoch_of(world->ledger, &epochs[i].epoch);

        assert_int_equal(epoch->count, epochs[i].head_seq);
        assert_true(hash_equal(&epoch->hashes[epoch->count - 1], &epochs[i].head_hash));
        total += epoch->count;
    }
    assert_int_equal(total, fake_total(world->ledger));
    free(epochs);
}

#endif
