/* Catalogue files from strangers: whatever the file is, each record is an item that keeps the rules
 * of the reference tables, or is rejected with a reason, and the reader comes to an end.
 */
#include "sync/ledger/import_file.h"
#include "terminal/base/text.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_item(const struct import_item *item)
{
    struct error error;

    INVARIANT(reference_row_validate(&item->row, &error) == STATUS_OK);
    INVARIANT(item->row.values[0].length > 0);
    INVARIANT(item->price_scaled >= 0);
    INVARIANT(strlen(item->code.code) <= REFERENCE_CODE_MAX);
    INVARIANT(text_is_utf8(item->code.code, strlen(item->code.code)));
    if (item->has_pack)
        INVARIANT(reference_row_validate(&item->pack, &error) == STATUS_OK);
    if (item->has_group)
        INVARIANT(reference_row_validate(&item->group, &error) == STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct import_file file;
    struct import_item item;
    struct error error;
    char reason[IMPORT_REASON_SIZE];
    enum import_record record;
    size_t records = 0;

    if (import_file_open(&file, (const char *)bytes, length, 2, &error) != STATUS_OK)
        return 0;
    do {
        memset(reason, 0, sizeof reason);
        record = import_file_next(&file, &item, reason);
        if (record == IMPORT_ITEM)
            check_item(&item);
        if (record == IMPORT_REJECTED)
            INVARIANT(reason[0] != '\0' && memchr(reason, '\n', sizeof reason) == NULL);
        INVARIANT(++records <= length + 1);
    } while (record != IMPORT_END);
    import_file_close(&file);
    return 0;
}
