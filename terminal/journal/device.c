/* device.json: read strictly, written once, its secret wiped from every buffer it passes through.
 */
#include "terminal/journal/device.h"

#include "terminal/base/buf.h"
#include "terminal/base/file.h"
#include "terminal/base/fs.h"
#include "terminal/base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEVICE_VERSION   1
#define DEVICE_MAX_BYTES 16384

static bool made_of(const char *text, size_t max, const char *extra)
{
    static const char common[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t length = strnlen(text, max + 1);

    if (length == 0 || length > max)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (strchr(common, text[i]) == NULL && strchr(extra, text[i]) == NULL)
            return false;
    }
    return true;
}

bool till_name_valid(const char *name)
{
    return made_of(name, TILL_NAME_SIZE - 1, "-_");
}

bool location_id_valid(const char *id)
{
    return made_of(id, LOCATION_ID_SIZE - 1, "-_.");
}

static bool url_valid(const char *url)
{
    size_t length = strnlen(url, DEVICE_URL_SIZE);
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;

    if (scheme == 0 || length <= scheme || length >= DEVICE_URL_SIZE || url[length - 1] == '/')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (url[i] <= ' ' || url[i] > '~')
            return false;
    }
    return true;
}

void device_wipe(struct device_identity *identity)
{
    secret_wipe(identity, sizeof *identity);
}

/* A folder of somebody else's, a link or a readable secret must not become who we are. */
static enum status check_mode(const char *path, struct error *error)
{
    struct stat info;

    if (fs_lstat(path, &info) != 0) {
        if (errno == ENOENT)
            return error_set(error, STATUS_NOT_FOUND, "not enrolled: there is no %s", path);
        return error_set(error, STATUS_IO, "cannot look at %s: %s", path, strerror(errno));
    }
    if (!S_ISREG(info.st_mode))
        return error_set(error, STATUS_DENIED, "%s is not a regular file", path);
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return error_set(error, STATUS_DENIED,
                         "%s holds a secret and must be for its owner only (mode 0600)", path);
    return STATUS_OK;
}

/* Ed25519 secret keys of libsodium end with the public key. A signature shows more: that the whole
 * pair works. */
static bool pair_works(const struct device_identity *identity)
{
    static const char text[] = "holdfast key pair";
    struct signature signature = sign_bytes(text, sizeof text, &identity->device_secret);

    return signature_valid(&signature, text, sizeof text, &identity->device_key);
}

static enum status copy_text(const json_t *object, const char *key, char *out, size_t size,
                             bool (*valid)(const char *), struct error *error)
{
    const char *text = "";
    enum status status = json_want_text(object, key, size - 1, &text, error);

    if (status != STATUS_OK)
        return status;
    if (!valid(text))
        return error_set(error, STATUS_INVALID, "\"%s\" breaks its rules", key);
    memcpy(out, text, strlen(text) + 1);
    return STATUS_OK;
}

static enum status parse_members(const json_t *object, struct device_identity *out,
                                 struct error *error)
{
    enum status status = json_want_hex(object, "device", out->device.bytes, ID_SIZE, error);

    if (status == STATUS_OK)
        status = json_want_hex(object, "incarnation", out->incarnation.bytes, ID_SIZE, error);
    if (status == STATUS_OK)
        status = json_want_hex(object, "ledger_key", out->ledger_key.bytes, PUBLIC_KEY_SIZE, error);
    if (status == STATUS_OK)
        status = json_want_hex(object, "device_key", out->device_key.bytes, PUBLIC_KEY_SIZE, error);
    if (status == STATUS_OK)
        status = json_want_hex(object, "device_secret", out->device_secret.bytes, SECRET_KEY_SIZE,
                               error);
    if (status == STATUS_OK)
        status = copy_text(object, "till", out->till, sizeof out->till, till_name_valid, error);
    if (status == STATUS_OK)
        status = copy_text(object, "location", out->location, sizeof out->location,
                           location_id_valid, error);
    if (status == STATUS_OK)
        status = copy_text(object, "url", out->url, sizeof out->url, url_valid, error);
    return status;
}

static enum status parse(const struct buf *text, struct device_identity *out, struct error *error)
{
    json_t *object = NULL;
    int64_t version = 0;
    enum status status = json_read(text->data, text->used, &object, error);

    if (status == STATUS_OK)
        status = json_want_int(object, "v", 1, INT64_MAX, &version, error);
    if (status == STATUS_OK && version != DEVICE_VERSION)
        status = error_set(error, STATUS_UNSUPPORTED, "a later version of the file");
    if (status == STATUS_OK)
        status = parse_members(object, out, error);
    if (status == STATUS_OK && !pair_works(out))
        status = error_set(error, STATUS_INVALID, "device_secret is not the key of device_key");
    json_decref(object);
    return status;
}

static void wipe_buf(struct buf *buf)
{
    if (buf->data != NULL)
        secret_wipe(buf->data, buf->capacity);
    buf_finish(buf);
}

static enum status read_file(const char *path, struct device_identity *out, struct error *error)
{
    struct buf text;
    enum status status = check_mode(path, error);

    if (status != STATUS_OK)
        return status;
    buf_init(&text, DEVICE_MAX_BYTES);
    status = file_read(path, &text, error);
    if (status == STATUS_OK && text.used == 0)
        status = error_set(error, STATUS_INVALID, "%s is empty", path);
    else if (status == STATUS_OK) {
        struct error why = {0};
        status = parse(&text, out, &why);
        if (status != STATUS_OK)
            status = error_set(error, status, "%s: %s", path, why.text);
    }
    wipe_buf(&text);
    return status;
}

enum status device_read(const char *folder, struct device_identity *out, struct error *error)
{
    char *path = path_join(folder, DEVICE_FILE);
    enum status status;

    memset(out, 0, sizeof *out);
    status = read_file(path, out, error);
    if (status != STATUS_OK)
        device_wipe(out);
    free(path);
    return status;
}

static enum status serialise(const struct device_identity *identity, struct buf *out)
{
    json_t *object = json_object();
    enum status status;

    json_put_int(object, "v", DEVICE_VERSION);
    json_put_hex(object, "device", identity->device.bytes, ID_SIZE);
    json_put_text(object, "till", identity->till);
    json_put_text(object, "location", identity->location);
    json_put_text(object, "url", identity->url);
    json_put_hex(object, "incarnation", identity->incarnation.bytes, ID_SIZE);
    json_put_hex(object, "ledger_key", identity->ledger_key.bytes, PUBLIC_KEY_SIZE);
    json_put_hex(object, "device_key", identity->device_key.bytes, PUBLIC_KEY_SIZE);
    json_put_hex(object, "device_secret", identity->device_secret.bytes, SECRET_KEY_SIZE);
    status = json_write(object, out);
    json_decref(object);
    return status == STATUS_OK ? buf_append_byte(out, '\n') : status;
}

enum status device_write(const char *folder, const struct device_identity *identity,
                         struct error *error)
{
    char *path;
    struct buf text;
    enum status status;

    if (!till_name_valid(identity->till) || !location_id_valid(identity->location) ||
        !url_valid(identity->url))
        return error_set(error, STATUS_INVALID, "till, location or url breaks its rules");
    if (!pair_works(identity))
        return error_set(error, STATUS_INVALID, "device_secret is not the key of device_key");
    path = path_join(folder, DEVICE_FILE);
    if (file_exists(path)) {
        status = error_set(error, STATUS_EXISTS, "already enrolled: %s is there", path);
        free(path);
        return status;
    }
    buf_init(&text, DEVICE_MAX_BYTES);
    status = serialise(identity, &text);
    if (status == STATUS_OK)
        status = file_write_durable(path, text.data, text.used, 0600, error);
    wipe_buf(&text);
    free(path);
    return status;
}
