#include "sync/protocol/message_reader.h"

#include <string.h>

struct reader reader_open(const char *bytes, size_t length, struct error *error)
{
    struct reader reader = {NULL, STATUS_OK, error};

    reader.status = json_read(bytes, length, &reader.object, error);
    if (reader.status == STATUS_OK && !json_is_object(reader.object))
        reader.status = error_set(error, STATUS_INVALID, "the message is not an object");
    return reader;
}

enum status reader_close(struct reader *reader)
{
    json_decref(reader->object);
    reader->object = NULL;
    return reader->status;
}

void reader_int(struct reader *reader, const char *key, int64_t min, int64_t *out)
{
    if (reader->status == STATUS_OK)
        reader->status = json_want_int(reader->object, key, min, INT64_MAX, out, reader->error);
}

void reader_hex(struct reader *reader, const char *key, void *out, size_t length)
{
    if (reader->status == STATUS_OK)
        reader->status = json_want_hex(reader->object, key, out, length, reader->error);
}

/* A text that is not empty, copied. */
void reader_text(struct reader *reader, const char *key, char *out, size_t size)
{
    const char *text = "";

    if (reader->status == STATUS_OK)
        reader->status = json_want_text(reader->object, key, size - 1, &text, reader->error);
    if (reader->status == STATUS_OK && text[0] == '\0')
        reader->status = error_set(reader->error, STATUS_INVALID, "%s is empty", key);
    if (reader->status == STATUS_OK)
        memcpy(out, text, strlen(text) + 1);
}

enum status message_finish_write(json_t *object, struct buf *out)
{
    enum status status = json_write(object, out);

    json_decref(object);
    return status;
}
