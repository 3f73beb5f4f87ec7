#include "sync/agent/line.h"
#include "sync/agent/http_curl.h"
#include "terminal/base/file.h"
#include "terminal/base/json.h"

#include <stdlib.h>
#include <string.h>

#define LINE_VERSION 1
#define FILE_CEILING ((size_t)1 << 20)
#define TEXT_MAX     1024
#define PIN_LEAD     "sha256//"
#define PIN_BASE64   44 /* of 32 bytes */

static bool pin_valid(const char *pin)
{
    static const char base64[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

    for (;;) {
        size_t length = strcspn(pin, ";");

        if (length != strlen(PIN_LEAD) + PIN_BASE64 ||
            strncmp(pin, PIN_LEAD, strlen(PIN_LEAD)) != 0 ||
            strspn(pin + strlen(PIN_LEAD), base64) != PIN_BASE64)
            return false;
        if (pin[length] == '\0')
            return true;
        pin += length + 1;
    }
}

enum status line_check(const struct line *line, struct error *error)
{
    if (line->pin && !pin_valid(line->pin))
        return error_set(error, STATUS_INVALID, "a pin is sha256// and 44 characters of base64");
    if (line->proxy && (!http_url_valid(line->proxy) || strlen(line->proxy) > TEXT_MAX))
        return error_set(error, STATUS_INVALID, "a proxy is http://host:port");
    return STATUS_OK;
}

static char *text_of(const json_t *object, const char *key)
{
    const char *text = json_text_or(object, key, "");

    return text[0] != '\0' ? mem_copy_text(text) : NULL;
}

static enum status read_settings(const char *path, struct line *out, struct error *error)
{
    struct buf text;
    json_t *object = NULL;
    enum status status;

    buf_init(&text, FILE_CEILING);
    status = file_read(path, &text, error);
    if (status == STATUS_OK)
        status = json_read(buf_text(&text), text.used, &object, error);
    if (status == STATUS_OK && json_int_or(object, "v", 0) != LINE_VERSION)
        status = error_set(error, STATUS_UNSUPPORTED, "it is not of version %d", LINE_VERSION);
    if (status == STATUS_OK) {
        out->pin = text_of(object, "tls_pin");
        out->proxy = text_of(object, "proxy");
        status = line_check(out, error);
    }
    json_decref(object);
    buf_finish(&text);
    return status == STATUS_OK ? status : error_prefix(error, LINE_FILE);
}

enum status line_read(const char *folder, struct line *out, struct error *error)
{
    char *settings = path_join(folder, LINE_FILE);
    char *ca = path_join(folder, LINE_CA_FILE);
    enum status status = STATUS_OK;

    memset(out, 0, sizeof *out);
    if (file_exists(settings))
        status = read_settings(settings, out, error);
    if (file_exists(ca))
        out->ca = mem_copy_text(ca);
    free(settings);
    free(ca);
    return status;
}

void line_finish(struct line *line)
{
    free(line->ca);
    free(line->pin);
    free(line->proxy);
    memset(line, 0, sizeof *line);
}

static enum status copy_ca(const char *folder, const char *ca, struct error *error)
{
    char *path = path_join(folder, LINE_CA_FILE);
    struct buf text;
    enum status status;

    buf_init(&text, FILE_CEILING);
    status = file_read(ca, &text, error);
    if (status == STATUS_OK)
        status = file_write_durable(path, buf_text(&text), text.used, 0644, error);
    buf_finish(&text);
    free(path);
    return status;
}

static enum status write_settings(const char *folder, const struct line *line, struct error *error)
{
    char *path = path_join(folder, LINE_FILE);
    json_t *object = json_object();
    struct buf text;
    enum status status;

    json_put_int(object, "v", LINE_VERSION);
    if (line->pin)
        json_put_text(object, "tls_pin", line->pin);
    if (line->proxy)
        json_put_text(object, "proxy", line->proxy);
    buf_init(&text, FILE_CEILING);
    status = json_write(object, &text);
    if (status == STATUS_OK)
        status = file_write_durable(path, buf_text(&text), text.used, 0600, error);
    json_decref(object);
    buf_finish(&text);
    free(path);
    return status;
}

enum status line_write(const char *folder, const struct line *line, struct error *error)
{
    enum status status = line_check(line, error);

    if (status == STATUS_OK && line->ca)
        status = copy_ca(folder, line->ca, error);
    if (status == STATUS_OK && (line->pin || line->proxy))
        status = write_settings(folder, line, error);
    return status;
}
