#include "terminal/selling/fiscal.h"

#include "terminal/base/json.h"
#include "terminal/base/log.h"

static enum status none_begin(void *context, const char *cart, struct error *error)
{
    (void)context, (void)cart, (void)error;
    return STATUS_OK;
}

static enum status none_finish(void *context, const char *cart, const json_t *sale, json_t **answer,
                               struct error *error)
{
    (void)context, (void)cart, (void)sale, (void)error;
    *answer = json_object();
    return STATUS_OK;
}

static const struct fiscal none = {
    .provider = "none", .begin = none_begin, .finish = none_finish, .cancel = none_begin};

const struct fiscal *fiscal_none(void)
{
    return &none;
}

/* Objects, arrays, strings and integers, not too deep: what an entry may hold. */
static bool journal_value(const json_t *value, int depth)
{
    const char *key;
    json_t *member;
    size_t index;

    if (depth > 8)
        return false;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, member)
        {
            if (!journal_value(member, depth + 1))
                return false;
        }
        return true;
    }
    if (json_is_array(value)) {
        json_array_foreach(value, index, member)
        {
            if (!journal_value(member, depth + 1))
                return false;
        }
        return true;
    }
    return json_is_string(value) || json_is_integer(value);
}

json_t *fiscal_finish(const struct fiscal *fiscal, const char *cart, const json_t *sale)
{
    struct error error = {0};
    json_t *answer = NULL;
    json_t *member = json_object();
    enum status status = fiscal->finish(fiscal->context, cart, sale, &answer, &error);

    json_put_text(member, "provider", fiscal->provider);
    if (status == STATUS_OK && (!json_is_object(answer) || !journal_value(answer, 0)))
        status = error_set(&error, STATUS_INVALID, "the answer is no object of texts and integers");
    if (status == STATUS_OK) {
        json_object_del(answer, "provider");
        (void)json_object_update(member, answer);
    } else {
        log_line(LOG_LEVEL_WARN, "fiscal", "%s: finish: %s", fiscal->provider, error.text);
        json_put_text(member, "failed", error.text[0] == '\0' ? status_name(status) : error.text);
    }
    json_decref(answer);
    return member;
}

void fiscal_begin(const struct fiscal *fiscal, const char *cart)
{
    struct error error = {0};

    if (fiscal->begin(fiscal->context, cart, &error) != STATUS_OK)
        log_line(LOG_LEVEL_WARN, "fiscal", "%s: begin: %s", fiscal->provider, error.text);
}

void fiscal_cancel(const struct fiscal *fiscal, const char *cart)
{
    struct error error = {0};

    if (fiscal->cancel(fiscal->context, cart, &error) != STATUS_OK)
        log_line(LOG_LEVEL_WARN, "fiscal", "%s: cancel: %s", fiscal->provider, error.text);
}
