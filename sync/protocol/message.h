/* The JSON of every call between agent and ledger, built and read in one place.
 *
 * Each message has a struct, a `message_write_X` (appends compact JSON to a buffer; STATUS_RANGE at
 * its ceiling) and a `message_read_X` (strict: STATUS_INVALID with one line; unknown members are
 * ignored, so that version N and N-1 understand each other). Ids, keys, hashes and signatures
 * travel as lower-case hex. Every answer, errors included, carries "time_ms", the ledger's wall
 * time: a device learns its clock's offset from any of them.
 *
 *   call                        status  answer
 *   POST /v1/enroll             200     enroll_answer           403 "denied" (code wrong or used)
 *   GET  /v1/device             200     device_answer
 *   POST /v1/journal            200     journal_answer
 *                               409     refusal "gap"   expected: the next seq the ledger wants
 *                               409     refusal "fork"  seq: first entry that differs; taken: last
 *                                       seq of the marked branch that is durable at the ledger (0:
 *                                       nothing of it was taken). The agent goes on after `taken`.
 *   GET  /v1/changes?...        200     changes_answer          410 refusal "snapshot"
 *   GET  /v1/snapshot           200     snapshot_answer         202 {"retry_ms":n,"time_ms":n}
 *   GET  /v1/snapshot/ID        200/206 zstd bytes              404, 410, 416: ask for another
 *   anything                    400     "invalid"
 *                               401     "denied"   unknown key, bad signature, replay
 *                               401     "clock"    good signature, `created` outside of the window
 *                               403     "revoked"  the device was; "denied": a token's scope
 *                               404     "not_found"
 *                               413     "range"
 *                               426     "version"  of the wire, too old or too new to be served
 *                               429     "busy"     with "retry_ms"; 503 too
 *                               500     "io" or another status' name
 *
 * JSON bodies are application/json; either side may send Content-Encoding: zstd when the other said
 * Accept-Encoding: zstd (a request's body always may be zstd).
 */
#ifndef HOLDFAST_PROTOCOL_MESSAGE_H
#define HOLDFAST_PROTOCOL_MESSAGE_H

#include "sync/protocol/countersign.h"
#include "sync/protocol/message_lease.h"
#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "terminal/base/json.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The wire's version. Within one, members and tables may only be added. Each side talks to its own
 * version, the one before and the one after; a request without the header is of version 1. */
#define MESSAGE_VERSION        2
#define MESSAGE_VERSION_HEADER "Holdfast-Version"
bool message_version_fits(int64_t theirs);
/* The header's value: 1 when there is none (NULL), 0 when it is no number. */
int64_t message_version_read(const char *header);

#define MESSAGE_CODE_SIZE  65 /* an enrolment code */
#define MESSAGE_NAME_SIZE  65 /* a till or a location */
#define MESSAGE_SCOPE_SIZE 80 /* "location:" and a location */
#define MESSAGE_MAX_SCOPES 16
#define MESSAGE_MAX_EPOCHS 4096
#define MESSAGE_MAX_ROWS   1000000
#define MESSAGE_MAX_WAIT_S 60

/* POST /v1/enroll */
struct enroll_request {
    char code[MESSAGE_CODE_SIZE]; /* not empty */
    struct public_key device_key;
};
/* {"code":"...","device_key":hex64} */
enum status message_write_enroll_request(const struct enroll_request *request,
                                         struct buf *out) MUST_USE;
enum status message_read_enroll_request(const char *bytes, size_t length,
                                        struct enroll_request *out, struct error *error) MUST_USE;

struct enroll_answer {
    struct id device;
    char till[MESSAGE_NAME_SIZE];
    char location[MESSAGE_NAME_SIZE];
    struct id incarnation;
    struct public_key ledger_key;
    int64_t time_ms;
};
/* {"device":hex32,"till":"T01","location":"S01","incarnation":hex32,"ledger_key":hex64,"time_ms":n}
 */
enum status message_write_enroll_answer(const struct enroll_answer *answer,
                                        struct buf *out) MUST_USE;
enum status message_read_enroll_answer(const char *bytes, size_t length, struct enroll_answer *out,
                                       struct error *error) MUST_USE;

/* GET /v1/device: what the ledger holds of every epoch of this device. */
struct device_answer {
    struct id incarnation;
    int64_t time_ms;
    int count;
    struct head *heads; /* owned; NULL when count is 0 */
    bool tells_leases;  /* false: a ledger that knows of none */
    int lease_count;
    struct lease_answer *leases; /* with something left; owned, NULL when there are none */
};
/* {"incarnation":hex32,"time_ms":n,"epochs":[{"epoch":hex32,"seq":n,"hash":hex64,
 *  "countersig":hex128},...],"leases":[{...},...]}; heads and leases are of one moment. */
enum status message_write_device_answer(const struct device_answer *answer,
                                        struct buf *out) MUST_USE;
enum status message_read_device_answer(const char *bytes, size_t length, struct device_answer *out,
                                       struct error *error) MUST_USE;
void message_finish_device_answer(struct device_answer *answer); /* frees the lists */

/* POST /v1/journal, 200: the epoch's head after this batch is durable. It may be further than the
 * batch (a late repetition of an old one). */
struct journal_answer {
    struct head head;
    int64_t time_ms;
};
/* {"epoch":hex32,"seq":n,"hash":hex64,"countersig":hex128,"time_ms":n} */
enum status message_write_journal_answer(const struct journal_answer *answer,
                                         struct buf *out) MUST_USE;
enum status message_read_journal_answer(const char *bytes, size_t length,
                                        struct journal_answer *out, struct error *error) MUST_USE;

/* GET /v1/changes: the question. */
struct scope_cursor {
    char
        scope[MESSAGE_SCOPE_SIZE]; /* "catalogue", "prices", "staff", "customers", "location:S01" */
    int64_t position;              /* the last transaction that was applied; 0: none */
};
struct changes_query {
    struct id incarnation;
    int wait_s; /* the ledger holds the answer back that long when nothing is new */
    int count;
    struct scope_cursor cursors[MESSAGE_MAX_SCOPES];
};
/* incarnation=hex32&wait=25&catalogue=17&...&location%3AS01=4 : without the `?`. Everything but
 * unreserved characters (RFC 3986 section 2.3) is percent-encoded. */
enum status message_write_changes_query(const struct changes_query *query,
                                        struct buf *out) MUST_USE;
/* `query` as it travelled (percent-encoded; a bare `:` is taken too). STATUS_INVALID for an unknown
 * scope word, a scope twice, no incarnation, or a wait beyond MESSAGE_MAX_WAIT_S. */
enum status message_read_changes_query(const char *query, struct changes_query *out,
                                       struct error *error) MUST_USE;

/* GET /v1/changes: the answer. A scope that is not in it has not changed. `rows` holds the rows of
 * the transactions (asked, position], in order: {"t":"item","op":"put","row":{...}} or
 * {"t":"item","op":"del","row":{key columns}}, as terminal/catalogue/reference.h reads them. Only
 * whole transactions; `more` says that the next question will be answered at once. A ledger stops
 * adding transactions to an answer beyond about 2 MiB; one transaction whose rows alone would
 * pass COMPRESS_BODY_CEILING is answered with 410. */
struct scope_changes {
    char scope[MESSAGE_SCOPE_SIZE];
    int64_t position;
    json_t *rows; /* borrowed from the answer; an array */
};
struct changes_answer {
    struct id incarnation;
    int64_t time_ms;
    bool more;
    int count;
    struct scope_changes scopes[MESSAGE_MAX_SCOPES];
    json_t *document; /* owned */
};
enum status message_read_changes_answer(const char *bytes, size_t length,
                                        struct changes_answer *out, struct error *error) MUST_USE;
void message_finish_changes_answer(struct changes_answer *answer);

/* Writing it streams, so that rows which are stored as JSON text are copied and not parsed:
 *
 *   start, { scope_start, row*, scope_end }*, end
 *
 * `position` of a scope is written at its end, when it is known how much fitted. A scope_start
 * without rows is fine. Calls out of order are INVARIANT failures. */
struct changes_writer {
    struct buf *out;
    enum { CHANGES_IDLE, CHANGES_TOP, CHANGES_SCOPE } at;
    int scopes;
    int rows;
};
enum status message_changes_start(struct changes_writer *writer, struct buf *out,
                                  const struct id *incarnation, int64_t time_ms) MUST_USE;
enum status message_changes_scope_start(struct changes_writer *writer, const char *scope) MUST_USE;
/* `row` is the JSON text of one row object, from whoever made it valid. */
enum status message_changes_row(struct changes_writer *writer, const char *row,
                                size_t length) MUST_USE;
enum status message_changes_scope_end(struct changes_writer *writer, int64_t position) MUST_USE;
enum status message_changes_end(struct changes_writer *writer, bool more) MUST_USE;

/* GET /v1/snapshot: a prepared replica file. `size` and `sha256` are of the packed bytes. */
struct snapshot_answer {
    char id[SNAPSHOT_ID_SIZE];
    int64_t size;
    int64_t unpacked_size;
    struct hash sha256;
    struct signature signature; /* countersign_snapshot */
    int64_t time_ms;            /* 0 when the answer had none */
};
/* {"id":"...","size":n,"sha256":hex64,"sig":hex128,"unpacked_size":n,"time_ms":n} */
enum status message_write_snapshot_answer(const struct snapshot_answer *answer,
                                          struct buf *out) MUST_USE;
enum status message_read_snapshot_answer(const char *bytes, size_t length,
                                         struct snapshot_answer *out, struct error *error) MUST_USE;

/* Every refusal, and "not yet" (202, 429, 503: only retry_ms and time_ms matter there).
 * {"error":"gap","message":"one line","expected":n,"seq":n,"taken":n,"retry_ms":n,"time_ms":n};
 * numbers that are 0 are left out, except time_ms. */
#define REFUSAL_CODE_SIZE 32
struct refusal {
    char code[REFUSAL_CODE_SIZE]; /* "gap", "fork", "snapshot", "clock", or a status_name */
    char message[256];
    int64_t expected; /* gap */
    int64_t seq;      /* fork */
    int64_t taken;    /* fork */
    int64_t retry_ms;
    int64_t time_ms;
};
enum status message_write_refusal(const struct refusal *refusal, struct buf *out) MUST_USE;
/* Takes what is there; a body that is not JSON gives an empty code and zeros, and STATUS_INVALID.
 */
enum status message_read_refusal(const char *bytes, size_t length, struct refusal *out) MUST_USE;

#endif
