/* What is told to the ledger and asked of it. Every command is one request, so that it happened or
 * did not; `load` is one request per file.
 */
#include "sync/admin/ask.h"
#include "sync/admin/commands.h"
#include "sync/admin/rows.h"
#include "sync/agent/admin_client.h"
#include "terminal/base/crypto.h"
#include "terminal/base/file.h"
#include "terminal/base/json.h"
#include "terminal/base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum status post_rows(const struct options *options, json_t *rows, struct error *error)
{
    struct buf answer;
    buf_init(&answer, ASK_ANSWER_MOST);
    json_t *body = json_pack("{s:O}", "rows", rows);
    enum status status = ask_ledger(options, "/v1/admin/reference", body, NULL, &answer, error);
    json_decref(body);
    buf_finish(&answer);
    return status;
}

enum status post_opening_stock(const struct options *options, const char *location, json_t *lines,
                               struct error *error)
{
    struct buf answer;
    buf_init(&answer, ASK_ANSWER_MOST);
    json_t *body = json_pack("{s:s,s:O}", "location", location, "lines", lines);
    enum status status =
        body ? ask_ledger(options, "/v1/admin/opening-stock", body, NULL, &answer, error)
             : error_set(error, STATUS_INVALID, "names are UTF-8 text");
    json_decref(body);
    buf_finish(&answer);
    return status == STATUS_EXISTS || status == STATUS_CONFLICT ? STATUS_OK : status;
}

static void say(const struct options *options, const char *key, const char *value)
{
    if (options->json) {
        json_t *report = json_pack("{s:s}", key, value);
        print_json(report);
        json_decref(report);
    } else {
        printf("%s %s is known to the ledger\n", key, value);
    }
}

/* ---- location and staff --------------------------------------------------------------------- */

enum status command_location_add(const struct options *options, const char *const *arguments,
                                 int count, struct error *error)
{
    enum status status = options_check(
        options,
        ASK_OPTIONS "name currency timezone kind legal-name address tax-id tax tax-included "
                    "cash-rounding language locale header footer",
        error);
    if (status)
        return status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say the location's id: location add S01 ...");
    json_t *rows = json_array();
    status = location_rows(options, arguments[0], rows, error);
    if (!status)
        status = post_rows(options, rows, error);
    json_decref(rows);
    if (!status)
        say(options, "location", arguments[0]);
    return status;
}

/* The PIN from --pin or the first line of --pin-file, wiped by the caller. */
static enum status read_pin(const struct options *options, char *out, size_t size,
                            struct error *error)
{
    const char *pin = options_get(options, "pin"), *path = options_get(options, "pin-file");
    if (!pin == !path)
        return error_set(error, STATUS_INVALID, "give the PIN by --pin or by --pin-file");
    struct buf file;
    buf_init(&file, 256);
    enum status status = path ? file_read(path, &file, error) : STATUS_OK;
    if (!status) {
        if (path)
            pin = buf_text(&file);
        size_t length = strspn(pin, "0123456789");
        size_t rest = length + strspn(pin + length, "\r\n");
        if (length < 4 || length > 12 || length >= size || pin[rest])
            status = error_set(error, STATUS_INVALID, "a PIN has 4 to 12 digits");
        else
            snprintf(out, size, "%.*s", (int)length, pin);
    }
    if (file.used)
        secret_wipe(file.data, file.used);
    buf_finish(&file);
    return status;
}

enum status command_staff_add(const struct options *options, const char *const *arguments,
                              int count, struct error *error)
{
    (void)arguments;
    struct staff_words words = {.badge = options_get(options, "badge"),
                                .language = options_get(options, "language")};
    char pin[16];
    enum status status;
    if (count != 0)
        return error_set(error, STATUS_INVALID, "staff add takes options only; see --help");
    if ((status = options_check(options, ASK_OPTIONS "id name role pin pin-file badge language",
                                error)) ||
        (status = options_want(options, "id", &words.id, error)) ||
        (status = options_want(options, "name", &words.name, error)) ||
        (status = options_want(options, "role", &words.role, error)) ||
        (status = read_pin(options, pin, sizeof pin, error)))
        return status;
    words.pin = pin;
    json_t *rows = json_array();
    status = staff_rows(&words, rows, error);
    secret_wipe(pin, sizeof pin);
    if (!status)
        status = post_rows(options, rows, error);
    json_decref(rows);
    if (!status)
        say(options, "staff", words.id);
    return status;
}

/* ---- import --------------------------------------------------------------------------------- */

static enum status write_rejections(const char *file, const json_t *rejections, struct error *error)
{
    struct buf out;
    buf_init(&out, ASK_ANSWER_MOST);
    size_t length = strlen(file) + sizeof ".rejected.tsv";
    char *path = mem_alloc(length);
    snprintf(path, length, "%s.rejected.tsv", file);
    enum status status = buf_append_text(&out, "line\treason\ttext\n");
    size_t index;
    json_t *one;
    json_array_foreach((json_t *)rejections, index, one)
    {
        if (!status)
            status = buf_printf(&out, "%" PRId64 "\t%s\t%s\n", json_int_or(one, "line", 0),
                                json_text_or(one, "reason", ""), json_text_or(one, "text", ""));
    }
    if (status)
        error_set(error, status, "%s: more rejected rows than fit", path);
    else
        status = file_write_durable(path, out.data, out.used, 0644, error);
    free(path);
    buf_finish(&out);
    return status;
}

static enum status import_target(const struct options *options, const char *file, struct buf *out,
                                 struct error *error)
{
    const char *stock = options_get(options, "stock"), *list = options_get(options, "list");
    const char *slash = strrchr(file, '/');
    enum status status = buf_append_text(out, "/v1/admin/import?name=");
    if (!status)
        status = admin_client_escape(slash ? slash + 1 : file, out);
    if (!status && stock)
        status = buf_append_text(out, "&stock=");
    if (!status && stock)
        status = admin_client_escape(stock, out);
    if (!status && list)
        status = buf_append_text(out, "&list=");
    if (!status && list)
        status = admin_client_escape(list, out);
    return status ? error_set(error, status, "the options are too long") : STATUS_OK;
}

/* The seconds are text in the answer's bytes: a decimal that is only handed on. */
static enum status report_import(const struct options *options, const char *file,
                                 const struct buf *answer, struct error *error)
{
    json_error_t where;
    json_t *root = json_loadb(buf_text(answer), answer->used, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return error_set(error, STATUS_INVALID, "the ledger's answer is no JSON: %s", where.text);
    const json_t *rejections = json_object_get(root, "rejections");
    enum status status = STATUS_OK;
    if (json_array_size(rejections) > 0)
        status = write_rejections(file, rejections, error);
    const char *seconds = strstr(buf_text(answer), "\"seconds\":");
    size_t digits = 0;
    if (seconds) {
        seconds += strlen("\"seconds\":");
        digits = strspn(seconds, " ");
        seconds += digits;
        digits = strspn(seconds, "0123456789.");
    }
    int64_t rows = json_int_or(root, "rows", 0), imported = json_int_or(root, "imported", 0);
    int64_t rejected = json_int_or(root, "rejected", 0);
    if (!status && options->json)
        printf("{\"rows\":%" PRId64 ",\"imported\":%" PRId64 ",\"rejected\":%" PRId64
               ",\"seconds\":%.*s}\n",
               rows, imported, rejected, digits ? (int)digits : 1, digits ? seconds : "0");
    else if (!status)
        printf("%" PRId64 " rows: %" PRId64 " imported, %" PRId64 " rejected%s%s%s\n", rows,
               imported, rejected, rejected ? ", listed in " : "", rejected ? file : "",
               rejected ? ".rejected.tsv" : "");
    json_decref(root);
    return status;
}

enum status command_import(const struct options *options, const char *const *arguments, int count,
                           struct error *error)
{
    enum status status = options_check(options, ASK_OPTIONS "stock list", error);
    if (status)
        return status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say which file");
    struct buf target, answer;
    buf_init(&target, 4096);
    buf_init(&answer, ASK_ANSWER_MOST);
    status = import_target(options, arguments[0], &target, error);
    if (!status)
        status = ask_ledger(options, buf_text(&target), NULL, arguments[0], &answer, error);
    if (!status)
        status = report_import(options, arguments[0], &answer, error);
    buf_finish(&answer);
    buf_finish(&target);
    return status;
}

/* ---- reports -------------------------------------------------------------------------------- */

enum status command_enroll_code(const struct options *options, const char *const *arguments,
                                int count, struct error *error)
{
    (void)arguments;
    const char *location, *till;
    enum status status;
    if (count != 0)
        return error_set(error, STATUS_INVALID, "enroll-code takes options only");
    if ((status = options_check(options, ASK_OPTIONS "location till", error)) ||
        (status = options_want(options, "location", &location, error)) ||
        (status = options_want(options, "till", &till, error)))
        return status;
    struct buf answer;
    json_t *root = NULL;
    buf_init(&answer, 64 * 1024);
    json_t *body = json_pack("{s:s,s:s}", "location", location, "till", till);
    if (!body)
        return error_set(error, STATUS_INVALID, "names are UTF-8 text");
    status = ask_ledger(options, "/v1/admin/enroll-codes", body, NULL, &answer, error);
    if (!status)
        status = json_read(buf_text(&answer), answer.used, &root, error);
    if (!status && options->json)
        print_json(root);
    else if (!status)
        printf("%s (until %s)\n", json_text_or(root, "code", ""),
               json_text_or(root, "expires", ""));
    json_decref(root);
    json_decref(body);
    buf_finish(&answer);
    return status;
}

static void print_totals(const char *name, const json_t *totals)
{
    printf("%-8s %8" PRId64 " entries %8" PRId64 " sales %6" PRId64 " returns", name,
           json_int_or(totals, "entries", 0), json_int_or(totals, "sales", 0),
           json_int_or(totals, "returns", 0));
    const char *currency;
    json_t *gross;
    json_object_foreach(json_object_get(totals, "gross_minor"), currency, gross)
    {
        printf("  %s %" PRId64 " minor units", currency, (int64_t)json_integer_value(gross));
    }
    putchar('\n');
}

enum status command_totals(const struct options *options, const char *const *arguments, int count,
                           struct error *error)
{
    (void)arguments;
    enum status status = options_check(options, ASK_OPTIONS, error);
    if (status)
        return status;
    if (count != 0)
        return error_set(error, STATUS_INVALID, "totals takes no arguments");
    struct buf answer;
    json_t *root = NULL;
    buf_init(&answer, ASK_ANSWER_MOST);
    status = ask_ledger(options, "/v1/admin/totals", NULL, NULL, &answer, error);
    if (!status)
        status = json_read(buf_text(&answer), answer.used, &root, error);
    if (!status && options->json) {
        print_json(root);
    } else if (!status) {
        const char *name;
        json_t *one;
        print_totals("all", root);
        json_object_foreach(json_object_get(root, "locations"), name, one)
        {
            print_totals(name, one);
        }
    }
    json_decref(root);
    buf_finish(&answer);
    return status;
}

/* Quantities in the answer are decimals: they are handed on as they stand, never read. */
enum status command_ledger_stock(const struct options *options, const char *const *arguments,
                                 int count, struct error *error)
{
    enum status status = options_check(options, ASK_OPTIONS, error);
    if (status)
        return status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say a SKU");
    struct buf target, answer;
    buf_init(&target, 4096);
    buf_init(&answer, ASK_ANSWER_MOST);
    if (buf_append_text(&target, "/v1/admin/stock?sku=") ||
        admin_client_escape(arguments[0], &target))
        status = error_set(error, STATUS_RANGE, "the SKU is too long");
    else
        status = ask_ledger(options, buf_text(&target), NULL, NULL, &answer, error);
    if (!status && options->json) {
        printf("%s\n", buf_text(&answer));
    } else if (!status) {
        for (const char *at = buf_text(&answer); *at; at++)
            if (*at == '}' || *at == ',')
                fputs(at[1] == '"' ? "\n" : "", stdout);
            else if (*at != '{' && *at != '"')
                putchar(*at == ':' ? ' ' : *at);
        putchar('\n');
    }
    buf_finish(&answer);
    buf_finish(&target);
    return status;
}
