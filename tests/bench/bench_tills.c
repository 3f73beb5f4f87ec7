/* Tills that wait on one ledger process: real sockets, the real holdfast-ledger, every question
 * signed by a device of its own.
 *
 *   memory    what the process holds more, with all of them waiting, for each
 *   idle CPU  of the process while nothing happens
 *   fan-out   from before an administrator's price change is sent to the last byte at each till
 *
 * The devices are written into the database before it is served; enrolling them one by one is not
 * what is measured.
 */
#include "sync/ledger/store/store.h"
#include "tests/bench/crowd.h"
#include "tests/bench/shop.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TILLS = 2000, ROUNDS = 10, QUIET_MS = 400, WAIT_S = 60, IDLE_S = 3 };

struct hall {
    struct served served;
    struct crowd crowd;
    char folder[96];
    char incarnation[40];
    int64_t position; /* of the prices */
};

/* ---- the ledger ------------------------------------------------------------------------------ */

static enum status add_devices(struct store_session *session, const struct crowd *crowd,
                               struct error *error)
{
    enum status status = store_begin(session, error);
    for (int i = 0; i < crowd->count && !status; i++) {
        char till[16];
        snprintf(till, sizeof till, "C%04d", i);
        struct store_value values[] = {store_blob(crowd->tills[i].device.bytes, ID_SIZE),
                                       store_blob(crowd->tills[i].key.bytes, PUBLIC_KEY_SIZE),
                                       store_text(till)};
        status = store_run(session,
                           "INSERT INTO device(device, device_key, till, location, enrolled_ms) "
                           "VALUES(?1, ?2, ?3, 'S01', 0)",
                           values, 3, error);
    }
    return status ? status : store_commit(session, error);
}

static enum status prepare(const struct served *served, const struct crowd *crowd,
                           struct error *error)
{
    struct store *store;
    struct store_session *session = NULL;
    enum status status = store_open(served->db, false, &store, error);
    if (status)
        return status;
    status = store_session_open(store, STORE_WRITER, &session, error);
    if (!status)
        status = add_devices(session, crowd, error);
    store_session_close(session);
    store_close(store);
    return status;
}

static enum status look(struct hall *hall, struct error *error)
{
    struct db *db = NULL;
    struct db_statement *statement;
    bool row = false;
    enum status status = db_open(hall->served.db + strlen("sqlite:"), DB_READER, &db, error);
    if (!status)
        status = db_prepare(db,
                            "SELECT value, (SELECT position FROM feed WHERE scope = 'prices')"
                            " FROM ledger_meta WHERE key = 'incarnation'",
                            &statement, error);
    if (!status)
        status = db_step(statement, &row, error);
    if (!status && row) {
        snprintf(hall->incarnation, sizeof hall->incarnation, "%s", db_text(statement, 0));
        hall->position = db_int(statement, 1);
        db_reset(statement);
    }
    db_close(db);
    return status || row ? status : error_set(error, STATUS_CORRUPT, "there is no incarnation");
}

/* POST /v1/admin/reference on a connection of its own: the price of one item. */
static enum status change_price(const struct served *served, int minor, struct error *error)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)served->port)};
    char token[72] = "", body[256], text[768];
    FILE *file = fopen(served->token, "r");
    bool read_token = file && fgets(token, sizeof token, file);
    if (file)
        fclose(file);
    token[strcspn(token, "\n")] = '\0';
    int length = snprintf(body, sizeof body,
                          "{\"rows\":[{\"t\":\"price\",\"op\":\"put\",\"row\":{\"list\":\"base\","
                          "\"sku\":\"A\",\"price_scaled\":%d}}]}",
                          minor * 10000);
    length =
        snprintf(text, sizeof text,
                 "POST /v1/admin/reference HTTP/1.1\r\nHost: localhost\r\n"
                 "Authorization: Bearer %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
                 token, length, body);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool sent = read_token && fd >= 0 &&
                connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                write(fd, text, (size_t)length) == length;
    ssize_t got = sent ? read(fd, text, sizeof text - 1) : -1;
    text[got > 0 ? got : 0] = '\0';
    if (fd >= 0)
        close(fd);
    return strncmp(text, "HTTP/1.1 200", 12) == 0
               ? STATUS_OK
               : error_set(error, STATUS_NETWORK, "the price was not changed: %.40s", text);
}

/* ---- what is measured ------------------------------------------------------------------------ */

static double memory_kib(int pid)
{
    char path[64];
    long size = 0, resident = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static double cpu_s(int pid)
{
    char path[64];
    long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user,
                       &system) != 2)
        user = 0;
    if (file)
        fclose(file);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Nobody is answered, nobody is refused: all are held. */
static enum status want_waiting(struct hall *hall, struct error *error)
{
    int answered = 0;
    enum status status = crowd_hear(&hall->crowd, QUIET_MS, &answered, error);
    return status || answered == 0
               ? status
               : error_set(error, STATUS_INVALID, "%d tills are answered at once", answered);
}

static enum status fan_out(struct hall *hall, int round, struct samples *each, struct samples *last,
                           struct error *error)
{
    int answered = 0;
    double slowest = 0, start = now_us();
    enum status status = change_price(&hall->served, 100 + round, error);
    if (!status)
        status = crowd_hear(&hall->crowd, 5000, &answered, error);
    if (!status && answered != hall->crowd.count)
        status = error_set(error, STATUS_TIMEOUT, "%d of %d tills were told", answered,
                           hall->crowd.count);
    for (int i = 0; i < hall->crowd.count && !status; i++) {
        double us = hall->crowd.tills[i].answered_us - start;
        samples_add(each, us);
        slowest = us > slowest ? us : slowest;
    }
    samples_add(last, slowest);
    hall->position++;
    return status;
}

static enum status measure(struct bench *bench, struct hall *hall, struct error *error)
{
    struct samples each = {0}, last = {0};
    struct timespec idle = {.tv_sec = IDLE_S};
    char what[96];
    double before_kib = memory_kib(hall->served.pid);
    enum status status = crowd_ask(&hall->crowd, hall->served.port, hall->incarnation,
                                   (long long)hall->position, WAIT_S, error);
    if (!status)
        status = want_waiting(hall, error);
    double after_kib = memory_kib(hall->served.pid), before_s = cpu_s(hall->served.pid);
    nanosleep(&idle, NULL);
    double idle_s = cpu_s(hall->served.pid) - before_s;
    for (int round = 0; round < ROUNDS && !status; round++) {
        if (round > 0)
            status = crowd_ask_again(&hall->crowd, hall->incarnation, (long long)hall->position,
                                     WAIT_S, error);
        if (!status && round > 0)
            status = want_waiting(hall, error);
        if (!status)
            status = fan_out(hall, round, &each, &last, error);
    }
    if (!status) {
        snprintf(what, sizeof what, "%d tills waiting, memory of each", hall->crowd.count);
        bench_below(bench, "tills", what, (after_kib - before_kib) / hall->crowd.count, 0, "KiB",
                    64, "<= 64 KiB");
        bench_below(bench, "tills", "idle CPU while they wait", 100 * idle_s / IDLE_S, 0, "%", 1,
                    "<= 1 % of a processor");
        bench_below(bench, "tills", "a price change at the tills, p50",
                    samples_at(&each, 0.5) / 1e3, 0, "ms", 200, "<= 200 ms");
        bench_below(bench, "tills", "a price change at the tills, p99",
                    samples_at(&each, 0.99) / 1e3, 0, "ms", 200, "<= 200 ms");
        bench_below(bench, "tills", "a price change at the last till, p50",
                    samples_at(&last, 0.5) / 1e3, 0, "ms", 200, "<= 200 ms");
    }
    samples_finish(&each);
    samples_finish(&last);
    return status;
}

enum status bench_tills(struct bench *bench, struct error *error)
{
    struct hall hall = {.position = 0};
    crowd_make(&hall.crowd, TILLS);
    snprintf(hall.folder, sizeof hall.folder, "%s/hall", bench_folder(bench));
    enum status status = ledger_make(bench, hall.folder, &hall.served, error);
    if (!status)
        status = prepare(&hall.served, &hall.crowd, error);
    if (!status)
        status = ledger_serve(bench, &hall.served, error);
    if (!status)
        status = change_price(&hall.served, 99, error);
    if (!status)
        status = look(&hall, error);
    if (!status)
        status = measure(bench, &hall, error);
    crowd_finish(&hall.crowd);
    if (hall.served.pid > 0)
        bench_stop(hall.served.pid);
    return status;
}
