/* Boot stamps. The new stamp is written beside the old one first, so that a crash between the two
 * writes leaves a sidecar that agrees with the database whichever it holds:
 *
 *   sidecar "A"  db A   ->   sidecar "A B"  db A   ->   sidecar "A B"  db B   ->   sidecar "B"
 */
#include "sync/ledger/store/incarnation.h"

#include "sync/ledger/store/meta.h"
#include "terminal/base/file.h"

#include <stdlib.h>
#include <string.h>

#define SIDECAR_MAX 256

static char *sidecar_path(const struct store *store)
{
    struct buf path;
    char *text;

    buf_init(&path, SIZE_MAX - 1);
    enum status status = buf_printf(&path, "%s.boot", store_path(store));
    INVARIANT(status == STATUS_OK);
    text = mem_copy_text(buf_text(&path));
    buf_finish(&path);
    return text;
}

/* Whether the sidecar names the stamp. A sidecar that is not there agrees with none. */
static enum status sidecar_agrees(const char *path, const char *stamp, bool *out,
                                  struct error *error)
{
    struct buf text;
    enum status status = STATUS_OK;

    *out = false;
    if (!file_exists(path))
        return STATUS_OK;
    buf_init(&text, SIDECAR_MAX);
    status = file_read(path, &text, error);
    if (status == STATUS_OK)
        *out = strlen(stamp) == ID_HEX_SIZE - 1 && strstr(buf_text(&text), stamp) != NULL;
    buf_finish(&text);
    return status;
}

static enum status write_sidecar(const char *path, const char *first, const char *second,
                                 struct error *error)
{
    struct buf text;
    enum status status;

    buf_init(&text, SIDECAR_MAX);
    status = buf_printf(&text, "%s%s%s\n", first, second[0] == '\0' ? "" : " ", second);
    INVARIANT(status == STATUS_OK);
    status = file_write_durable(path, text.data, text.used, 0640, error);
    buf_finish(&text);
    return status;
}

/* Sidecar first: it names both. */
static enum status announce(struct store *store, struct store_session *writer, const char *old,
                            const struct entropy *entropy, char stamp[ID_HEX_SIZE],
                            struct error *error)
{
    struct id id = id_random(entropy);
    char *path = sidecar_path(store);
    enum status status;

    hex_write(id.bytes, ID_SIZE, stamp);
    status = write_sidecar(path, stamp, old, error);
    if (status == STATUS_OK)
        status = meta_set(writer, "boot", stamp, error);
    free(path);
    return status;
}

enum status incarnation_renew(struct store *store, struct store_session *writer,
                              const struct entropy *entropy, char stamp[ID_HEX_SIZE],
                              struct error *error)
{
    char old[META_VALUE_SIZE];
    enum status status = meta_get(writer, "boot", old, error);

    return status == STATUS_OK ? announce(store, writer, old, entropy, stamp, error) : status;
}

enum status incarnation_renewed(struct store *store, const char *stamp, struct error *error)
{
    char *path = sidecar_path(store);
    enum status status = write_sidecar(path, stamp, "", error);

    free(path);
    return status;
}

enum status incarnation_start(struct store *store, struct store_session *writer,
                              const struct entropy *entropy, struct id *out, bool *changed,
                              struct error *error)
{
    char *path = sidecar_path(store);
    char stamp[META_VALUE_SIZE], next[ID_HEX_SIZE], hex[ID_HEX_SIZE];
    bool agrees = false;
    enum status status = meta_get(writer, "boot", stamp, error);

    *changed = false;
    if (status == STATUS_OK)
        status = meta_get_hex(writer, "incarnation", out->bytes, ID_SIZE, error);
    if (status == STATUS_OK)
        status = sidecar_agrees(path, stamp, &agrees, error);
    if (status == STATUS_OK && stamp[0] != '\0' && !agrees) {
        *changed = true;
        *out = id_random(entropy);
        hex_write(out->bytes, ID_SIZE, hex);
        status = meta_set(writer, "incarnation", hex, error);
    }
    if (status == STATUS_OK)
        status = announce(store, writer, *changed ? "" : stamp, entropy, next, error);
    if (status == STATUS_OK)
        status = incarnation_renewed(store, next, error);
    free(path);
    return status;
}

enum status incarnation_stop(struct store *store, struct store_session *writer,
                             const struct entropy *entropy, struct error *error)
{
    char stamp[ID_HEX_SIZE];
    enum status status = incarnation_renew(store, writer, entropy, stamp, error);

    return status == STATUS_OK ? incarnation_renewed(store, stamp, error) : status;
}
