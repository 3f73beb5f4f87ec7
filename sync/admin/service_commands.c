/* What keeps the service itself in order: tokens, devices and webhooks. */
#include "sync/admin/ask.h"
#include "sync/admin/commands.h"
#include "terminal/base/clock.h"
#include "terminal/base/file.h"
#include "terminal/base/json.h"
#include "terminal/base/text.h"
#include "terminal/journal/device.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

/* An answer that says nothing but "done". */
static enum status post_done(const struct options *options, const char *target, json_t *body,
                             const char *what, const char *name, const char *rest,
                             struct error *error)
{
    json_t *answer = NULL;
    enum status status = body ? ask_ledger_json(options, target, body, &answer, error)
                              : error_set(error, STATUS_INVALID, "names are UTF-8 text");
    json_decref(body);
    if (!status && options->json)
        print_json(answer);
    else if (!status)
        printf("%s %s %s\n", what, name, rest);
    json_decref(answer);
    return status;
}

/* ---- tokens --------------------------------------------------------------------------------- */

static enum status read_days(const struct options *options, int64_t *expires_ms,
                             struct error *error)
{
    const char *days = options_get(options, "days");
    struct clock clock = clock_system();
    int64_t count = 0;

    *expires_ms = 0;
    if (!days)
        return STATUS_OK;
    if (decimal_read(days, 0, &count) || count < 1 || count > 36500)
        return error_set(error, STATUS_INVALID, "--days is a number of days");
    *expires_ms = clock_wall_ms(&clock) + count * DAY_MS;
    return STATUS_OK;
}

/* The token goes to the screen, or to a file of its owner's. */
static enum status show_token(const struct options *options, const json_t *answer,
                              struct error *error)
{
    const char *path = options_get(options, "output"), *token = json_text_or(answer, "token", "");
    struct buf line;
    enum status status;

    if (!path) {
        if (options->json)
            print_json(answer);
        else
            printf("%s\n", token);
        return STATUS_OK;
    }
    buf_init(&line, 256);
    status = buf_printf(&line, "%s\n", token);
    if (!status)
        status = file_write_durable(path, line.data, line.used, 0600, error);
    buf_finish(&line);
    return status;
}

enum status command_token_add(const struct options *options, const char *const *arguments,
                              int count, struct error *error)
{
    const char *scopes, *path = options_get(options, "output");
    json_t *body, *answer = NULL;
    int64_t expires_ms;
    enum status status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say the token's name: token add NAME ...");
    if ((status = options_check(options, ASK_OPTIONS "scopes days output", error)) ||
        (status = options_want(options, "scopes", &scopes, error)) ||
        (status = read_days(options, &expires_ms, error)))
        return status;
    if (path && file_exists(path))
        return error_set(error, STATUS_EXISTS, "%s is there already", path);
    body = json_pack("{s:s,s:s,s:I}", "name", arguments[0], "scopes", scopes, "expires_ms",
                     (json_int_t)expires_ms);
    if (!body)
        return error_set(error, STATUS_INVALID, "names are UTF-8 text");
    status = ask_ledger_json(options, "/v1/admin/tokens", body, &answer, error);
    if (!status)
        status = show_token(options, answer, error);
    json_decref(answer);
    json_decref(body);
    return status;
}

/* "2026-11-21T09:00:00Z", or "-" for never. */
static void print_time(const json_t *one, const char *key)
{
    char stamp[UTC_STAMP_SIZE];
    int64_t at_ms = json_int_or(one, key, 0);

    utc_stamp(at_ms, stamp);
    printf("  %-24s", at_ms == 0 ? "-" : stamp);
}

static void print_tokens(const json_t *answer)
{
    size_t index;
    json_t *one;

    printf("%-32s  %-24s  %-24s  %-24s  %s\n", "name", "expires", "revoked", "last used", "scopes");
    json_array_foreach(json_object_get(answer, "tokens"), index, one)
    {
        printf("%-32s", json_text_or(one, "name", ""));
        print_time(one, "expires_ms");
        print_time(one, "revoked_ms");
        print_time(one, "used_ms");
        printf("  %s\n", json_text_or(one, "scopes", ""));
    }
}

/* A list that takes no arguments. */
static enum status show_list(const struct options *options, const char *target, int count,
                             void (*print)(const json_t *), struct error *error)
{
    json_t *answer = NULL;
    enum status status = options_check(options, ASK_OPTIONS, error);
    if (!status && count != 0)
        status = error_set(error, STATUS_INVALID, "a list takes no arguments");
    if (!status)
        status = ask_ledger_json(options, target, NULL, &answer, error);
    if (!status && options->json)
        print_json(answer);
    else if (!status)
        print(answer);
    json_decref(answer);
    return status;
}

enum status command_token_list(const struct options *options, const char *const *arguments,
                               int count, struct error *error)
{
    (void)arguments;
    return show_list(options, "/v1/admin/tokens", count, print_tokens, error);
}

enum status command_token_revoke(const struct options *options, const char *const *arguments,
                                 int count, struct error *error)
{
    enum status status = options_check(options, ASK_OPTIONS, error);
    if (status)
        return status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say the token's name");
    return post_done(options, "/v1/admin/tokens/revoke", json_pack("{s:s}", "name", arguments[0]),
                     "token", arguments[0], "is refused from now on", error);
}

/* ---- devices -------------------------------------------------------------------------------- */

static void print_devices(const json_t *answer)
{
    size_t index;
    json_t *one;

    printf("%-32s  %-16s  %-16s  %10s  %-24s  %-24s\n", "device", "location", "till", "entries",
           "enrolled", "revoked");
    json_array_foreach(json_object_get(answer, "devices"), index, one)
    {
        printf("%-32s  %-16s  %-16s  %10" PRId64, json_text_or(one, "device", ""),
               json_text_or(one, "location", ""), json_text_or(one, "till", ""),
               json_int_or(one, "entries", 0));
        print_time(one, "enrolled_ms");
        print_time(one, "revoked_ms");
        putchar('\n');
    }
}

enum status command_device_list(const struct options *options, const char *const *arguments,
                                int count, struct error *error)
{
    (void)arguments;
    return show_list(options, "/v1/admin/devices", count, print_devices, error);
}

static enum status mark_device(const struct options *options, const char *target,
                               const char *const *arguments, int count, const char *rest,
                               struct error *error)
{
    enum status status = options_check(options, ASK_OPTIONS, error);
    if (status)
        return status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say the device's id, see: device list");
    return post_done(options, target, json_pack("{s:s}", "device", arguments[0]), "device",
                     arguments[0], rest, error);
}

enum status command_device_revoke(const struct options *options, const char *const *arguments,
                                  int count, struct error *error)
{
    return mark_device(options, "/v1/admin/devices/revoke", arguments, count,
                       "is refused from now on. What its till has not sent yet stays in "
                       "its journal:\nreinstate the device to let it drain, or keep the folder and "
                       "enrol the till anew in an empty one",
                       error);
}

enum status command_device_reinstate(const struct options *options, const char *const *arguments,
                                     int count, struct error *error)
{
    return mark_device(options, "/v1/admin/devices/reinstate", arguments, count,
                       "may speak to the ledger again", error);
}

/* What the till's device.json says in public. */
static json_t *admission_of(const struct device_identity *identity)
{
    json_t *body = json_object();

    json_put_hex(body, "device", identity->device.bytes, ID_SIZE);
    json_put_hex(body, "device_key", identity->device_key.bytes, PUBLIC_KEY_SIZE);
    json_put_hex(body, "ledger_key", identity->ledger_key.bytes, PUBLIC_KEY_SIZE);
    json_put_text(body, "till", identity->till);
    json_put_text(body, "location", identity->location);
    return body;
}

enum status command_device_admit(const struct options *options, const char *const *arguments,
                                 int count, struct error *error)
{
    struct device_identity identity;
    json_t *body;
    enum status status = options_check(options, ASK_OPTIONS, error);
    if (status)
        return status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say the till's data folder");
    status = device_read(arguments[0], &identity, error);
    if (status)
        return status;
    body = admission_of(&identity);
    device_wipe(&identity);
    return post_done(options, "/v1/admin/devices/admit", body, "till", arguments[0],
                     "may speak to the ledger again", error);
}

/* ---- webhooks ------------------------------------------------------------------------------- */

enum status command_webhook_add(const struct options *options, const char *const *arguments,
                                int count, struct error *error)
{
    const char *url, *events;
    json_t *body, *answer = NULL;
    enum status status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say the webhook's name: webhook add NAME ...");
    if ((status = options_check(options, ASK_OPTIONS "to events", error)) ||
        (status = options_want(options, "to", &url, error)) ||
        (status = options_want(options, "events", &events, error)))
        return status;
    body = json_pack("{s:s,s:s,s:s}", "name", arguments[0], "url", url, "events", events);
    if (!body)
        return error_set(error, STATUS_INVALID, "names are UTF-8 text");
    status = ask_ledger_json(options, "/v1/admin/webhooks", body, &answer, error);
    if (!status && options->json)
        print_json(answer);
    else if (!status)
        printf("%s\n", json_text_or(answer, "secret", ""));
    json_decref(answer);
    json_decref(body);
    return status;
}

static void print_webhooks(const json_t *answer)
{
    size_t index;
    json_t *one;

    json_array_foreach(json_object_get(answer, "webhooks"), index, one)
    {
        printf("%s  %s \n  %" PRId64 " waiting, %" PRId64 " delivered, %" PRId64
               " given up, %" PRId64 " tries, last answer %" PRId64 "; events:%s\n",
               json_text_or(one, "name", ""), json_text_or(one, "url", ""),
               json_int_or(one, "waiting", 0), json_int_or(one, "delivered", 0),
               json_int_or(one, "dead", 0), json_int_or(one, "tries", 0),
               json_int_or(one, "last_status", 0), json_text_or(one, "events", ""));
    }
}

enum status command_webhook_list(const struct options *options, const char *const *arguments,
                                 int count, struct error *error)
{
    (void)arguments;
    return show_list(options, "/v1/admin/webhooks", count, print_webhooks, error);
}

enum status command_webhook_remove(const struct options *options, const char *const *arguments,
                                   int count, struct error *error)
{
    enum status status = options_check(options, ASK_OPTIONS, error);
    if (status)
        return status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say the webhook's name");
    return post_done(options, "/v1/admin/webhooks/remove", json_pack("{s:s}", "name", arguments[0]),
                     "webhook", arguments[0], "gets nothing any more", error);
}
