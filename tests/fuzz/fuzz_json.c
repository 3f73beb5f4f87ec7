/* JSON from strangers: whatever is accepted holds no real number and no NUL, and is written to
 * bytes that are accepted again and written the same. The flat reader takes and refuses the same,
 * with the same words and values.
 */
#include "terminal/base/card.h"
#include "terminal/base/json.h"
#include "terminal/base/json_view.h"
#include "terminal/base/text.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void write_all(const json_t *value, struct buf *out)
{
    buf_init(out, SIZE_MAX - 1);
    enum status status = json_write(value, out);
    INVARIANT(status == STATUS_OK);
    INVARIANT(text_is_utf8(buf_text(out), out->used));
}

static bool same_item(const struct json_item *a, const struct json_item *b)
{
    if (a->type != b->type || a->span != b->span || a->length != b->length ||
        a->key_length != b->key_length || strcmp(a->key, b->key) != 0)
        return false;
    if (a->type == JSON_ITEM_TEXT)
        return strcmp(a->value.text, b->value.text) == 0;
    return a->type != JSON_ITEM_INT || a->value.number == b->value.number;
}

/* `value` is NULL where json_read refused the bytes. */
static void check_view(const uint8_t *bytes, size_t length, const json_t *value, const char *why)
{
    struct json_view *view = json_view_new();
    struct json_view *expected = json_view_new();
    struct error error = {0};
    const struct json_item *items = NULL;
    enum status status = json_view_read(view, (const char *)bytes, length, &items, &error);
    INVARIANT((status == STATUS_OK) == (value != NULL) && strcmp(error.text, why) == 0);
    if (value != NULL) {
        const struct json_item *others = json_view_of(expected, value, JSON_VIEW_ALL);
        for (uint32_t i = 0; i < others->span; i++)
            INVARIANT(same_item(&items[i], &others[i]));
        INVARIANT(card_number_in_view(items) == card_number_in(value));
    }
    json_view_free(view);
    json_view_free(expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct error error = {0};
    json_t *value = NULL;
    enum status status = json_read((const char *)bytes, length, &value, &error);
    check_view(bytes, length, value, error.text);
    if (status != STATUS_OK) {
        INVARIANT(status == STATUS_INVALID && error.text[0] != '\0' && value == NULL);
        return 0;
    }
    struct buf first;
    struct buf second;
    write_all(value, &first);
    json_decref(value);
    status = json_read(buf_text(&first), first.used, &value, &error);
    INVARIANT(status == STATUS_OK);
    write_all(value, &second);
    INVARIANT(first.used == second.used &&
              memcmp(buf_text(&first), buf_text(&second), first.used) == 0);
    json_decref(value);
    buf_finish(&first);
    buf_finish(&second);
    return 0;
}
