#include "tests/bench/shop.h"

#include "terminal/base/buf.h"
#include "terminal/base/file.h"
#include "terminal/base/json.h"
#include "terminal/catalogue/replica.h"
#include "terminal/till_day.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { INVENTED = 20000, AGENT_MS = 10000 };

static struct {
    struct buf bytes;
    const char **rows; /* starts of lines; tabs and line ends are NULs */
    int64_t count;
} products;

static void invent(const char *path)
{
    static const char *const words[] = {"Sea",   "Salt",  "Oat",    "Rye",   "Honey", "Dark",
                                        "Green", "Lemon", "Almond", "Maple", "Cocoa", "Ginger"};
    FILE *file = fopen(path, "w");
    INVARIANT(file);
    fputs("gtin\tname\tprice\n", file);
    for (int i = 0; i < INVENTED; i++) {
        char digits[16];
        int sum = 0;
        snprintf(digits, sizeof digits, "200%09d", i);
        for (int at = 0; at < 12; at++)
            sum += (digits[at] - '0') * (at % 2 ? 3 : 1);
        fprintf(file, "%s%d\t%s %s %s %d\t%d.%02d\n", digits, (10 - sum % 10) % 10, words[i % 12],
                words[i / 12 % 12], words[i / 144 % 12], i, 1 + i % 40, i % 100);
    }
    fclose(file);
}

/* The real catalogue unpacked, or an invented one. */
static enum status make_products(struct shop *shop, struct error *error)
{
    const char *data = getenv("HOLDFAST_DATA");
    char packed[256];
    snprintf(packed, sizeof packed, "%s/products.tsv.zst", data ? data : "../shared/data");
    snprintf(shop->products, sizeof shop->products, "%s/products.tsv", shop->folder);
    if (file_exists(packed)) {
        char *unpack[] = {"/usr/bin/zstd", "-qdf", packed, "-o", shop->products, NULL};
        enum status status = bench_run(unpack, NULL, 0, error);
        if (status)
            return status;
    } else {
        fprintf(stderr, "holdfast-bench: %s is not there: %d invented products instead\n", packed,
                INVENTED);
        invent(shop->products);
    }
    buf_init(&products.bytes, (size_t)1 << 30);
    enum status status = file_read(shop->products, &products.bytes, error);
    if (status)
        return status;
    int64_t room = 0;
    char *at = strchr(products.bytes.data, '\n');
    for (; at && at[1]; at = strchr(at + 1, '\n')) {
        if (products.count == room) {
            room = room ? 2 * room : 65536;
            products.rows = mem_resize(products.rows, (size_t)room * sizeof(char *));
        }
        products.rows[products.count++] = at + 1;
    }
    for (size_t i = 0; i < products.bytes.used; i++)
        if (products.bytes.data[i] == '\t' || products.bytes.data[i] == '\n')
            products.bytes.data[i] = '\0';
    shop->product_count = products.count;
    return STATUS_OK;
}

const char *shop_product(const struct shop *shop, int64_t index, int column)
{
    const char *text = products.rows[index % shop->product_count];
    for (int i = 0; i < column; i++)
        text += strlen(text) + 1;
    return text;
}

int64_t shop_random(const struct shop *shop)
{
    return (int64_t)(bench_random() % (uint64_t)shop->product_count);
}

enum status ledger_make(struct bench *bench, const char *folder, struct served *out,
                        struct error *error)
{
    char *program = bench_program(bench, "holdfast-ledger");
    *out = (struct served){.pid = 0};
    snprintf(out->db, sizeof out->db, "sqlite:%s/ledger.db", folder);
    snprintf(out->token, sizeof out->token, "%s/token", folder);
    char *init[] = {program, "init", "--db", out->db, "--token-file", out->token, NULL};
    (void)mkdir(folder, 0700);
    enum status status = bench_run(init, NULL, 0, error);
    free(program);
    return status;
}

enum status ledger_serve(struct bench *bench, struct served *served, struct error *error)
{
    char line[128] = "";
    char *program = bench_program(bench, "holdfast-ledger");
    char *serve[] = {program, "serve", "--db", served->db, "--listen", "127.0.0.1:0", NULL};
    int fd;
    enum status status = bench_start(serve, &served->pid, &fd, error);
    free(program);
    if (status)
        return status;
    for (size_t used = 0; used + 1 < sizeof line && read(fd, line + used, 1) == 1; used++)
        if (line[used] == '\n')
            break;
    return sscanf(line, "listening on 127.0.0.1:%u", &served->port) == 1
               ? STATUS_OK
               : error_set(error, STATUS_IO, "the ledger said '%s'", line);
}

static enum status start_ledger(struct bench *bench, struct shop *shop, struct error *error)
{
    struct served served;
    enum status status = ledger_make(bench, shop->folder, &served, error);
    if (!status)
        status = ledger_serve(bench, &served, error);
    snprintf(shop->token, sizeof shop->token, "%s/token", shop->folder);
    snprintf(shop->url, sizeof shop->url, "http://127.0.0.1:%u", served.port);
    shop->ledger_pid = served.pid;
    return status;
}

static enum status admin(struct bench *bench, const struct shop *shop, char *const *words,
                         char *output, size_t size, struct error *error)
{
    char *program = bench_program(bench, "holdfast-admin");
    char *arguments[24] = {program, "--url", (char *)shop->url, "--token-file",
                           (char *)shop->token};
    int count = 5;
    for (; *words; words++)
        arguments[count++] = *words;
    arguments[count] = NULL;
    enum status status = bench_run(arguments, output, size, error);
    free(program);
    return status;
}

enum status shop_admin(struct bench *bench, const struct shop *shop, char *const *words,
                       struct error *error)
{
    return admin(bench, shop, words, NULL, 0, error);
}

enum status shop_enroll(struct bench *bench, const struct shop *shop, const char *till,
                        char folder[96], struct error *error)
{
    char answer[512] = "", code[128];
    char *make[] = {"enroll-code", "--location", "S01", "--till", (char *)till, "--json", NULL};
    enum status status = admin(bench, shop, make, answer, sizeof answer, error);
    if (status)
        return status;
    json_t *told = NULL;
    status = json_read(answer, strlen(answer), &told, error);
    snprintf(code, sizeof code, "%s", status ? "" : json_text_or(told, "code", ""));
    json_decref(told);
    if (status)
        return status;
    snprintf(folder, 96, "%s/%s", shop->folder, till);
    char *program = bench_program(bench, "holdfast-admin");
    char *enroll[] = {program,           "--data", folder, "enroll", "--url",
                      (char *)shop->url, "--code", code,   NULL};
    status = bench_run(enroll, NULL, 0, error);
    free(program);
    return status;
}

enum status shop_sync(struct bench *bench, const char *folder, double *seconds, struct error *error)
{
    char *sync = bench_program(bench, "holdfast-sync");
    char *once[] = {sync, "--data", (char *)folder, "--once", NULL};
    double start = now_us();
    enum status status = bench_run(once, NULL, 0, error);
    if (seconds)
        *seconds = (now_us() - start) / 1e6;
    free(sync);
    return status;
}

/* Whether a process has the log's index of the replica in use: SQLite's lock at byte 128 of it. The
 * file must not be open in this process, whose locks the close would end. */
static bool has_owner(const char *replica)
{
    char path[160];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 128, .l_len = 1};
    snprintf(path, sizeof path, "%s-shm", replica);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool owned = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return owned;
}

/* The owner is there, and has recovered what was in the log. */
static bool is_served(const char *folder)
{
    char name[REPLICA_NAME_SIZE];
    struct replica *replica;
    if (replica_pointer_read(folder, name, NULL) != STATUS_OK)
        return false;
    char *path = path_join(folder, name);
    bool owned = has_owner(path);
    free(path);
    if (!owned || replica_open_reader(folder, &replica, NULL) != STATUS_OK)
        return false;
    replica_close(replica);
    return true;
}

enum status shop_start_agent(struct bench *bench, const char *folder, int *pid, struct error *error)
{
    char *sync = bench_program(bench, "holdfast-sync");
    char *run[] = {sync, "--data", (char *)folder, NULL};
    struct timespec pause = {.tv_nsec = 1000 * 1000};
    int out, ms = 0;
    enum status status = bench_start(run, pid, &out, error);
    free(sync);
    if (status)
        return status;
    close(out);
    for (; ms < AGENT_MS && !is_served(folder); ms++)
        nanosleep(&pause, NULL);
    if (ms < AGENT_MS)
        return STATUS_OK;
    bench_stop(*pid);
    return error_set(error, STATUS_TIMEOUT, "the agent of %s does not start", folder);
}

static enum status sign_in(struct till *till, struct error *error)
{
    struct pin_check check;
    enum status status = till_pin_begin(till, "P01", "1234", &check, error);
    if (status)
        return status;
    pin_check_run(&check);
    status = till_sign_in(till, &check, error);
    struct till_status now;
    till_status(till, &now);
    if (status || now.shift_open)
        return status;
    return till_shift_open(till, (struct money){10000}, error);
}

enum status shop_open_till(const char *folder, struct till **out, struct error *error)
{
    struct till_options options = {.folder = folder,
                                   .program = "holdfast-bench",
                                   .mode = TILL_WRITER,
                                   .clock = clock_system(),
                                   .entropy = entropy_system()};
    enum status status = till_open(&options, out, error);
    if (status)
        return status;
    status = sign_in(*out, error);
    if (status) {
        till_close(*out);
        *out = NULL;
    }
    return status;
}

static enum status fill(struct bench *bench, struct shop *shop, struct error *error)
{
    char *location[] = {"location",   "add", "S01",        "--name",        "Bench",
                        "--currency", "GBP", "--timezone", "Europe/London", NULL};
    char *person[] = {"staff",  "add",     "--id",  "P01",  "--name", "Bench",
                      "--role", "manager", "--pin", "1234", NULL};
    char *import[] = {"import", shop->products, "--json", NULL};
    enum status status = admin(bench, shop, location, NULL, 0, error);
    if (!status)
        status = admin(bench, shop, person, NULL, 0, error);
    double start = now_us();
    if (!status)
        status = admin(bench, shop, import, NULL, 0, error);
    shop->import_s = (now_us() - start) / 1e6;
    return status;
}

enum status shop_make(struct bench *bench, struct shop *out, struct error *error)
{
    *out = (struct shop){0};
    snprintf(out->folder, sizeof out->folder, "%s", bench_folder(bench));
    enum status status = make_products(out, error);
    if (!status)
        status = start_ledger(bench, out, error);
    if (!status)
        status = fill(bench, out, error);
    if (!status)
        status = shop_enroll(bench, out, "T00", out->first, error);
    if (!status)
        status = shop_sync(bench, out->first, &out->first_sync_s, error);
    if (!status)
        status = shop_enroll(bench, out, "T01", out->till, error);
    return status ? status : shop_sync(bench, out->till, NULL, error);
}
