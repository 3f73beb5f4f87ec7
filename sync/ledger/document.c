/* Stock documents: storing, applying, and folding them again. */
#include "sync/ledger/document.h"

#include "sync/ledger/projection.h"
#include "sync/protocol/compress.h"
#include "terminal/base/text.h"

#include <string.h>

static enum status tally_line(struct tally *tally, const char *line, size_t length,
                              const struct bucket *from, const struct bucket *to)
{
    const char *tab = memchr(line, '\t', length);
    char sku[SKU_SIZE], number[DECIMAL_SIZE];
    int64_t quantity;
    size_t sku_length, number_length;

    if (tab == NULL)
        return STATUS_CORRUPT;
    sku_length = (size_t)(tab - line);
    number_length = length - sku_length - 1;
    if (sku_length >= sizeof sku || number_length >= sizeof number)
        return STATUS_CORRUPT;
    memcpy(sku, line, sku_length);
    sku[sku_length] = '\0';
    memcpy(number, tab + 1, number_length);
    number[number_length] = '\0';
    if (decimal_read(number, 0, &quantity) != STATUS_OK || quantity <= 0)
        return STATUS_CORRUPT;
    return tally_move(tally, sku, quantity, from, to);
}

enum status document_tally(struct tally *tally, const char *lines, size_t length,
                           const struct bucket *from, const struct bucket *to, struct error *error)
{
    while (length > 0) {
        const char *end = memchr(lines, '\n', length);
        size_t line = end == NULL ? length : (size_t)(end - lines);
        enum status status =
            end == NULL ? STATUS_CORRUPT : tally_line(tally, lines, line, from, to);
        if (status != STATUS_OK)
            return error_set(error, status, "a line of a stock document");
        lines += line + 1;
        length -= line + 1;
    }
    return STATUS_OK;
}

static enum status store_document(const struct writer_turn *turn,
                                  const struct projection_document *document, struct error *error)
{
    struct buf packed;
    enum status status;

    buf_init(&packed, SIZE_MAX - 1);
    status = compress_bytes(document->lines, document->length, &packed);
    INVARIANT(status == STATUS_OK);
    struct store_value values[] = {
        store_int(turn->now_ms),         store_text(document->kind),
        store_text(document->location),  store_text(document->from_status),
        store_text(document->to_status), store_blob(packed.data, packed.used)};
    status = store_run(turn->session,
                       "INSERT INTO document(at_ms, kind, location, from_status, to_status, lines) "
                       "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                       values, 6, error);
    buf_finish(&packed);
    return status;
}

static struct bucket bucket_of(const char *location, const char *status)
{
    struct bucket bucket = {0};

    INVARIANT(strlen(location) < sizeof bucket.location && strlen(status) < sizeof bucket.status);
    strcpy(bucket.location, location);
    strcpy(bucket.status, status);
    return bucket;
}

enum status projection_document(const struct writer_turn *turn,
                                const struct projection_document *document, struct error *error)
{
    struct bucket from = bucket_of(document->location, document->from_status);
    struct bucket to = bucket_of(document->location, document->to_status);
    struct tally *tally = tally_new();
    enum status status =
        document_tally(tally, document->lines, document->length, &from, &to, error);

    if (status == STATUS_OK)
        status = store_document(turn, document, error);
    if (status == STATUS_OK)
        status = projection_apply(turn, tally, error);
    tally_free(tally);
    return status;
}
