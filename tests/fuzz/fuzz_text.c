/* UTF-8, decimals, hexadecimal, base64 and zone rules from strangers.
 */
#include "terminal/base/crypto.h"
#include "terminal/base/text.h"
#include "terminal/base/zone.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Clean text is valid, and cleaning it again changes nothing; valid text without controls is its
 * own clean form. */
static void check_clean(const char *text, size_t length)
{
    struct buf once;
    struct buf twice;
    buf_init(&once, SIZE_MAX - 1);
    buf_init(&twice, SIZE_MAX - 1);
    enum status status = text_clean(text, length, &once);
    INVARIANT(status == STATUS_OK);
    INVARIANT(text_is_utf8(buf_text(&once), once.used));
    status = text_clean(buf_text(&once), once.used, &twice);
    INVARIANT(status == STATUS_OK);
    INVARIANT(once.used == twice.used && memcmp(buf_text(&once), buf_text(&twice), once.used) == 0);
    buf_finish(&once);
    buf_finish(&twice);
}

static void check_cut(const char *text, size_t length)
{
    bool valid = text_is_utf8(text, length);
    for (size_t max = 0; max <= length; max++) {
        size_t cut = text_cut(text, length, max);
        INVARIANT(cut <= max && max - cut <= 3);
        INVARIANT(!valid || text_is_utf8(text, cut));
    }
}

static void check_decimal(const char *text)
{
    for (int decimals = 0; decimals <= 18; decimals++) {
        int64_t value;
        int64_t again = 0;
        if (decimal_read(text, decimals, &value) != STATUS_OK)
            continue;
        char written[DECIMAL_SIZE];
        decimal_write(value, decimals, written);
        enum status status = decimal_read(written, decimals, &again);
        INVARIANT(status == STATUS_OK && again == value);
    }
}

static void check_base64(const char *text, size_t length)
{
    uint8_t *bytes = mem_alloc(length);
    size_t got = 0;
    if (base64_read(text, length, bytes, length, &got) == STATUS_OK) {
        char *again = mem_alloc(base64_size(got));
        base64_write(bytes, got, again);
        INVARIANT(strlen(again) == length && memcmp(again, text, length) == 0);
        free(again);
    }
    size_t half = strlen(text) / 2;
    if (half <= length)
        (void)!hex_read(text, bytes, half);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *text = mem_alloc(length + 1);
    if (length > 0)
        memcpy(text, bytes, length);
    check_clean(text, length);
    check_cut(text, length);
    check_decimal(text);
    check_base64(text, length);
    int32_t offset = 0;
    if (zone_rule_offset(text, 1795251901, &offset))
        INVARIANT(offset > -2 * 170 * 3600 && offset < 2 * 170 * 3600);
    free(text);
    return 0;
}
