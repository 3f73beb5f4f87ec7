/* Taking a branch in by a person's decision. (branch.h) */
#include "sync/ledger/branch.h"
#include "sync/ledger/projection.h"
#include "sync/ledger/store/schema.h"
#include "terminal/catalogue/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One branch, and how far it is walked. */
struct walk {
    struct epoch_row epoch;
    struct branch_place place;
    int64_t number;   /* of the decision */
    int64_t seq;      /* the last entry walked, and its hash */
    struct hash head; /* zeros before the first: the root says which that is */
};

/* What of a walk is visited: entries after `after`, up to `last` (0: all there are). */
struct stretch {
    int64_t after, last;
    const struct branch_visit *visit;
};

static enum status take_hash(struct store_session *session, struct store_query *query, int column,
                             struct hash *out, struct error *error)
{
    size_t length;
    const void *bytes = store_column_blob(session, query, column, &length);

    if (length != HASH_SIZE)
        return error_set(error, STATUS_CORRUPT, "a hash is damaged");
    memcpy(out->bytes, bytes, HASH_SIZE);
    return STATUS_OK;
}

/* Whether a kept entry is the walk's next: the root at its start; after that what names the one
 * before, or, unreadable, stands at its place. */
static bool follows(const struct walk *walk, int64_t seq, const struct hash *hash,
                    const struct entry_view *entry)
{
    char root[HASH_HEX_SIZE];

    if (seq != walk->seq + 1)
        return false;
    if (seq > walk->place.start)
        return entry == NULL || hash_equal(&entry->head.prev, &walk->head);
    hex_write(hash->bytes, HASH_SIZE, root);
    return strcmp(root, walk->place.root) == 0;
}

static enum status step(struct store_session *session, struct store_query *query, struct walk *walk,
                        const struct stretch *stretch, struct error *error)
{
    struct entry_view entry;
    struct json_view *view = json_view_new();
    struct effect effect;
    struct hash hash;
    size_t length;
    const char *bytes = store_column_blob(session, query, 2, &length);
    int64_t seq = store_column_int(session, query, 0);
    bool readable = bytes != NULL && entry_look(view, bytes, length, &entry, NULL) == STATUS_OK;
    enum status status = take_hash(session, query, 1, &hash, error);

    if (status == STATUS_OK && follows(walk, seq, &hash, readable ? &entry : NULL)) {
        walk->seq = seq;
        walk->head = hash;
        if (seq > stretch->after) {
            if (readable)
                effect_read(&entry, &effect);
            else
                effect_unreadable(&effect);
            status = stretch->visit->entry(stretch->visit->context, &walk->epoch, walk->number, seq,
                                           &effect, error);
            effect_finish(&effect);
        }
    }
    json_view_free(view);
    return status;
}

/* Walks from the branch's start; walk->seq and head are the last that was reached. */
static enum status walk_branch(struct store_session *session, struct walk *walk,
                               const struct stretch *stretch, struct error *error)
{
    struct store_value values[] = {store_int(walk->epoch.number), store_int(walk->place.start),
                                   store_int(stretch->last == 0 ? INT64_MAX : stretch->last),
                                   store_text(walk->place.root)};
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(session,
                    "SELECT seq, hash, bytes FROM branch WHERE epoch = ?1 AND start = ?2 AND "
                    "seq <= ?3 AND root = ?4 ORDER BY seq, hash",
                    values, 4, &query, error);

    walk->seq = walk->place.start - 1;
    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        status = step(session, query, walk, stretch, error);
        if (status != STATUS_OK)
            store_done(session, query);
    }
    return status;
}

enum status branch_applied_seq(struct store_session *session, int64_t epoch,
                               const struct branch_place *place, int64_t *out, struct error *error)
{
    struct hash root = {{0}};
    struct store_value values[] = {store_int(epoch), store_int(place->start),
                                   store_blob(root.bytes, HASH_SIZE)};

    if (hex_read(place->root, root.bytes, HASH_SIZE) != STATUS_OK)
        memset(&root, 0, sizeof root); /* of an earlier version: never applied */
    return store_one_int(session,
                         "SELECT seq FROM branch_applied WHERE epoch = ?1 AND start = ?2 AND "
                         "hash = ?3",
                         values, 3, place->start - 1, out, error);
}

/* --- the fold's --- */

static enum status read_decision(struct store_session *session, struct store_query *query,
                                 struct walk *walk, int64_t *last, struct error *error)
{
    struct hash root;
    struct id epoch;
    size_t length;
    const void *bytes;
    enum status status = take_hash(session, query, 3, &root, error);

    walk->number = store_column_int(session, query, 0);
    walk->place.start = store_column_int(session, query, 2);
    *last = store_column_int(session, query, 4);
    bytes = store_column_blob(session, query, 1, &length);
    if (status != STATUS_OK || length != ID_SIZE)
        return error_set(error, STATUS_CORRUPT, "a branch's decision is damaged");
    hex_write(root.bytes, HASH_SIZE, walk->place.root);
    memcpy(epoch.bytes, bytes, ID_SIZE);
    return epochs_find(session, &epoch, &walk->epoch, error);
}

/* One decision after `number`; *number is 0 when there is none. */
static enum status next_decision(struct store_session *session, int64_t *number, struct walk *walk,
                                 int64_t *last, struct error *error)
{
    struct store_value values[] = {store_int(*number)};
    struct store_query *query;
    bool row = false;
    enum status status = store_query(session,
                                     "SELECT a.number, p.epoch, a.start, a.hash, a.seq "
                                     "FROM branch_applied a JOIN epoch p ON p.number = a.epoch "
                                     "WHERE a.number > ?1 ORDER BY a.number LIMIT 1",
                                     values, 1, &query, error);

    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status != STATUS_OK)
        return status;
    *number = 0;
    if (!row)
        return STATUS_OK;
    status = read_decision(session, query, walk, last, error);
    *number = walk->number;
    store_done(session, query);
    return status;
}

enum status branch_each_applied(struct store_session *session, const struct branch_visit *visit,
                                struct error *error)
{
    int64_t number = 0;
    enum status status;

    do {
        struct walk walk = {0};
        struct stretch stretch = {.visit = visit};
        status = next_decision(session, &number, &walk, &stretch.last, error);
        if (status == STATUS_OK && number != 0)
            status = walk_branch(session, &walk, &stretch, error);
    } while (status == STATUS_OK && number != 0);
    return status;
}

/* --- the decision --- */

/* The branch that an exception is about: from its epoch and seq, and the root in its cause. */
static enum status read_exception(const struct writer_turn *turn, int64_t exception,
                                  struct walk *walk, struct error *error)
{
    struct store_value values[] = {store_int(exception)};
    struct store_query *query;
    struct id epoch = {{0}};
    size_t length = 0;
    const void *bytes;
    const char *root;
    bool row = false;
    enum status status =
        store_query(turn->session, "SELECT epoch, seq, cause FROM exception WHERE id = ?1", values,
                    1, &query, error);

    if (status == STATUS_OK)
        status = store_next(turn->session, query, &row, error);
    if (status != STATUS_OK || !row)
        return status == STATUS_OK ? STATUS_NOT_FOUND : status;
    bytes = store_column_blob(turn->session, query, 0, &length);
    if (length == ID_SIZE)
        memcpy(epoch.bytes, bytes, ID_SIZE);
    walk->place.start = store_column_int(turn->session, query, 1);
    root = strrchr(store_column_text(turn->session, query, 2), '/');
    (void)snprintf(walk->place.root, sizeof walk->place.root, "%s", root == NULL ? "" : root + 1);
    store_done(turn->session, query);
    return epochs_find(turn->session, &epoch, &walk->epoch, error);
}

struct applying {
    const struct writer_turn *turn;
    struct tally *tally;
};

static enum status add_entry(void *context, const struct epoch_row *epoch, int64_t number,
                             int64_t seq, const struct effect *effect, struct error *error)
{
    const struct applying *applying = context;
    struct epoch_row row = *epoch;
    struct projection_place place = {.epoch = &row, .seq = seq, .branch = number};

    return projection_add(applying->turn, applying->tally, effect, &place, error);
}

/* The decision's row, made when it is the branch's first; its number is needed before its end. */
static enum status open_decision(const struct writer_turn *turn, struct walk *walk, const char *who,
                                 int64_t *applied, struct error *error)
{
    struct hash root;
    struct store_value values[] = {
        store_int(walk->epoch.number),     store_int(walk->place.start),
        store_blob(root.bytes, HASH_SIZE), store_int(walk->place.start - 1),
        store_int(turn->now_ms),           store_text(who)};
    enum status status;

    if (hex_read(walk->place.root, root.bytes, HASH_SIZE) != STATUS_OK)
        return error_set(error, STATUS_NOT_FOUND, "the branch's beginning is not known");
    status = store_run(turn->session,
                       "INSERT INTO branch_applied(epoch, start, hash, seq, head, at_ms, who) "
                       "VALUES(?1, ?2, ?3, ?4, ?3, ?5, ?6) ON CONFLICT(epoch, start, hash) "
                       "DO NOTHING",
                       values, 6, error);
    if (status == STATUS_OK)
        status =
            branch_applied_seq(turn->session, walk->epoch.number, &walk->place, applied, error);
    return status == STATUS_OK
               ? store_one_int(turn->session,
                               "SELECT number FROM branch_applied WHERE epoch = ?1 AND start = ?2 "
                               "AND hash = ?3",
                               values, 3, 0, &walk->number, error)
               : status;
}

static enum status close_decision(const struct writer_turn *turn, const struct walk *walk,
                                  const char *who, struct error *error)
{
    char device[ID_HEX_SIZE], epoch[ID_HEX_SIZE];
    struct store_value decision[] = {store_int(walk->number), store_int(walk->seq),
                                     store_blob(walk->head.bytes, HASH_SIZE),
                                     store_int(turn->now_ms), store_text(who)};
    struct store_value mark[5];
    struct reference_row row;
    enum status status = store_run(turn->session,
                                   "UPDATE branch_applied SET seq = ?2, head = ?3, at_ms = ?4, "
                                   "who = ?5 WHERE number = ?1",
                                   decision, 5, error);

    hex_write(walk->epoch.device.bytes, ID_SIZE, device);
    hex_write(walk->epoch.epoch.bytes, ID_SIZE, epoch);
    mark[0] = store_text(walk->epoch.location);
    mark[1] = store_text(device);
    mark[2] = store_text(epoch);
    mark[3] = store_text(walk->place.root);
    mark[4] = store_int(walk->seq);
    if (status == STATUS_OK)
        status = store_run(turn->session,
                           "UPDATE branch_mark SET seq = ?5 WHERE location = ?1 AND device = ?2 "
                           "AND epoch = ?3 AND hash = ?4",
                           mark, 5, error);
    reference_row_init(&row, reference_table_find("branch_mark"));
    reference_row_set_text(&row, "location", walk->epoch.location);
    reference_row_set_text(&row, "device", device);
    reference_row_set_text(&row, "epoch", epoch);
    reference_row_set_text(&row, "hash", walk->place.root);
    reference_row_set_int(&row, "start", walk->place.start);
    reference_row_set_int(&row, "seq", walk->seq);
    feed_add_row(turn->feed, &row, false);
    return status;
}

enum status branch_apply(const struct writer_turn *turn, int64_t exception, const char *who,
                         bool *applied, struct error *error)
{
    struct applying applying = {.turn = turn};
    struct branch_visit visit = {.entry = add_entry, .context = &applying};
    struct stretch stretch = {.visit = &visit};
    struct walk walk = {0};
    enum status status = read_exception(turn, exception, &walk, error);

    *applied = false;
    if (status == STATUS_OK && walk.epoch.number == 0)
        return error_set(error, STATUS_NOT_FOUND, "the branch's epoch is not known");
    if (status == STATUS_OK)
        status = open_decision(turn, &walk, who, &stretch.after, error);
    if (status != STATUS_OK)
        return status;
    applying.tally = tally_new();
    status = walk_branch(turn->session, &walk, &stretch, error);
    if (status == STATUS_OK)
        status = projection_apply(turn, applying.tally, error);
    if (status == STATUS_OK && walk.seq > stretch.after) {
        *applied = true;
        status = close_decision(turn, &walk, who, error);
    }
    tally_free(applying.tally);
    return status;
}
