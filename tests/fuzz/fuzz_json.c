/* JSON from strangers: whatever is accepted holds no real number and no NUL, and is written to
 * bytes that are accepted again and written the same.
 */
#include "terminal/base/json.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct error error = {0};
    json_t *value = NULL;
    enum status status = json_read((const char *)bytes, length, &value, &error);
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
