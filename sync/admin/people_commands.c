/* What people look at and decide at a ledger: exceptions, and the money of a location. */
#include "sync/admin/ask.h"
#include "sync/admin/commands.h"
#include "sync/agent/admin_client.h"
#include "terminal/base/clock.h"
#include "terminal/base/json.h"
#include "terminal/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TARGET_MOST = 4096 };

/* --- exceptions --- */

/* What people or tills wrote, on one line and without any word to the terminal. */
static void print_written(const char *before, const char *text)
{
    struct buf clean;
    buf_init(&clean, TARGET_MOST);
    if (text_clean(text, strlen(text), &clean) == STATUS_OK)
        printf("%s%s", before, buf_text(&clean));
    buf_finish(&clean);
}

static void print_exception(const json_t *exception)
{
    printf("%6" PRId64 "  %-9s %-16s %-6s", json_int_or(exception, "id", 0),
           json_text_or(exception, "state", ""), json_text_or(exception, "kind", ""),
           json_text_or(exception, "location", ""));
    print_written(" ", json_text_or(exception, "detail", ""));
    if (json_text_or(exception, "assignee", "")[0])
        print_written("  -> ", json_text_or(exception, "assignee", ""));
}

enum status command_exceptions(const struct options *options, const char *const *arguments,
                               int count, struct error *error)
{
    (void)arguments;
    const char *state = options_get(options, "state"), *after = options_get(options, "after");
    enum status status = options_check(options, ASK_OPTIONS "state after", error);
    if (status)
        return status;
    if (count != 0)
        return error_set(error, STATUS_INVALID, "exceptions takes options only");
    struct buf target;
    json_t *answer = NULL;
    buf_init(&target, TARGET_MOST);
    if (buf_append_text(&target, "/v1/exceptions?state=") ||
        admin_client_escape(state ? state : "", &target) || buf_append_text(&target, "&after=") ||
        admin_client_escape(after ? after : "", &target))
        status = error_set(error, STATUS_RANGE, "the options are too long");
    if (!status)
        status = ask_ledger_json(options, buf_text(&target), NULL, &answer, error);
    if (!status && options->json) {
        print_json(answer);
    } else if (!status) {
        size_t index;
        json_t *one;
        printf("%" PRId64 " open, %" PRId64 " assigned\n", json_int_or(answer, "open", 0),
               json_int_or(answer, "assigned", 0));
        json_array_foreach(json_object_get(answer, "exceptions"), index, one)
        {
            print_exception(one);
            if (json_text_or(one, "note", "")[0])
                print_written("  # ", json_text_or(one, "note", ""));
            putchar('\n');
        }
    }
    json_decref(answer);
    buf_finish(&target);
    return status;
}

static void report_exception(const struct options *options, const json_t *exception)
{
    size_t index;
    json_t *step;
    if (options->json) {
        print_json(exception);
        return;
    }
    print_exception(exception);
    putchar('\n');
    json_array_foreach(json_object_get(exception, "history"), index, step)
    {
        const char *who = json_text_or(step, "who", "");
        printf("        %" PRId64 "  %-9s %s", json_int_or(step, "at_ms", 0),
               json_text_or(step, "op", ""), who[0] ? who : "the ledger");
        print_written("  ", json_text_or(step, "note", ""));
        putchar('\n');
    }
}

/* A question about one exception (op NULL), or a step of its life; the answer is the exception as
 * it is. */
static enum status one_exception(const struct options *options, const char *const *arguments,
                                 int count, const char *op, const char *allowed,
                                 struct error *error)
{
    const char *to = options_get(options, "to"), *note = options_get(options, "note");
    enum status status = options_check(options, allowed, error);
    if (status)
        return status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say which exception by its number");
    struct buf target;
    json_t *answer = NULL, *body = op ? json_pack("{s:s}", "op", op) : NULL;
    buf_init(&target, TARGET_MOST);
    if (body && to && json_object_set_new(body, "to", json_string(to)))
        status = error_set(error, STATUS_INVALID, "names are UTF-8 text");
    if (body && note && json_object_set_new(body, "note", json_string(note)))
        status = error_set(error, STATUS_INVALID, "notes are UTF-8 text");
    if (!status &&
        (buf_append_text(&target, "/v1/exceptions/") || admin_client_escape(arguments[0], &target)))
        status = error_set(error, STATUS_RANGE, "the number is too long");
    if (!status)
        status = ask_ledger_json(options, buf_text(&target), body, &answer, error);
    if (!status)
        report_exception(options, answer);
    json_decref(answer);
    json_decref(body);
    buf_finish(&target);
    return status;
}

enum status command_exception_show(const struct options *options, const char *const *arguments,
                                   int count, struct error *error)
{
    return one_exception(options, arguments, count, NULL, ASK_OPTIONS, error);
}

enum status command_exception_assign(const struct options *options, const char *const *arguments,
                                     int count, struct error *error)
{
    return one_exception(options, arguments, count, "assign", ASK_OPTIONS "to note", error);
}

enum status command_exception_settle(const struct options *options, const char *const *arguments,
                                     int count, struct error *error)
{
    return one_exception(options, arguments, count, "settle", ASK_OPTIONS "note", error);
}

enum status command_exception_reopen(const struct options *options, const char *const *arguments,
                                     int count, struct error *error)
{
    return one_exception(options, arguments, count, "reopen", ASK_OPTIONS "note", error);
}

enum status command_exception_apply(const struct options *options, const char *const *arguments,
                                    int count, struct error *error)
{
    return one_exception(options, arguments, count, "apply", ASK_OPTIONS "note", error);
}

/* --- money --- */

static bool is_break(const char *at)
{
    return (*at == ',' || *at == '{') && at[1] == '"';
}

/* Amounts in the answer are decimals: they are handed on as they stand, never read. One figure a
 * line: everything that opens or goes on with a name begins one. */
static void print_text(const char *answer)
{
    int depth = 0;
    for (const char *at = answer; *at; at++) {
        bool leaf = depth >= 3 && *at == ',' && strncmp(at, ",\"minor", 7) != 0 &&
                    (strncmp(at, ",\"amount", 8) == 0 || strncmp(at, ",\"count", 7) == 0);
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        if (leaf)
            putchar(' ');
        else if (is_break(at) && strncmp(at + 1, "\"minor", 6) != 0)
            printf("\n%*s", depth * 2, "");
        else if (strchr("{}[],\"", *at) == NULL)
            putchar(*at == ':' ? ' ' : *at);
    }
    putchar('\n');
}

static enum status check_date(const char *name, const char *value, struct error *error)
{
    if (!value || local_date_valid(value, strlen(value)))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID, "--%s: '%s' is no date as 2026-11-21", name, value);
}

static enum status check_money_options(const struct options *options, struct error *error)
{
    const char *location, *from = options_get(options, "from"), *to = options_get(options, "to");
    enum status status;
    if ((status = options_check(options, ASK_OPTIONS "location from to", error)) ||
        (status = options_want(options, "location", &location, error)) ||
        (status = check_date("from", from, error)) || (status = check_date("to", to, error)))
        return status;
    if (from && to && strcmp(from, to) > 0)
        return error_set(error, STATUS_INVALID, "--from %s is after --to %s", from, to);
    return STATUS_OK;
}

enum status command_report_money(const struct options *options, const char *const *arguments,
                                 int count, struct error *error)
{
    (void)arguments;
    static const char *const names[] = {"location", "from", "to"};
    struct buf target, answer;
    enum status status = check_money_options(options, error);
    if (status)
        return status;
    if (count != 0)
        return error_set(error, STATUS_INVALID, "report money takes options only");
    buf_init(&target, TARGET_MOST);
    buf_init(&answer, ASK_ANSWER_MOST);
    if (buf_append_text(&target, "/v1/reports/money?"))
        status = STATUS_RANGE;
    for (int i = 0; i < 3 && !status; i++) {
        const char *value = options_get(options, names[i]);
        status = buf_printf(&target, "%s%s=", i ? "&" : "", names[i]);
        if (!status)
            status = admin_client_escape(value ? value : "", &target);
    }
    if (status)
        status = error_set(error, status, "the options are too long");
    else
        status = ask_ledger(options, buf_text(&target), NULL, NULL, &answer, error);
    if (!status && options->json)
        printf("%s\n", buf_text(&answer));
    else if (!status)
        print_text(buf_text(&answer));
    buf_finish(&answer);
    buf_finish(&target);
    return status;
}
