/* What only a server can do to a ledger: die, restart, lose an answer, refuse a transaction, run
 * out of connections. On a cluster of its own, and only where $HOLDFAST_TEST_DB asks for
 * PostgreSQL. */
#include "ledger_fixture.h"

#include "sync/ledger/store/readers.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

static char cluster[64];

static void cluster_do(const char *command)
{
    char line[160];

    (void)snprintf(line, sizeof line, "packaging/postgres %s %s >/dev/null 2>&1", command, cluster);
    assert_int_equal(system(line), 0);
}

static int start_cluster(void **state)
{
    char uri[128];

    (void)state;
    strcpy(cluster, "/tmp/holdfast-pg-XXXXXX");
    assert_non_null(mkdtemp(cluster));
    cluster_do("start");
    (void)snprintf(uri, sizeof uri, "postgresql://holdfast@/postgres?host=%s", cluster);
    return setenv("HOLDFAST_TEST_DB", uri, 1);
}

static int remove_cluster(void **state)
{
    (void)state;
    cluster_do("remove");
    return 0;
}

/* --- A job that adds one row, and does something beside --- */

struct insert {
    int64_t number;
    int runs;
    void (*beside)(struct insert *insert); /* in the middle of the transaction, NULL: nothing */
    struct fixture *fixture;
};

static enum status insert_job(void *context, const struct writer_turn *turn, struct error *error)
{
    struct insert *insert = context;
    struct store_value values[] = {store_blob(&insert->number, sizeof insert->number),
                                   store_int(insert->number)};
    enum status status;

    insert->runs++;
    status = store_run(turn->session,
                       "INSERT INTO side_record(epoch, hash, received_ms, body) "
                       "VALUES(7, ?1, ?2, '')",
                       values, 2, error);
    if (status == STATUS_OK && insert->beside != NULL)
        insert->beside(insert);
    return status;
}

static enum status run_insert(struct fixture *fixture, struct insert *insert, struct error *error)
{
    struct writer_job job = {.run = insert_job, .context = insert};

    insert->fixture = fixture;
    return writer_run(fixture->ledger->writer, &job, error);
}

static int64_t rows(struct fixture *fixture)
{
    return query_int(fixture, "SELECT count(*) FROM side_record WHERE epoch = 7");
}

/* --- The server dies --- */

static void kill_and_start(struct insert *insert)
{
    if (insert->runs > 1)
        return;
    cluster_do("kill");
    cluster_do("start");
}

static void test_postgres__a_server_killed_within_a_transaction(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};

    for (int i = 0; i < 6; i++) {
        struct insert insert = {.number = i, .beside = i % 2 == 1 ? kill_and_start : NULL};
        enum status status = run_insert(fixture, &insert, &error);
        assert_int_equal(status, i % 2 == 1 ? STATUS_IO : STATUS_OK);
        if (i % 2 == 1) {
            assert_int_equal(rows(fixture), i); /* nothing of it, and a reader that goes on */
            must(run_insert(fixture, &insert, &error), &error);
        }
        assert_int_equal(rows(fixture), i + 1);
    }
}

static void test_postgres__a_server_restarted_between_transactions(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};

    for (int i = 0; i < 3; i++) {
        struct insert insert = {.number = i};
        must(run_insert(fixture, &insert, &error), &error);
        assert_int_equal(rows(fixture), i + 1);
        cluster_do(i == 1 ? "kill" : "stop");
        cluster_do("start");
    }
}

struct killer {
    pthread_t thread;
    atomic_bool done;
};

static void *kill_often(void *context)
{
    struct killer *killer = context;

    for (int i = 0; i < 4 && !atomic_load(&killer->done); i++) {
        cluster_do("kill");
        cluster_do("start");
    }
    return NULL;
}

/* Whatever moment the server dies at, what the writer said is what is there. */
static void test_postgres__acknowledged_is_there_once(void **state)
{
    struct fixture *fixture = *state;
    struct killer killer = {.done = false};
    struct error error = {0};
    int64_t acknowledged = 0, failed = 0;

    assert_int_equal(pthread_create(&killer.thread, NULL, kill_often, &killer), 0);
    for (int64_t i = 0; i < 20000 && failed < 400; i++) {
        struct insert insert = {.number = i};
        enum status status = run_insert(fixture, &insert, &error);
        if (status == STATUS_OK)
            acknowledged++;
        else
            failed++;
        assert_true(status == STATUS_OK || status == STATUS_IO);
    }
    atomic_store(&killer.done, true);
    (void)pthread_join(killer.thread, NULL);
    cluster_do("start");
    fixture_close(fixture);
    fixture_open(fixture);
    assert_int_equal(rows(fixture), acknowledged);
    assert_true(acknowledged > 0);
}

/* --- The network loses an answer --- */

enum cut { PASS, CUT_THE_ANSWER, CUT_THE_REQUEST };

#define PAIRS_MAX 16

/* Between the ledger and the server; closes a connection at the next request of the client. */
static struct proxy {
    char folder[64];
    int listening;
    pthread_t thread;
    atomic_int cut;
    atomic_bool stop;
    int client[PAIRS_MAX], server[PAIRS_MAX], count;
} proxy;

static int unix_socket(const char *folder, bool listening)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", folder);
    if (listening) {
        assert_int_equal(bind(made, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(listen(made, 16), 0);
    } else {
        assert_int_equal(connect(made, (struct sockaddr *)&address, sizeof address), 0);
    }
    return made;
}

static void close_pair(int pair)
{
    (void)close(proxy.client[pair]);
    (void)close(proxy.server[pair]);
    proxy.count--;
    proxy.client[pair] = proxy.client[proxy.count];
    proxy.server[pair] = proxy.server[proxy.count];
}

/* False when the pair is closed. */
static bool pass_on(int pair, bool from_client)
{
    char bytes[16384];
    int from = from_client ? proxy.client[pair] : proxy.server[pair];
    int to = from_client ? proxy.server[pair] : proxy.client[pair];
    ssize_t length = read(from, bytes, sizeof bytes);
    int cut = PASS;

    if (length > 0 && from_client)
        cut = atomic_exchange(&proxy.cut, PASS);
    if (length <= 0 || cut == CUT_THE_REQUEST) {
        close_pair(pair);
        return false;
    }
    for (ssize_t sent = 0, part; sent < length; sent += part)
        if ((part = send(to, bytes + sent, (size_t)(length - sent), MSG_NOSIGNAL)) <= 0)
            break;
    if (cut == PASS)
        return true;
    (void)!read(to, bytes, sizeof bytes); /* the server has done it, and nobody hears */
    close_pair(pair);
    return false;
}

static void *run_proxy(void *context)
{
    (void)context;
    while (!atomic_load(&proxy.stop)) {
        struct pollfd watched[1 + 2 * PAIRS_MAX] = {{.fd = proxy.listening, .events = POLLIN}};
        int pairs = proxy.count;
        for (int i = 0; i < pairs; i++) {
            watched[1 + 2 * i] = (struct pollfd){.fd = proxy.client[i], .events = POLLIN};
            watched[2 + 2 * i] = (struct pollfd){.fd = proxy.server[i], .events = POLLIN};
        }
        if (poll(watched, (nfds_t)(1 + 2 * pairs), 20) <= 0)
            continue;
        if (watched[0].revents != 0 && proxy.count < PAIRS_MAX) {
            proxy.client[proxy.count] = accept(proxy.listening, NULL, NULL);
            proxy.server[proxy.count] = unix_socket(cluster, false);
            proxy.count++;
        }
        for (int i = pairs - 1; i >= 0; i--) {
            if (watched[1 + 2 * i].revents != 0 && !pass_on(i, true))
                continue;
            if (watched[2 + 2 * i].revents != 0)
                (void)pass_on(i, false);
        }
    }
    while (proxy.count > 0)
        close_pair(0);
    return NULL;
}

static int setup_behind_proxy(void **state)
{
    char uri[128], kept[128];

    (void)snprintf(kept, sizeof kept, "%s", getenv("HOLDFAST_TEST_DB"));
    memset(&proxy, 0, sizeof proxy);
    strcpy(proxy.folder, "/tmp/holdfast-proxy-XXXXXX");
    assert_non_null(mkdtemp(proxy.folder));
    proxy.listening = unix_socket(proxy.folder, true);
    assert_int_equal(pthread_create(&proxy.thread, NULL, run_proxy, NULL), 0);
    (void)snprintf(uri, sizeof uri, "postgresql://holdfast@/postgres?host=%s", proxy.folder);
    assert_int_equal(setenv("HOLDFAST_TEST_DB", uri, 1), 0);
    *state = fixture_make();
    return setenv("HOLDFAST_TEST_DB", kept, 1);
}

static int teardown_behind_proxy(void **state)
{
    fixture_free(*state);
    atomic_store(&proxy.stop, true);
    (void)pthread_join(proxy.thread, NULL);
    (void)close(proxy.listening);
    remove_folder(proxy.folder);
    return 0;
}

static void cut_the_answer(struct insert *insert)
{
    if (insert->runs == 1)
        atomic_store(&proxy.cut, CUT_THE_ANSWER);
}

static void cut_the_request(struct insert *insert)
{
    if (insert->runs == 1)
        atomic_store(&proxy.cut, CUT_THE_REQUEST);
}

/* The commit was done, and its answer is lost: the ledger finds out, and says that it was done. */
static void test_postgres__a_commit_without_its_answer(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};

    for (int64_t i = 0; i < 5; i++) {
        struct insert insert = {.number = i, .beside = cut_the_answer};
        must(run_insert(fixture, &insert, &error), &error);
        assert_int_equal(insert.runs, 1);
        assert_int_equal(rows(fixture), i + 1);
    }
}

/* The commit never arrived: the ledger says so, and nothing is there. */
static void test_postgres__a_commit_that_never_arrived(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};

    for (int64_t i = 0; i < 5; i++) {
        struct insert insert = {.number = i, .beside = cut_the_request};
        assert_int_equal(run_insert(fixture, &insert, &error), STATUS_IO);
        assert_int_equal(rows(fixture), i);
        must(run_insert(fixture, &insert, &error), &error);
        assert_int_equal(rows(fixture), i + 1);
    }
}

/* --- The server refuses --- */

static void change_under_it(struct insert *insert)
{
    struct fixture *fixture = insert->fixture;
    struct error error = {0};
    struct store_value values[] = {store_text("race"), store_text("mine")};
    int64_t seen;

    /* What it reads first fixes what it sees. */
    must(store_one_int(fixture->ledger->writing, "SELECT count(*) FROM ledger_meta", NULL, 0, 0,
                       &seen, &error),
         &error);
    if (insert->runs <= 2)
        (void)engine_sql(fixture->location,
                         "UPDATE ledger_meta SET value = 'theirs %d' "
                         "WHERE key = 'race'",
                         insert->runs);
    /* Told at the latest with the commit. */
    if (store_run(fixture->ledger->writing, "UPDATE ledger_meta SET value = ?2 WHERE key = ?1",
                  values, 2, &error) != STATUS_OK)
        assert_int_equal(error.status, STATUS_BUSY);
}

/* Another session changed what the transaction reads and writes: it is run again, on the new state.
 */
static void test_postgres__a_serialization_failure_is_repeated(void **state)
{
    struct fixture *fixture = *state;
    struct insert insert = {.number = 1, .beside = change_under_it};
    struct error error = {0};

    (void)engine_sql(fixture->location, "INSERT INTO ledger_meta(key, value) VALUES('race', '')");
    must(run_insert(fixture, &insert, &error), &error);
    assert_int_equal(insert.runs, 3);
    assert_int_equal(rows(fixture), 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM ledger_meta WHERE value = 'mine'"),
                     1);
}

/* A ledger that was given up commits nothing, whatever became of its lock. */
static void test_postgres__a_ledger_that_lost_its_database(void **state)
{
    struct fixture *fixture = *state;
    struct insert insert = {.number = 1};
    struct error error = {0};

    (void)engine_sql(fixture->location, "UPDATE holdfast_state SET owner = 'another one'");
    assert_int_equal(run_insert(fixture, &insert, &error), STATUS_CONFLICT);
    assert_non_null(strstr(error.text, "another owner"));
    assert_int_equal(rows(fixture), 0);
}

static void test_postgres__a_statement_that_never_ends(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    struct store *store;
    struct store_session *reader;
    int64_t number;

    /* Within the patience that the URI asks for. */
    fixture_close(fixture);
    strcat(fixture->location, "&options=-cstatement_timeout%3D200");
    must(store_open(fixture->location, false, &store, &error), &error);
    must(store_session_open(store, STORE_READER, &reader, &error), &error);
    must(store_begin_read(reader, &error), &error);
    assert_int_equal(
        store_one_int(reader, "SELECT 1 FROM pg_sleep(30)", NULL, 0, 0, &number, &error),
        STATUS_CANCELLED);
    store_rollback(reader);
    must(store_begin_read(reader, &error), &error);
    must(store_one_int(reader, "SELECT 5", NULL, 0, 0, &number, &error), &error);
    assert_int_equal(number, 5);
    must(store_commit(reader, &error), &error);
    store_session_close(reader);
    store_close(store);
}

static void test_postgres__a_later_version_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct ledger_options options = fixture_options(fixture);
    struct error error = {0};
    struct ledger *ledger;

    fixture_close(fixture);
    (void)engine_sql(fixture->location, "UPDATE holdfast_state SET version = 99");
    assert_int_equal(ledger_open(&options, &ledger, &error), STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "later"));
    assert_int_equal(engine_sql(fixture->location, "SELECT version FROM holdfast_state"), 99);
}

static void test_postgres__a_template_is_no_place(void **state)
{
    char location[ENGINE_LOCATION_SIZE];
    struct error error = {0};
    struct store *store;

    (void)state;
    engine_uri("template1", location);
    assert_int_equal(store_open(location, true, &store, &error), STATUS_INVALID);
    assert_int_equal(store_open("postgresql://%zz", true, &store, &error), STATUS_INVALID);
    assert_int_equal(store_open("mysql://localhost/x", true, &store, &error), STATUS_UNSUPPORTED);
}

/* --- Connections --- */

#define WAITERS 12

struct waiter {
    struct readers *readers;
    pthread_t thread;
    enum status status;
};

static void *take_and_give(void *context)
{
    struct waiter *waiter = context;
    struct store_session *session;
    struct error error = {0};

    for (int i = 0; i < 10; i++) {
        int64_t number;
        waiter->status = readers_take(waiter->readers, &session, &error);
        if (waiter->status != STATUS_OK)
            return NULL;
        must(store_begin_read(session, &error), &error);
        must(store_one_int(session, "SELECT 1", NULL, 0, 0, &number, &error), &error);
        must(store_commit(session, &error), &error);
        readers_give(waiter->readers, session);
    }
    return NULL;
}

/* A role with few connections: whoever gets none waits for one that is lent. */
static void test_postgres__a_server_short_of_connections(void **state)
{
    struct fixture *fixture = *state;
    struct waiter waiters[WAITERS];
    struct error error = {0};
    struct readers *readers;
    struct store *store;
    char few[ENGINE_LOCATION_SIZE], name[64];

    engine_database(fixture->location, name);
    (void)engine_sql(NULL, "DROP ROLE IF EXISTS few");
    (void)engine_sql(NULL, "CREATE ROLE few LOGIN CONNECTION LIMIT 4");
    (void)engine_sql(NULL, "CREATE DATABASE \"%s_other\" OWNER few TEMPLATE template0", name);
    (void)snprintf(few, sizeof few, "postgresql://few@/%s_other?host=%s", name, cluster);
    must(store_open(few, true, &store, &error), &error);
    readers = readers_new(store);
    for (int i = 0; i < WAITERS; i++) {
        waiters[i] = (struct waiter){.readers = readers};
        assert_int_equal(pthread_create(&waiters[i].thread, NULL, take_and_give, &waiters[i]), 0);
    }
    for (int i = 0; i < WAITERS; i++) {
        (void)pthread_join(waiters[i].thread, NULL);
        assert_int_equal(waiters[i].status, STATUS_OK);
    }
    readers_free(readers);
    store_close(store);
}

int main(void)
{
#define TEST(f)  cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
#define PROXY(f) cmocka_unit_test_setup_teardown(f, setup_behind_proxy, teardown_behind_proxy)
    const struct CMUnitTest tests[] = {
        TEST(test_postgres__a_server_killed_within_a_transaction),
        TEST(test_postgres__a_server_restarted_between_transactions),
        TEST(test_postgres__acknowledged_is_there_once),
        PROXY(test_postgres__a_commit_without_its_answer),
        PROXY(test_postgres__a_commit_that_never_arrived),
        TEST(test_postgres__a_serialization_failure_is_repeated),
        TEST(test_postgres__a_ledger_that_lost_its_database),
        TEST(test_postgres__a_statement_that_never_ends),
        TEST(test_postgres__a_later_version_is_refused),
        cmocka_unit_test(test_postgres__a_template_is_no_place),
        TEST(test_postgres__a_server_short_of_connections),
    };

    if (!engine_is_postgres()) {
        printf("SKIPPED: HOLDFAST_TEST_DB does not name a PostgreSQL\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, start_cluster, remove_cluster);
}
