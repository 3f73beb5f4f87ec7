/* Scans from strangers: whatever is accepted keeps the promises of code.h. The first byte chooses
 * the hint; the rest is the scan, and read again as an element string, a Digital Link and a mask
 * file.
 */
#include "terminal/catalogue/code.h"
#include "terminal/catalogue/gs1.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char mask_file[] =
    "{\"masks\":[{\"pattern\":\"02IIIIIVPPPPC\",\"decimals\":2},"
    "{\"pattern\":\"22IIIIVPPPPPC\",\"decimals\":2},"
    "{\"pattern\":\"23IIIIIWWWWWC\",\"decimals\":3},{\"pattern\":\"24IIIIINNNNNC\"}]}";

static void check_candidates(const struct code *code)
{
    INVARIANT(code->candidate_count >= 0 && code->candidate_count <= CODE_CANDIDATES_MAX);
    INVARIANT(code->candidate_count > 0 || strlen(code->text) > REFERENCE_CODE_MAX);
    for (int i = 0; i < code->candidate_count; i++) {
        size_t length = strlen(code->candidates[i]);
        INVARIANT(length > 0 && length <= REFERENCE_CODE_MAX);
        for (int j = 0; j < i; j++)
            INVARIANT(strcmp(code->candidates[i], code->candidates[j]) != 0);
    }
}

static void check_code(const struct code *code)
{
    INVARIANT(code->text[0] != '\0');
    for (const char *at = code->text; *at != '\0'; at++)
        INVARIANT((*at >= 0x20 && *at <= 0x7E) || *at == GS1_SEPARATOR);
    INVARIANT(code->gtin[0] == '\0' || gtin_check_valid(code->gtin, GTIN_DIGITS));
    INVARIANT(code->kind != CODE_TEXT || code->gtin[0] == '\0');
    INVARIANT(code->has_quantity ? code->quantity_milli >= 0 : code->quantity_milli == 0);
    INVARIANT(code->has_price ? code->price_minor >= 0 : code->price_minor == 0);
    INVARIANT(code->expires[0] == '\0' || strlen(code->expires) == 10);
    INVARIANT(strlen(code->lot) <= 20 && strlen(code->serial) <= 20);
    check_candidates(code);
}

static void check_message(const struct gs1_message *message)
{
    INVARIANT(message->count > 0 && message->count <= GS1_ELEMENTS_MAX);
    for (int i = 0; i < message->count; i++)
        INVARIANT(gs1_find(message, message->elements[i].ai) == message->elements[i].value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return 0;
    struct error error = {0};
    struct code_masks *masks = NULL;
    enum status status = code_masks_read(mask_file, sizeof mask_file - 1, &masks, &error);
    INVARIANT(status == STATUS_OK);
    const char *text = (const char *)bytes + 1;
    struct code code;
    status = code_parse(text, length - 1, (enum symbology)(bytes[0] % (SYMBOLOGY_OTHER + 1)), masks,
                        2026, &code, &error);
    if (status == STATUS_OK)
        check_code(&code);
    else
        INVARIANT(error.text[0] != '\0');
    struct gs1_message message;
    if (gs1_read_elements(text, length - 1, &message, &error) == STATUS_OK)
        check_message(&message);
    if (gs1_read_link(text, length - 1, &message, &error) == STATUS_OK)
        check_message(&message);
    code_masks_destroy(masks);
    masks = NULL;
    if (code_masks_read(text, length - 1, &masks, &error) == STATUS_OK)
        code_masks_destroy(masks);
    return 0;
}
