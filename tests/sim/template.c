/* Three shops, four tills, ten items. */
#include "tests/sim/template.h"

#include "sync/protocol/message.h"
#include "terminal/base/buf.h"
#include "terminal/base/file.h"
#include "tests/sim/faults.h"
#include "tests/sim/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPENING_MILLI 40000
#define QUIET_STEPS   20000

static struct {
    struct disk_image *ledger;
    struct disk_image *bare[SIM_TILLS];  /* enrolled, and nothing more */
    struct disk_image *ready[SIM_TILLS]; /* with a replica */
    struct device_identity identity[SIM_TILLS];
    char token[72];
    struct id incarnation;
    struct model model;
} kept;

static int store_of(int till)
{
    static const int stores[SIM_TILLS] = {0, 0, 1, 2};

    return stores[till];
}

const struct device_identity *template_identity(int till)
{
    return &kept.identity[till];
}

static void must(enum status status, const struct error *error)
{
    if (status == STATUS_OK)
        return;
    (void)fprintf(stderr, "holdfast-sim: the template: %s: %s\n", status_name(status), error->text);
    abort();
}

int template_admin(struct world *world, const char *path, const char *body)
{
    char bearer[96];
    struct ledger_response response;
    struct ledger_request request = {.method = "POST",
                                     .path = path,
                                     .query = "",
                                     .authorization = bearer,
                                     .body = body,
                                     .length = strlen(body)};
    int status;

    (void)snprintf(bearer, sizeof bearer, "Bearer %s", world->token);
    if (!ledger_node_handle(world, &request, &response))
        return 0;
    status = response.status;
    if (status != 200)
        trace_line(&world->trace, world->now_ms, "head office: %s: %d %s", path, status,
                   buf_text(&response.body));
    (void)snprintf(world->answer, sizeof world->answer, "%s", buf_text(&response.body));
    ledger_node_finish_response(world, &response);
    return status;
}

void template_price_rows(int item, int64_t minor, char *out, size_t size)
{
    (void)snprintf(out, size,
                   "{\"rows\":[{\"t\":\"price\",\"op\":\"put\",\"row\":{\"list\":\"base\","
                   "\"sku\":\"I%d\",\"price_scaled\":%lld}}]}",
                   item, (long long)minor * 10000);
}

static void put_rows(struct world *world, const char *rows)
{
    struct buf body;
    enum status status;

    buf_init(&body, 65536);
    status = buf_printf(&body, "{\"rows\":[%s]}", rows);
    INVARIANT(status == STATUS_OK);
    if (template_admin(world, "/v1/admin/reference", buf_text(&body)) != 200)
        must(STATUS_INVALID, &(struct error){.text = "rows refused"});
    buf_finish(&body);
}

static void put_shops(struct world *world)
{
    char row[900], pin[PIN_HASH_SIZE];
    struct error error = {.text = "the PIN's hash"};

    must(pin_hash(TEMPLATE_PIN, (struct pin_cost){1, 8192}, pin), &error);
    for (int store = 0; store < SIM_STORES; store++) {
        (void)snprintf(row, sizeof row,
                       "{\"t\":\"location\",\"op\":\"put\",\"row\":{\"location\":\"S%02d\","
                       "\"name\":\"Shop %d\",\"timezone\":\"UTC\",\"currency\":\"GBP\","
                       "\"tax_list\":\"uk\",\"tax_included\":1,\"cash_round_minor\":1}}",
                       store + 1, store + 1);
        put_rows(world, row);
    }
    (void)snprintf(row, sizeof row,
                   "{\"t\":\"role\",\"op\":\"put\",\"row\":{\"id\":\"manager\",\"name\":"
                   "\"Manager\",\"permissions\":\"sell return discount price_override void "
                   "no_sale shift_open shift_close x_report paid_in_out adjust unlock approve "
                   "settings\"}},{\"t\":\"staff\",\"op\":\"put\",\"row\":{\"id\":\"M1\",\"name\":"
                   "\"Morgan\",\"role\":\"manager\",\"pin_hash\":\"%s\"}}",
                   pin);
    put_rows(world, row);
    put_rows(world, "{\"t\":\"tax_rate\",\"op\":\"put\",\"row\":{\"tax_list\":\"uk\","
                    "\"tax_class\":\"standard\",\"code\":\"A\",\"name\":\"Standard\","
                    "\"rate_ppm\":200000}},{\"t\":\"price_list\",\"op\":\"put\",\"row\":{"
                    "\"list\":\"base\",\"currency\":\"GBP\",\"priority\":0,\"tax_included\":1}}");
}

static void put_items(struct world *world)
{
    struct buf rows;
    enum status status = STATUS_OK;

    buf_init(&rows, 65536);
    for (int item = 0; item < SIM_ITEMS && status == STATUS_OK; item++)
        status = buf_printf(&rows,
                            "%s{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"I%d\","
                            "\"name\":\"Item %d\"}},{\"t\":\"item_code\",\"op\":\"put\",\"row\":"
                            "{\"code\":\"own%d\",\"sku\":\"I%d\",\"given\":\"own%d\",\"kind\":"
                            "\"own\"}}",
                            item == 0 ? "" : ",", item, item, item, item, item);
    INVARIANT(status == STATUS_OK);
    put_rows(world, buf_text(&rows));
    buf_finish(&rows);
    for (int item = 0; item < SIM_ITEMS; item++) {
        char row[200];
        (void)snprintf(row, sizeof row,
                       "{\"t\":\"price\",\"op\":\"put\",\"row\":{\"list\":\"base\",\"sku\":"
                       "\"I%d\",\"price_scaled\":%d}}",
                       item, (100 + 50 * item) * 10000);
        put_rows(world, row);
    }
}

static void put_opening(struct world *world)
{
    for (int store = 0; store < SIM_STORES; store++) {
        struct buf body;
        enum status status;
        buf_init(&body, 65536);
        status = buf_printf(&body, "{\"location\":\"S%02d\",\"lines\":[", store + 1);
        for (int item = 0; item < SIM_ITEMS && status == STATUS_OK; item++) {
            status = buf_printf(&body, "%s{\"sku\":\"I%d\",\"quantity_milli\":%d}",
                                item == 0 ? "" : ",", item, OPENING_MILLI);
            world->model.opening[store][item] = OPENING_MILLI;
        }
        if (status == STATUS_OK)
            status = buf_append_text(&body, "]}");
        INVARIANT(status == STATUS_OK);
        for (int item = 0; item < SIM_ITEMS; item++)
            world->model.stock[store][item][0] = OPENING_MILLI;
        if (template_admin(world, "/v1/admin/opening-stock", buf_text(&body)) != 200)
            must(STATUS_INVALID, &(struct error){.text = "opening stock refused"});
        buf_finish(&body);
    }
}

static void send_enroll(struct world *world, const char *code, const struct public_key *key,
                        const struct secret_key *secret, struct device_identity *out)
{
    struct enroll_request ask = {.device_key = *key};
    struct entropy entropy = machine_entropy(&world->office);
    struct signature_params params = {.created = (SIM_START_MS + world->now_ms) / 1000};
    struct signature_headers headers;
    struct ledger_response response;
    struct enroll_answer answer;
    struct error error = {0};
    struct buf body;

    (void)snprintf(ask.code, sizeof ask.code, "%s", code);
    buf_init(&body, 4096);
    must(message_write_enroll_request(&ask, &body), &error);
    signature_nonce(&entropy, params.nonce);
    hex_write(key->bytes, PUBLIC_KEY_SIZE, params.keyid);
    signature_build(&(struct signed_request){.method = "POST",
                                             .path = "/v1/enroll",
                                             .query = "",
                                             .body_hash = hash_bytes(body.data, body.used)},
                    &params, secret, &headers);
    if (!ledger_node_handle(world,
                            &(struct ledger_request){.method = "POST",
                                                     .path = "/v1/enroll",
                                                     .query = "",
                                                     .content_digest = headers.digest,
                                                     .signature_input = headers.input,
                                                     .signature = headers.value,
                                                     .body = body.data,
                                                     .length = body.used},
                            &response) ||
        response.status != 200)
        must(STATUS_DENIED, &(struct error){.text = "enrolment refused"});
    must(message_read_enroll_answer(buf_text(&response.body), response.body.used, &answer, &error),
         &error);
    *out = (struct device_identity){.device = answer.device,
                                    .incarnation = answer.incarnation,
                                    .device_key = *key,
                                    .device_secret = *secret,
                                    .ledger_key = answer.ledger_key,
                                    .url = "http://ledger"};
    (void)snprintf(out->till, sizeof out->till, "%.16s", answer.till);
    (void)snprintf(out->location, sizeof out->location, "%.32s", answer.location);
    ledger_node_finish_response(world, &response);
    buf_finish(&body);
}

static void enroll_till(struct world *world, int till)
{
    struct entropy entropy = machine_entropy(&world->office);
    struct public_key key;
    struct secret_key secret;
    char body[120], *code, *end;

    (void)snprintf(body, sizeof body, "{\"location\":\"S%02d\",\"till\":\"T%02d\"}",
                   store_of(till) + 1, till + 1);
    if (template_admin(world, "/v1/admin/enroll-codes", body) != 200)
        must(STATUS_DENIED, &(struct error){.text = "no code"});
    code = strstr(world->answer, "\"code\":\"");
    INVARIANT(code != NULL);
    code += strlen("\"code\":\"");
    end = strchr(code, '"');
    INVARIANT(end != NULL);
    *end = '\0';
    key_pair(&entropy, &key, &secret);
    send_enroll(world, code, &key, &secret, &kept.identity[till]);
}

static void make_seat(struct world *world, int index)
{
    struct seat *seat = &world->seat[index];
    struct error error = {0};
    struct disk_process *process;

    seat->index = index;
    seat->origin = index;
    seat->store = store_of(index);
    seat->journal.told = -1;
    (void)snprintf(seat->machine.name, sizeof seat->machine.name, "T%02d", index + 1);
    seat->machine.entropy = chance_start(world->seed, 100 + (uint64_t)index);
    seat->machine.disk = disk_create(seat->machine.name, NULL);
    seat->till_node.machine = seat->agent_node.machine = &seat->machine;
    process = disk_process_start(seat->machine.disk, "enroll");
    (void)disk_enter(process);
    must(file_make_folder(TILL_FOLDER, 0700, &error), &error);
    must(device_write(TILL_FOLDER, &kept.identity[index], &error), &error);
    (void)disk_enter(NULL);
    disk_process_end(process);
    kept.bare[index] = disk_freeze(seat->machine.disk);
}

static void make_ledger(struct world *world)
{
    struct ledger_options options = {.location = "sqlite:" LEDGER_PATH,
                                     .clock = machine_clock(&world->office),
                                     .entropy = machine_entropy(&world->office)};
    struct disk_process *process;
    struct error error = {0};
    struct buf token;

    (void)snprintf(world->office.name, sizeof world->office.name, "office");
    world->office.disk = disk_create("office", NULL);
    world->ledger_node.machine = &world->office;
    process = disk_process_start(world->office.disk, "init");
    (void)disk_enter(process);
    must(file_make_folder("/ledger", 0700, &error), &error);
    must(ledger_init(&options, "/ledger/token", &error), &error);
    buf_init(&token, 128);
    must(file_read("/ledger/token", &token, &error), &error);
    memcpy(world->token, token.data, 64);
    buf_finish(&token);
    (void)disk_enter(NULL);
    disk_process_end(process);
}

/* Every till's agent fetches its first replica. */
static void fetch_replicas(struct world *world)
{
    int ready = 0;

    for (int i = 0; i < SIM_TILLS; i++)
        world_schedule(world, world->now_ms, EVENT_START_AGENT, i, 0, 0);
    for (int step = 0; step < QUIET_STEPS && ready < SIM_TILLS; step++) {
        (void)world_step(world);
        ready = 0;
        for (int i = 0; i < SIM_TILLS; i++)
            ready += world->seat[i].agent != NULL && agent_drained(world->seat[i].agent);
    }
    INVARIANT(ready == SIM_TILLS);
    for (int i = 0; i < SIM_TILLS; i++) {
        agent_node_end(world, &world->seat[i]);
        kept.ready[i] = disk_freeze(world->seat[i].machine.disk);
    }
}

void template_make(void)
{
    struct world *world = mem_alloc(sizeof *world);
    struct disk_host host;

    world_init(world, 0, false);
    host = world_host(world);
    disk_begin(0, &host);
    world->plan = faults_none();
    world->office.entropy = chance_start(0, 99);
    world->seats = SIM_TILLS;
    world->stores = SIM_STORES;
    world->ledger_rewound = true; /* the first incarnation that the model hears of */
    make_ledger(world);
    ledger_node_start(world);
    put_shops(world);
    put_items(world);
    put_opening(world);
    for (int till = 0; till < SIM_TILLS; till++)
        enroll_till(world, till);
    for (int till = 0; till < SIM_TILLS; till++)
        make_seat(world, till);
    fetch_replicas(world);
    ledger_node_end(world);
    if (world->failure.invariant != 0) {
        (void)fprintf(stderr, "holdfast-sim: the template: %s\n", world->failure.text);
        abort();
    }
    kept.ledger = disk_freeze(world->office.disk);
    memcpy(kept.token, world->token, sizeof kept.token);
    model_copy(&kept.model, &world->model);
    world_finish(world);
    free(world);
}

static void take_seat(struct world *world, int index)
{
    struct seat *seat = &world->seat[index];
    bool bare = chance_below(&world->chance_work, 5) == 0;

    seat->index = index;
    seat->origin = index;
    seat->store = store_of(index);
    seat->journal.told = -1;
    (void)snprintf(seat->machine.name, sizeof seat->machine.name, "T%02d", index + 1);
    seat->machine.entropy = chance_start(world->seed, 100 + (uint64_t)index);
    seat->machine.disk =
        disk_create(seat->machine.name, bare ? kept.bare[index] : kept.ready[index]);
    seat->till_node.machine = seat->agent_node.machine = &seat->machine;
}

void template_seats(struct world *world)
{
    struct disk_host host = world_host(world);

    disk_begin(world->seed, &host);
    world->stores = SIM_STORES;
    world->seats = (int)chance_between(&world->chance_work, 2, SIM_TILLS);
    memcpy(world->token, kept.token, sizeof world->token);
    model_finish(&world->model);
    model_copy(&world->model, &kept.model);
    world->office.entropy = chance_start(world->seed, 99);
    (void)snprintf(world->office.name, sizeof world->office.name, "office");
    world->office.disk = disk_create("office", kept.ledger);
    world->ledger_node.machine = &world->office;
    for (int i = 0; i < world->seats; i++)
        take_seat(world, i);
}
