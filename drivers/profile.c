#include "drivers/profile.h"

#include "terminal/base/file.h"
#include "terminal/base/json.h"

#include <string.h>

struct profile profile_default(void)
{
    return (struct profile){.name = "epson-80",
                            .width_dots = 576,
                            .columns = 48,
                            .code_page = 16,
                            .cutter = true,
                            .qr = true,
                            .proof = true,
                            .drawer_pin = 0,
                            .drawer_on_ms = 50,
                            .drawer_off_ms = 200};
}

static enum status want(const json_t *object, const char *key, int min, int max, int *out,
                        struct error *error)
{
    int64_t value;
    enum status status = json_want_int(object, key, min, max, &value, error);
    if (!status)
        *out = (int)value;
    return status;
}

static enum status take(const json_t *root, struct profile *profile, struct error *error)
{
    const char *name;
    json_t *drawer;
    int cutter = 0, qr = 0, proof = 0;
    enum status status;
    if ((status = json_want_text(root, "name", sizeof profile->name - 1, &name, error)) ||
        (status = want(root, "width_dots", 64, 1024, &profile->width_dots, error)) ||
        (status = want(root, "columns", 16, 80, &profile->columns, error)) ||
        (status = want(root, "code_page", -1, 255, &profile->code_page, error)) ||
        (status = want(root, "cutter", 0, 1, &cutter, error)) ||
        (status = want(root, "qr", 0, 1, &qr, error)) ||
        (status = want(root, "proof", 0, 1, &proof, error)) ||
        (status = json_want_object(root, "drawer", &drawer, error)) ||
        (status = want(drawer, "pin", 0, 1, &profile->drawer_pin, error)) ||
        (status = want(drawer, "on_ms", 2, 510, &profile->drawer_on_ms, error)) ||
        (status = want(drawer, "off_ms", 2, 510, &profile->drawer_off_ms, error)))
        return status;
    if (profile->width_dots % 8 != 0 || profile->columns * 12 > profile->width_dots)
        return error_set(error, STATUS_INVALID, "%d columns of 12 dots do not fit %d dots",
                         profile->columns, profile->width_dots);
    strcpy(profile->name, name);
    profile->cutter = cutter;
    profile->qr = qr;
    profile->proof = proof;
    return STATUS_OK;
}

enum status profile_read(const char *path, struct profile *out, struct error *error)
{
    struct buf bytes;
    buf_init(&bytes, 64 * 1024);
    struct error inner;
    json_t *root = NULL;
    enum status status = file_read(path, &bytes, error);
    if (!status) {
        status = json_read(buf_text(&bytes), bytes.used, &root, &inner);
        if (!status)
            status = take(root, out, &inner);
        if (status)
            error_set(error, status, "%s: %s", path, inner.text);
    }
    json_decref(root);
    buf_finish(&bytes);
    return status;
}
