#include "sync/ledger/opening.h"

#include "sync/ledger/projection.h"
#include "terminal/base/buf.h"
#include "terminal/base/json.h"
#include "terminal/catalogue/reference.h"
#include "terminal/journal/device.h"
#include "terminal/journal/moves.h"

#include <inttypes.h>
#include <string.h>

enum { LINES_MOST = 64 << 20 };

struct opening {
    const char *location;
    const json_t *lines;
    struct buf text;     /* the document's lines */
    enum status refusal; /* STATUS_OK: received */
    struct error why;
};

/* A refusal is the job's result, not its failure: the transaction of others goes on. */
static enum status refuse(struct opening *opening, enum status status, const char *why, size_t line)
{
    opening->refusal = line ? error_set(&opening->why, status, "line %zu: %s", line, why)
                            : error_set(&opening->why, status, "%s", why);
    return STATUS_OK;
}

static enum status look_up(const struct writer_turn *turn, const char *sql, const char *key,
                           int64_t *out, struct error *error)
{
    struct store_value value = store_text(key);
    return store_one_int(turn->session, sql, &value, 1, -1, out, error);
}

static enum status add_line(struct opening *opening, const struct writer_turn *turn, size_t index,
                            struct error *error)
{
    const json_t *line = json_array_get(opening->lines, index);
    const char *sku;
    int64_t milli, stocked;
    struct error inner;
    if (json_want_text(line, "sku", REFERENCE_KEY_MAX, &sku, &inner) ||
        json_want_int(line, "quantity_milli", 0, INT64_MAX / 1000000, &milli, &inner))
        return refuse(opening, STATUS_INVALID, inner.text, index + 1);
    enum status status =
        look_up(turn, "SELECT stocked FROM item WHERE sku = ?1", sku, &stocked, error);
    if (status)
        return status;
    if (stocked != 1)
        return refuse(opening, STATUS_INVALID,
                      stocked < 0 ? "no item has this SKU" : "this item is not stocked", index + 1);
    if (milli == 0)
        return STATUS_OK;
    status = buf_printf(&opening->text, "%s\t%" PRId64 "\n", sku, milli);
    return status ? refuse(opening, status, "too many lines", index + 1) : STATUS_OK;
}

static enum status run(void *context, const struct writer_turn *turn, struct error *error)
{
    struct opening *opening = context;
    int64_t found;
    opening->refusal = STATUS_OK;
    buf_clear(&opening->text);
    enum status status = look_up(turn, "SELECT 1 FROM location WHERE location = ?1",
                                 opening->location, &found, error);
    if (!status && found < 0)
        return refuse(opening, STATUS_NOT_FOUND, "there is no such location", 0);
    if (!status)
        status = look_up(turn, "SELECT 1 FROM document WHERE kind = 'opening' AND location = ?1",
                         opening->location, &found, error);
    if (!status && found > 0)
        return refuse(opening, STATUS_EXISTS, "this location has had its opening stock", 0);
    for (size_t i = 0; !status && !opening->refusal && i < json_array_size(opening->lines); i++)
        status = add_line(opening, turn, i, error);
    if (status || opening->refusal || opening->text.used == 0)
        return status;
    struct projection_document document = {.kind = "opening",
                                           .location = opening->location,
                                           .from_status = BUCKET_SUPPLIER,
                                           .to_status = BUCKET_AVAILABLE,
                                           .lines = opening->text.data,
                                           .length = opening->text.used};
    return projection_document(turn, &document, error);
}

enum status opening_receive(struct writer *writer, const json_t *request, struct error *error)
{
    struct opening opening = {0};
    json_t *lines;
    enum status status;
    if ((status =
             json_want_text(request, "location", LOCATION_ID_SIZE - 1, &opening.location, error)) ||
        (status = json_want_array(request, "lines", OPENING_LINES, &lines, error)))
        return status;
    opening.lines = lines;
    buf_init(&opening.text, LINES_MOST);
    struct writer_job job = {.run = run, .context = &opening};
    status = writer_run(writer, &job, error);
    if (!status && opening.refusal)
        status = error_set(error, opening.refusal, "%s", opening.why.text);
    buf_finish(&opening.text);
    return status;
}
