/* Everything that a stranger may send over the wire. The first byte says which reader gets the
 * rest; what a reader accepts must be written back to bytes that it accepts again.
 */
#include "sync/protocol/compress.h"
#include "sync/protocol/frame.h"
#include "sync/protocol/message.h"
#include "sync/protocol/signature.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void fuzz_frame(const char *bytes, size_t length)
{
    struct frame *frame = NULL;
    struct frame *again = NULL;
    struct buf out;
    struct error error;

    if (frame_read(bytes, length, &frame, &error) != STATUS_OK)
        return;
    buf_init(&out, 2 * FRAME_MAX_BYTES);
    INVARIANT(frame_write(frame, &out) == STATUS_OK);
    if (out.used <= FRAME_MAX_BYTES) {
        INVARIANT(frame_read(buf_text(&out), out.used, &again, &error) == STATUS_OK);
        INVARIANT(again->count == frame->count && again->sides == frame->sides &&
                  again->first == frame->first);
    }
    frame_free(again);
    frame_free(frame);
    buf_finish(&out);
}

static void fuzz_query(const char *text)
{
    struct changes_query query;
    struct changes_query again;
    struct buf out;
    struct error error;

    if (message_read_changes_query(text, &query, &error) != STATUS_OK)
        return;
    buf_init(&out, 65536);
    INVARIANT(message_write_changes_query(&query, &out) == STATUS_OK);
    INVARIANT(message_read_changes_query(buf_text(&out), &again, &error) == STATUS_OK);
    INVARIANT(memcmp(&query, &again, sizeof query) == 0);
    buf_finish(&out);
}

static void fuzz_signature(const char *text)
{
    struct signature_params params;
    struct signature_headers headers;
    struct signed_request request = {"GET", "/", "", {{0}}};
    const struct entropy entropy = entropy_system();
    struct public_key key;
    struct secret_key secret;
    struct error error;

    if (signature_read_input(text, &params, &error) != STATUS_OK)
        return;
    key_pair(&entropy, &key, &secret);
    signature_build(&request, &params, &secret, &headers);
    INVARIANT(strcmp(headers.input, text) == 0);
}

static void fuzz_answers(const char *bytes, size_t length)
{
    struct enroll_request enroll;
    struct enroll_answer enrolled;
    struct device_answer device;
    struct journal_answer journal;
    struct snapshot_answer snapshot;
    struct changes_answer changes;
    struct refusal refusal;
    struct error error;

    (void)!message_read_enroll_request(bytes, length, &enroll, &error);
    (void)!message_read_enroll_answer(bytes, length, &enrolled, &error);
    if (message_read_device_answer(bytes, length, &device, &error) == STATUS_OK)
        message_finish_device_answer(&device);
    (void)!message_read_journal_answer(bytes, length, &journal, &error);
    if (message_read_snapshot_answer(bytes, length, &snapshot, &error) == STATUS_OK)
        INVARIANT(countersign_snapshot_id_valid(snapshot.id));
    if (message_read_changes_answer(bytes, length, &changes, &error) == STATUS_OK)
        message_finish_changes_answer(&changes);
    if (message_read_refusal(bytes, length, &refusal) == STATUS_OK) {
        struct buf out;

        buf_init(&out, 65536);
        INVARIANT(message_write_refusal(&refusal, &out) == STATUS_OK);
        buf_finish(&out);
    }
}

static void fuzz_packed(const char *bytes, size_t length)
{
    struct buf out;
    struct error error;

    buf_init(&out, COMPRESS_BODY_CEILING);
    (void)!compress_unpack(bytes, length, &out, &error);
    INVARIANT(out.used <= COMPRESS_BODY_CEILING);
    buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *text;

    if (length < 1)
        return 0;
    crypto_start();
    text = mem_alloc(length);
    memcpy(text, bytes + 1, length - 1);
    switch (bytes[0] % 5) {
    case 0:
        fuzz_frame(text, length - 1);
        break;
    case 1:
        fuzz_query(text);
        break;
    case 2:
        fuzz_signature(text);
        break;
    case 3:
        fuzz_answers(text, length - 1);
        break;
    default:
        fuzz_packed(text, length - 1);
        break;
    }
    free(text);
    return 0;
}
