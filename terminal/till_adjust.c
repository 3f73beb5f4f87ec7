/* Corrections of stock: goods lost, found or broken, without a sale.
 */
#include "terminal/till_internal.h"
#include "terminal/till_replay.h"

#include "terminal/base/card.h"
#include "terminal/base/text.h"

#include <stdlib.h>
#include <string.h>

#define ADJUST_LINES   1000
#define REFERENCE_MOST 128

/* The lines as JSON and as moves; STATUS_NOT_FOUND names the item that is not there. */
static enum status build(struct till *till, const struct adjust_line *lines, int count,
                         const char *reason, json_t *array, struct stock_move *moves,
                         size_t *move_count, struct error *error)
{
    const char *location = till->identity.location;

    *move_count = 0;
    for (int i = 0; i < count; i++) {
        struct item item;
        int64_t milli = lines[i].quantity.milli;
        json_t *line;
        enum status status = catalogue_item(till->catalogue, lines[i].sku, &item, error);

        if (status == STATUS_NOT_FOUND)
            return error_set(error, STATUS_NOT_FOUND, "no item %s", lines[i].sku);
        if (status != STATUS_OK)
            return status;
        if (milli == 0 || milli > QUANTITY_MAX || milli < -QUANTITY_MAX)
            return error_set(error, STATUS_RANGE, "%s: quantity", lines[i].sku);
        line = json_object();
        json_put_int(line, "id", i + 1);
        json_put_text(line, "sku", item.sku);
        json_put_int(line, "base", milli);
        json_add(array, line);
        if (!item.stocked)
            continue;
        moves[(*move_count)++] =
            milli < 0 ? stock_move_make(i + 1, item.sku, (struct quantity){-milli}, location,
                                        BUCKET_AVAILABLE, location, BUCKET_LOSS, reason)
                      : stock_move_make(i + 1, item.sku, (struct quantity){milli}, location,
                                        BUCKET_LOSS, location, BUCKET_AVAILABLE, reason);
    }
    return STATUS_OK;
}

static enum status check(struct till *till, int count, const char *reason, const char *reference,
                         struct error *error)
{
    enum status status = till_want_writer(till, error);

    if (status == STATUS_OK)
        status = till_want_replica(till, error);
    if (status != STATUS_OK)
        return status;
    if (count < 1 || count > ADJUST_LINES)
        return error_set(error, STATUS_RANGE, "an adjustment has 1 to %d lines", ADJUST_LINES);
    if (reason == NULL || reason[0] == '\0' || strlen(reason) >= MOVE_REASON_SIZE ||
        !text_is_utf8(reason, strlen(reason)))
        return error_set(error, STATUS_INVALID, "a reason of 1 to %d bytes is required",
                         MOVE_REASON_SIZE - 1);
    if (card_number_like(reason) || card_number_like(reference))
        return error_set(error, STATUS_INVALID, "the text looks like a card number");
    if (strlen(reference) > REFERENCE_MOST)
        return error_set(error, STATUS_INVALID, "the reference is too long");
    return STATUS_OK;
}

static enum status adjust(struct till *till, const char *staff, const char *approved_by,
                          const struct adjust_line *lines, int count, const char *reason,
                          const char *reference, struct error *error)
{
    struct stock_move *moves;
    size_t move_count;
    json_t *body, *array;
    bool known;
    enum status status = check(till, count, reason, reference, error);

    if (status == STATUS_OK)
        status = till_replay_known(till, reference, &known, error);
    if (status != STATUS_OK)
        return status;
    if (known && reference[0] != '\0')
        return error_set(error, STATUS_EXISTS, "%s is on the journal", reference);
    moves = mem_alloc((size_t)count * sizeof *moves);
    body = json_object();
    array = json_array();
    json_put_text(body, "location", till->identity.location);
    json_put_text(body, "reason", reason);
    json_put_text(body, "reference", reference);
    if (approved_by[0] != '\0')
        json_put_text(body, "approved_by", approved_by);
    json_put(body, "lines", array);
    status = build(till, lines, count, reason, array, moves, &move_count, error);
    if (status == STATUS_OK) {
        struct record record = {.kind = "adjust",
                                .staff = staff,
                                .body = body,
                                .moves = moves,
                                .move_count = move_count,
                                .reference = reference};

        entry_put_moves(body, moves, move_count);
        status = till_write(till, &record, error);
    }
    json_decref(body);
    free(moves);
    return status;
}

enum status till_adjust(struct till *till, const struct adjust_line *lines, int count,
                        const char *reason, const char *reference, struct error *error)
{
    char approved_by[STAFF_ID_SIZE];
    enum status status = till_want_open(till, error);

    if (status == STATUS_OK)
        status = till_want(till, PERMISSION_ADJUST, approved_by, error);
    if (status != STATUS_OK)
        return status;
    return adjust(till, till->staff.id, approved_by, lines, count, reason,
                  reference == NULL ? "" : reference, error);
}

enum status till_replay_adjust(struct till *till, const char *reference, const char *staff,
                               const struct adjust_line *lines, int count, const char *reason,
                               struct error *error)
{
    return adjust(till, staff, "", lines, count, reason, reference, error);
}
