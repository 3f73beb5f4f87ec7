#include "ui/look_file.h"

#include "terminal/base/file.h"
#include "terminal/base/json.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_BYTES = 4096 };

struct look look_default(void)
{
    return (struct look){.theme = "light", .text_percent = 100};
}

/* Words of the file become parts of file names. */
static void take_word(const json_t *json, const char *key, char *out, size_t size)
{
    const char *word = json_text_or(json, key, out);

    if (strlen(word) < size && strspn(word, "abcdefghijklmnopqrstuvwxyz-") == strlen(word)) {
        snprintf(out, size, "%s", word);
    }
}

void look_read(const char *path, struct look *look)
{
    struct buf bytes;
    json_t *json = NULL;

    buf_init(&bytes, LOOK_BYTES);
    if (file_read(path, &bytes, NULL) == STATUS_OK &&
        json_read(bytes.data, bytes.used, &json, NULL) == STATUS_OK) {
        int64_t percent = json_int_or(json, "text_percent", look->text_percent);

        take_word(json, "language", look->language, sizeof look->language);
        take_word(json, "theme", look->theme, sizeof look->theme);
        look->text_percent = percent >= 100 && percent <= 150 ? (int)percent : look->text_percent;
        look->mute = json_int_or(json, "mute", 0) != 0;
        look->left_handed = json_int_or(json, "left_handed", 0) != 0;
    }
    json_decref(json);
    buf_finish(&bytes);
}

enum status look_write(const char *path, const struct look *look, struct error *error)
{
    struct buf bytes;
    json_t *json = json_object();

    json_put_int(json, "v", 1);
    json_put_text(json, "language", look->language);
    json_put_text(json, "theme", look->theme);
    json_put_int(json, "text_percent", look->text_percent);
    json_put_int(json, "mute", look->mute);
    json_put_int(json, "left_handed", look->left_handed);
    buf_init(&bytes, LOOK_BYTES);
    enum status status = json_write(json, &bytes);
    if (status == STATUS_OK) {
        status = file_write_durable(path, bytes.data, bytes.used, 0600, error);
    }
    buf_finish(&bytes);
    json_decref(json);
    return status;
}
