/* Sale at T01 to changed stock in T02's replica, both agents and the ledger running on this
 * machine: from before the sale is made, commit included, to the read that sees it (T02's replica
 * is looked at every half millisecond). Beside it one HTTP round trip to the ledger and two appends
 * with fdatasync, of a sale's bytes.
 */
#include "tests/bench/shop.h"

#include "terminal/base/db.h"
#include "terminal/base/file.h"
#include "terminal/catalogue/replica.h"
#include "terminal/till_replay.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { SALES = 150, WARM = 5, SALE_BYTES = 1500, PATIENCE_US = 30 * 1000 * 1000 };

struct sight {
    const struct shop *shop;
    struct till *till;
    struct replica *far; /* of T02 */
    int http, poke;
    struct sockaddr_un agent;
    int agents[2];
    int number;
};

/* ---- the limit ------------------------------------------------------------------------------- */

static enum status open_http(const char *url, int *out, struct error *error)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    unsigned port;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (sscanf(url, "http://127.0.0.1:%u", &port) != 1)
        return error_set(error, STATUS_INVALID, "%s is not on this machine", url);
    address.sin_port = htons((uint16_t)port);
    *out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(*out, (const struct sockaddr *)&address, sizeof address) == 0
               ? STATUS_OK
               : error_set(error, STATUS_NETWORK, "%s does not answer", url);
}

static enum status round_trip(int http, double *us, struct error *error)
{
    static const char ask[] = "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char answer[4096];
    double start = now_us();
    bool sent = write(http, ask, sizeof ask - 1) == (ssize_t)(sizeof ask - 1);
    ssize_t got = sent ? read(http, answer, sizeof answer) : -1;
    *us = now_us() - start;
    return got > 12 && strncmp(answer, "HTTP/1.1 200", 12) == 0
               ? STATUS_OK
               : error_set(error, STATUS_NETWORK, "the ledger gave no health");
}

/* ---- the sale -------------------------------------------------------------------------------- */

static enum status sell(struct sight *sight, const char *sku, struct error *error)
{
    char reference[32];
    struct replay_line line = {.sku = sku, .quantity = {QUANTITY_ONE}};
    snprintf(reference, sizeof reference, "visible:%d", sight->number++);
    struct replay_sale sale = {.reference = reference,
                               .staff = "P01",
                               .customer = "",
                               .lines = &line,
                               .count = 1,
                               .tender = "cash"};
    enum status status = till_replay_sale(sight->till, &sale, NULL, error);
    if (!status)
        sendto(sight->poke, "entries", 7, MSG_DONTWAIT, (const struct sockaddr *)&sight->agent,
               sizeof sight->agent);
    return status;
}

/* What the far till's replica says of the item, 0 when nothing. */
static enum status far_stock(struct sight *sight, const char *sku, int64_t *out,
                             struct error *error)
{
    struct db_statement *statement;
    bool row;
    enum status status =
        db_prepare(replica_db(sight->far),
                   "SELECT quantity_milli FROM stock WHERE location='S01' AND sku=?"
                   " AND status='available'",
                   &statement, error);
    if (status)
        return status;
    db_bind_text(statement, 1, sku);
    status = db_step(statement, &row, error);
    *out = !status && row ? db_int(statement, 0) : 0;
    db_reset(statement);
    return status;
}

static enum status see(struct sight *sight, double *us, struct error *error)
{
    const char *sku = shop_product(sight->shop, shop_random(sight->shop), PRODUCT_GTIN);
    struct timespec pause = {.tv_nsec = 500 * 1000};
    int64_t before, now = 0;
    enum status status = far_stock(sight, sku, &before, error);
    double start = now_us();
    if (!status)
        status = sell(sight, sku, error);
    while (!status && (status = far_stock(sight, sku, &now, error)) == STATUS_OK && now == before) {
        if (now_us() - start > PATIENCE_US)
            return error_set(error, STATUS_TIMEOUT, "T02 did not see the sale of %s", sku);
        nanosleep(&pause, NULL);
    }
    *us = now_us() - start;
    return status;
}

static enum status measure(struct sight *sight, struct samples *ours, struct samples *limit,
                           struct error *error)
{
    enum status status = STATUS_OK;
    for (int i = -WARM; i < SALES && !status; i++) {
        double seen_us = 0, trip_us = 0;
        status = see(sight, &seen_us, error);
        if (!status)
            status = round_trip(sight->http, &trip_us, error);
        trip_us += bench_append_sync(sight->shop->folder, SALE_BYTES);
        trip_us += bench_append_sync(sight->shop->folder, SALE_BYTES);
        if (i < 0)
            continue;
        samples_add(ours, seen_us);
        samples_add(limit, trip_us);
    }
    return status;
}

static enum status open_sight(struct bench *bench, struct shop *shop, struct sight *out,
                              struct error *error)
{
    char folder[96];
    *out = (struct sight){.shop = shop, .agent.sun_family = AF_UNIX};
    snprintf(out->agent.sun_path, sizeof out->agent.sun_path, "%s/agent.sock", shop->till);
    out->poke = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    enum status status = shop_enroll(bench, shop, "T02", folder, error);
    if (!status)
        status = shop_sync(bench, folder, NULL, error);
    if (!status)
        status = shop_start_agent(bench, shop->till, &out->agents[0], error);
    if (!status)
        status = shop_start_agent(bench, folder, &out->agents[1], error);
    if (!status)
        status = shop_open_till(shop->till, &out->till, error);
    if (!status)
        status = replica_open_reader(folder, &out->far, error);
    return status ? status : open_http(shop->url, &out->http, error);
}

static void close_sight(struct sight *sight)
{
    for (int i = 0; i < 2; i++)
        if (sight->agents[i] > 0)
            bench_stop(sight->agents[i]);
    replica_close(sight->far);
    till_close(sight->till);
    close(sight->poke);
    if (sight->http > 0)
        close(sight->http);
}

enum status bench_visible(struct bench *bench, struct error *error)
{
    struct shop *shop;
    struct sight sight;
    struct samples ours = {0}, limit = {0};
    enum status status = bench_shop(bench, &shop, error);
    if (status)
        return status;
    status = open_sight(bench, shop, &sight, error);
    if (!status)
        status = measure(&sight, &ours, &limit, error);
    close_sight(&sight);
    if (!status) {
        bench_below(bench, "visible", "sale to the next till's replica, p50",
                    samples_at(&ours, 0.5) / 1e3, samples_at(&limit, 0.5) / 1e3, "ms", 200,
                    "<= 200 ms");
        bench_below(bench, "visible", "sale to the next till's replica, p99",
                    samples_at(&ours, 0.99) / 1e3, samples_at(&limit, 0.99) / 1e3, "ms", 200,
                    "<= 200 ms");
    }
    samples_finish(&ours);
    samples_finish(&limit);
    return status;
}
