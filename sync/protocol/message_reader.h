/* What the readers and writers of messages share. Inside sync/protocol only.
 *
 * Reading goes through a `struct reader` that remembers the first failure, so that a message is a
 * list of its members and nothing else.
 */
#ifndef HOLDFAST_PROTOCOL_MESSAGE_READER_H
#define HOLDFAST_PROTOCOL_MESSAGE_READER_H

#include "terminal/base/buf.h"
#include "terminal/base/json.h"
#include "terminal/base/status.h"

#include <stddef.h>
#include <stdint.h>

struct reader {
    json_t *object; /* owned at the top, borrowed below */
    enum status status;
    struct error *error;
};

/* Starts on the text of one JSON object; its failure shows at the end. */
struct reader reader_open(const char *bytes, size_t length, struct error *error);
/* Frees the object; the first failure, or STATUS_OK. */
enum status reader_close(struct reader *reader) MUST_USE;

/* A member of that type, or a failure. The text is copied and not empty. */
void reader_int(struct reader *reader, const char *key, int64_t min, int64_t *out);
void reader_hex(struct reader *reader, const char *key, void *out, size_t length);
void reader_text(struct reader *reader, const char *key, char *out, size_t size);

/* Appends the object's text and gives the object up. STATUS_RANGE at the buffer's ceiling. */
enum status message_finish_write(json_t *object, struct buf *out) MUST_USE;

#endif
