/* Moves as JSON. Buckets travel as "LOCATION/STATUS"; neither part may hold a '/'.
 */
#include "terminal/journal/moves.h"

#include "terminal/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKET_TEXT_SIZE (LOCATION_ID_SIZE + STOCK_STATUS_SIZE)

static bool status_valid(const char *text)
{
    const char *word = text[0] == '@' ? text + 1 : text;
    size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz_");

    return length > 0 && word[length] == '\0' && strlen(text) < STOCK_STATUS_SIZE;
}

static bool bucket_equal(const struct bucket *a, const struct bucket *b)
{
    return strcmp(a->location, b->location) == 0 && strcmp(a->status, b->status) == 0;
}

/* Copies a text that is known to be good; a longer one is a mistake of ours. */
static void copy_checked(char *out, size_t size, const char *text, size_t min)
{
    size_t length = strnlen(text, size);

    INVARIANT(length >= min && length < size);
    memcpy(out, text, length);
    out[length] = '\0';
}

struct stock_move stock_move_make(int64_t line, const char *sku, struct quantity quantity,
                                  const char *from_location, const char *from_status,
                                  const char *to_location, const char *to_status,
                                  const char *reason)
{
    struct stock_move move = {.line = line, .quantity = quantity, .cost_scaled = -1};

    INVARIANT(line >= 0 && quantity.milli > 0);
    INVARIANT(location_id_valid(from_location) && location_id_valid(to_location));
    INVARIANT(status_valid(from_status) && status_valid(to_status));
    copy_checked(move.sku, sizeof move.sku, sku, 1);
    copy_checked(move.from.location, sizeof move.from.location, from_location, 1);
    copy_checked(move.from.status, sizeof move.from.status, from_status, 1);
    copy_checked(move.to.location, sizeof move.to.location, to_location, 1);
    copy_checked(move.to.status, sizeof move.to.status, to_status, 1);
    copy_checked(move.reason, sizeof move.reason, reason, 0);
    INVARIANT(!bucket_equal(&move.from, &move.to));
    return move;
}

static void put_bucket(json_t *object, const char *key, const struct bucket *bucket)
{
    char text[BUCKET_TEXT_SIZE];
    int length = snprintf(text, sizeof text, "%s/%s", bucket->location, bucket->status);

    INVARIANT(length > 0 && (size_t)length < sizeof text);
    json_put_text(object, key, text);
}

void entry_put_moves(json_t *entry, const struct stock_move *moves, size_t count)
{
    json_t *array;

    if (count == 0)
        return;
    INVARIANT(count <= MOVES_MAX);
    array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *object = json_object();
        json_put_int(object, "line", moves[i].line);
        json_put_text(object, "sku", moves[i].sku);
        json_put_int(object, "qty", moves[i].quantity.milli);
        put_bucket(object, "from", &moves[i].from);
        put_bucket(object, "to", &moves[i].to);
        json_put_text(object, "reason", moves[i].reason);
        if (moves[i].cost_scaled >= 0)
            json_put_int(object, "cost_scaled", moves[i].cost_scaled);
        json_add(array, object);
    }
    json_put(entry, "moves", array);
}

static enum status get_bucket(const struct json_item *object, const char *key, struct bucket *out,
                              struct error *error)
{
    const char *text = "";
    const char *slash;
    size_t length;
    enum status status = json_view_want_text(object, key, BUCKET_TEXT_SIZE - 1, &text, error);

    if (status != STATUS_OK)
        return status;
    slash = strchr(text, '/');
    length = slash == NULL ? 0 : (size_t)(slash - text);
    if (length == 0 || length >= LOCATION_ID_SIZE || !status_valid(slash + 1))
        return error_set(error, STATUS_INVALID, "\"%s\" is no LOCATION/STATUS", key);
    memcpy(out->location, text, length);
    out->location[length] = '\0';
    memcpy(out->status, slash + 1, strlen(slash + 1) + 1);
    if (!location_id_valid(out->location))
        return error_set(error, STATUS_INVALID, "\"%s\" is no LOCATION/STATUS", key);
    return STATUS_OK;
}

static enum status get_cost(const struct json_item *object, struct stock_move *out,
                            struct error *error)
{
    out->cost_scaled = -1;
    if (json_view_get(object, "cost_scaled") == NULL)
        return STATUS_OK;
    return json_view_want_int(object, "cost_scaled", 0, INT64_MAX, &out->cost_scaled, error);
}

static enum status get_move(const struct json_item *object, struct stock_move *out,
                            struct error *error)
{
    const char *sku = "", *reason = "";
    enum status status = json_view_want_int(object, "line", 0, INT64_MAX, &out->line, error);

    if (status == STATUS_OK)
        status = json_view_want_text(object, "sku", SKU_SIZE - 1, &sku, error);
    if (status == STATUS_OK)
        status = json_view_want_int(object, "qty", 1, INT64_MAX, &out->quantity.milli, error);
    if (status == STATUS_OK)
        status = get_bucket(object, "from", &out->from, error);
    if (status == STATUS_OK)
        status = get_bucket(object, "to", &out->to, error);
    if (status == STATUS_OK)
        status = json_view_want_text(object, "reason", MOVE_REASON_SIZE - 1, &reason, error);
    if (status == STATUS_OK)
        status = get_cost(object, out, error);
    if (status != STATUS_OK)
        return status;
    if (sku[0] == '\0')
        return error_set(error, STATUS_INVALID, "\"sku\" is empty");
    if (bucket_equal(&out->from, &out->to))
        return error_set(error, STATUS_INVALID, "from and to are the same bucket");
    memcpy(out->sku, sku, strlen(sku) + 1);
    memcpy(out->reason, reason, strlen(reason) + 1);
    return STATUS_OK;
}

/* `list`: NULL when there is no such member. */
static enum status read_moves(const struct json_item *list, struct move_list *out,
                              struct error *error)
{
    *out = (struct move_list){0};
    if (list == NULL)
        return STATUS_OK;
    if (list->type != JSON_ITEM_ARRAY)
        return error_set(error, STATUS_INVALID, "member \"moves\" is missing or no array");
    if (list->length > MOVES_MAX)
        return error_set(error, STATUS_INVALID, "member \"moves\" has too many items");
    if (list->length == 0)
        return STATUS_OK;
    out->items = mem_alloc(list->length * sizeof *out->items);
    for (const struct json_item *item = json_view_first(list); item != NULL;
         item = json_view_next(list, item)) {
        struct error why = {0};
        enum status status = get_move(item, &out->items[out->count++], &why);
        if (status != STATUS_OK) {
            size_t number = out->count;
            move_list_finish(out);
            return error_set(error, status, "move %zu: %s", number, why.text);
        }
    }
    return STATUS_OK;
}

enum status entry_view_moves(const struct json_item *entry, struct move_list *out,
                             struct error *error)
{
    return read_moves(json_view_get(entry, "moves"), out, error);
}

enum status entry_get_moves(const json_t *entry, struct move_list *out, struct error *error)
{
    const json_t *moves = json_object_get(entry, "moves");
    struct json_view *view = json_view_new();
    enum status status =
        read_moves(moves == NULL ? NULL : json_view_of(view, moves, JSON_VIEW_ALL), out, error);

    json_view_free(view);
    return status;
}

void move_list_finish(struct move_list *list)
{
    free(list->items);
    *list = (struct move_list){0};
}

bool stock_status_physical(const char *status)
{
    return strcmp(status, BUCKET_AVAILABLE) == 0 || strcmp(status, BUCKET_RESERVED) == 0 ||
           strcmp(status, BUCKET_STAGED) == 0 || strcmp(status, BUCKET_HOLD) == 0 ||
           strcmp(status, BUCKET_DAMAGED) == 0;
}
