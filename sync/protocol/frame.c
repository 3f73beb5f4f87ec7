/* The journal body: lines, strictly. See the header for the form.
 *
 * A frame knows the size of its body before it is written (the lines so far, with room for the
 * longest first line), so a batch is cut before it is too large and never after.
 */
#include "sync/protocol/frame.h"
#include "terminal/base/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_ROOM       160 /* the first line with its longest numbers, and room */
#define SIGNATURE_CHARS ((size_t)2 * SIGNATURE_SIZE)
#define HASH_CHARS      ((size_t)2 * HASH_SIZE)

struct frame *frame_new(const struct id *epoch, int64_t first)
{
    struct frame *frame = mem_alloc(sizeof *frame);

    frame->epoch = *epoch;
    frame->first = first;
    return frame;
}

void frame_free(struct frame *frame)
{
    free(frame);
}

bool frame_entry_lost(const struct frame_entry *entry)
{
    static const struct signature none;

    return entry->damaged && memcmp(entry->signature.bytes, none.bytes, SIGNATURE_SIZE) == 0;
}

static size_t entry_line_size(const struct frame_entry *entry)
{
    if (entry->damaged)
        return 1 + SIGNATURE_CHARS + 1 + HASH_CHARS + 1;
    return SIGNATURE_CHARS + 1 + entry->length + 1;
}

static size_t body_size(const struct frame *frame)
{
    size_t size = HEAD_ROOM;

    for (int i = 0; i < frame->count; i++)
        size += entry_line_size(&frame->entries[i]);
    for (int i = 0; i < frame->sides; i++)
        size += frame->side[i].length + 2;
    return size;
}

enum status frame_add(struct frame *frame, const struct frame_entry *entry)
{
    if (frame->count >= FRAME_MAX_ENTRIES || (!entry->damaged && entry->length > FRAME_MAX_ENTRY) ||
        body_size(frame) + entry_line_size(entry) > FRAME_MAX_BYTES)
        return STATUS_RANGE;
    frame->entries[frame->count++] = *entry;
    return STATUS_OK;
}

enum status frame_add_side(struct frame *frame, const char *json, size_t length)
{
    if (frame->sides >= FRAME_MAX_SIDES || length > FRAME_MAX_SIDE ||
        body_size(frame) + length + 2 > FRAME_MAX_BYTES)
        return STATUS_RANGE;
    frame->side[frame->sides++] = (struct frame_side){json, length};
    return STATUS_OK;
}

static enum status write_entry(const struct frame_entry *entry, struct buf *out)
{
    char signature[SIGNATURE_HEX_SIZE];
    char hash[HASH_HEX_SIZE];
    enum status status;

    hex_write(entry->signature.bytes, SIGNATURE_SIZE, signature);
    if (entry->damaged) {
        hex_write(entry->hash.bytes, HASH_SIZE, hash);
        return buf_printf(out, "!%s %s\n", signature, hash);
    }
    if (entry->length == 0 || memchr(entry->bytes, '\n', entry->length))
        return STATUS_INVALID;
    status = buf_printf(out, "%s ", signature);
    if (status == STATUS_OK)
        status = buf_append(out, entry->bytes, entry->length);
    if (status == STATUS_OK)
        status = buf_append_byte(out, '\n');
    return status;
}

enum status frame_write(const struct frame *frame, struct buf *out)
{
    char epoch[ID_HEX_SIZE];
    enum status status;

    if (frame->count < 1 || frame->first < 1)
        return STATUS_INVALID;
    hex_write(frame->epoch.bytes, ID_SIZE, epoch);
    status = buf_printf(out, "{\"epoch\":\"%s\",\"first\":%" PRId64 ",\"count\":%d", epoch,
                        frame->first, frame->count);
    if (status == STATUS_OK && frame->clock_ms > 0)
        status = buf_printf(out, ",\"clock_ms\":%" PRId64, frame->clock_ms);
    if (status == STATUS_OK)
        status = buf_append_text(out, "}\n");
    for (int i = 0; status == STATUS_OK && i < frame->count; i++)
        status = write_entry(&frame->entries[i], out);
    for (int i = 0; status == STATUS_OK && i < frame->sides; i++) {
        status = buf_append_byte(out, '+');
        if (status == STATUS_OK)
            status = buf_append(out, frame->side[i].json, frame->side[i].length);
        if (status == STATUS_OK)
            status = buf_append_byte(out, '\n');
    }
    return status;
}

/* Where reading stands. */
struct lines {
    const char *at;
    const char *end;
    int number;
};

/* The next line without its LF. */
static enum status next_line(struct lines *lines, const char **line, size_t *length,
                             struct error *error)
{
    size_t left = (size_t)(lines->end - lines->at);
    const char *lf = left > 0 ? memchr(lines->at, '\n', left) : NULL;

    lines->number++;
    if (!lf)
        return error_set(error, STATUS_INVALID, "line %d is missing or has no end", lines->number);
    *line = lines->at;
    *length = (size_t)(lf - lines->at);
    lines->at = lf + 1;
    if (*length == 0)
        return error_set(error, STATUS_INVALID, "line %d is empty", lines->number);
    return STATUS_OK;
}

static enum status read_head(struct lines *lines, struct frame *frame, struct error *error)
{
    const char *line = NULL;
    size_t length = 0;
    int64_t count = 0;
    json_t *head = NULL;
    enum status status = next_line(lines, &line, &length, error);

    if (status == STATUS_OK)
        status = json_read(line, length, &head, error);
    if (status != STATUS_OK)
        return status;
    status = json_want_hex(head, "epoch", frame->epoch.bytes, ID_SIZE, error);
    if (status == STATUS_OK)
        status =
            json_want_int(head, "first", 1, INT64_MAX - FRAME_MAX_ENTRIES, &frame->first, error);
    if (status == STATUS_OK)
        status = json_want_int(head, "count", 1, FRAME_MAX_ENTRIES, &count, error);
    frame->clock_ms = json_int_or(head, "clock_ms", 0);
    json_decref(head);
    frame->count = (int)count;
    return status;
}

/* Lower-case hex of exactly `size` bytes at `text` (not NUL-terminated). */
static bool read_hex(const char *text, void *out, size_t size)
{
    char copy[SIGNATURE_HEX_SIZE];

    for (size_t i = 0; i < 2 * size; i++) {
        if (!strchr("0123456789abcdef", text[i]) || text[i] == '\0')
            return false;
    }
    memcpy(copy, text, 2 * size);
    copy[2 * size] = '\0';
    return hex_read(copy, out, size) == STATUS_OK;
}

static bool split_entry(const char *line, size_t length, struct frame_entry *entry)
{
    if (line[0] == '!') {
        entry->damaged = true;
        return length == 1 + SIGNATURE_CHARS + 1 + HASH_CHARS && line[1 + SIGNATURE_CHARS] == ' ' &&
               read_hex(line + 1, entry->signature.bytes, SIGNATURE_SIZE) &&
               read_hex(line + 2 + SIGNATURE_CHARS, entry->hash.bytes, HASH_SIZE);
    }
    if (length < SIGNATURE_CHARS + 2 || line[SIGNATURE_CHARS] != ' ' ||
        !read_hex(line, entry->signature.bytes, SIGNATURE_SIZE))
        return false;
    entry->bytes = line + SIGNATURE_CHARS + 1;
    entry->length = length - SIGNATURE_CHARS - 1;
    return entry->length <= FRAME_MAX_ENTRY;
}

static enum status read_lines(struct lines *lines, struct frame *frame, struct error *error)
{
    const char *line = NULL;
    size_t length = 0;
    enum status status;

    for (int i = 0; i < frame->count; i++) {
        status = next_line(lines, &line, &length, error);
        if (status != STATUS_OK)
            return status;
        if (!split_entry(line, length, &frame->entries[i]))
            return error_set(error, STATUS_INVALID, "line %d is no entry", lines->number);
    }
    while (lines->at < lines->end) {
        status = next_line(lines, &line, &length, error);
        if (status != STATUS_OK)
            return status;
        if (line[0] != '+' || length < 3 || length - 1 > FRAME_MAX_SIDE ||
            frame->sides >= FRAME_MAX_SIDES)
            return error_set(error, STATUS_INVALID, "line %d is no side record", lines->number);
        frame->side[frame->sides++] = (struct frame_side){line + 1, length - 1};
    }
    return STATUS_OK;
}

enum status frame_read(const char *bytes, size_t length, struct frame **out, struct error *error)
{
    struct lines lines = {bytes, bytes + length, 0};
    struct frame *frame;
    enum status status;

    *out = NULL;
    if (length > FRAME_MAX_BYTES)
        return error_set(error, STATUS_INVALID, "the body is larger than %zu bytes",
                         FRAME_MAX_BYTES);
    frame = mem_alloc(sizeof *frame);
    status = read_head(&lines, frame, error);
    if (status == STATUS_OK)
        status = read_lines(&lines, frame, error);
    if (status != STATUS_OK) {
        frame_free(frame);
        return status;
    }
    *out = frame;
    return STATUS_OK;
}
