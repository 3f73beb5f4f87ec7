/* Judgements. */
#include "tests/sim/invariants.h"

#include "terminal/base/buf.h"

#include <inttypes.h>
#include <string.h>

#define MINUTE_MS      60000
#define CALLS_A_MINUTE 400
/* A reader gives the owner of a file that stands in mid-change a few milliseconds, once for each
 * file (db_vfs.h); nobody feels it, and it is no wait: the reader goes on without the owner. */
#define PATIENCE_US 20000

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

void invariant_01_told_is_durable(struct world *world, struct seat *seat, int head)
{
    int told = seat->journal.told;

    if (told < 0 || model_descends(&world->model, head, told))
        return;
    world_fail(world, 1, "%s: entry %" PRId64 " was told to a person and is gone",
               seat->machine.name, world->model.facts[told].seq);
}

void invariant_02_acknowledged_survives(struct world *world)
{
    const struct model *model = &world->model;

    for (int i = 0; i < model->acked_count; i++) {
        const struct epoch_head *now =
            model_head_find(model->heads, model->head_count, &model->acked[i].epoch);
        if (now == NULL || !model_descends(model, now->head, model->acked[i].head)) {
            world_fail(world, 2, "entry %" PRId64 " was acknowledged and is gone",
                       model->facts[model->acked[i].head].seq);
            return;
        }
    }
}

void invariant_03_entry_once_no_gaps(struct world *world, const struct fact *fact,
                                     const struct fact *before)
{
    int64_t expected = before == NULL ? 1 : before->seq + 1;

    if (fact->seq != expected)
        world_fail(world, 3, "entry %" PRId64 " where %" PRId64 " belongs", fact->seq, expected);
}

void invariant_03_every_place_filled(struct world *world, int64_t head, int64_t entries)
{
    if (entries != head)
        world_fail(world, 3, "the ledger's chain ends at %" PRId64 " and has %" PRId64 " entries",
                   head, entries);
}

void invariant_04_chain_holds(struct world *world, const struct fact *fact, const char *bytes,
                              size_t length, const struct hash *prev)
{
    struct hash actual = hash_bytes(bytes, length);
    const struct fact *before = fact->prev < 0 ? NULL : &world->model.facts[fact->prev];

    if (!hash_equal(&actual, &fact->hash))
        world_fail(world, 4, "entry %" PRId64 ": the recorded hash is another", fact->seq);
    if (fact->seq > 1 && (before == NULL || !hash_equal(prev, &before->hash)))
        world_fail(world, 4, "entry %" PRId64 " does not follow the one before", fact->seq);
}

void invariant_05_no_epoch_without_cause(struct world *world, const struct seat *seat)
{
    if (!seat->journal.may_open)
        world_fail(world, 5, "%s opened another epoch, and was neither restored nor cloned",
                   seat->machine.name);
}

void invariant_05_no_silent_merge(struct world *world, const struct id *epoch)
{
    char hex[ID_HEX_SIZE];

    hex_write(epoch->bytes, ID_SIZE, hex);
    world_fail(world, 5, "the ledger's chain of epoch %.8s does not go on from where it was", hex);
}

static int64_t tenders_of(const json_t *entry)
{
    const json_t *list = json_object_get(entry, "tenders"), *tender;
    int64_t sum = 0;
    size_t i;

    json_array_foreach(list, i, tender)
    {
        const char *state = json_string_value(json_object_get(tender, "state"));
        if (state != NULL && strcmp(state, "taken") == 0)
            sum += number(tender, "amount");
    }
    return sum;
}

void invariant_06_sums_agree(struct world *world, const json_t *entry)
{
    const json_t *lines = json_object_get(entry, "lines"), *line;
    int64_t amounts = 0;
    size_t i;

    json_array_foreach(lines, i, line) amounts += number(line, "amount");
    if (number(entry, "net") + number(entry, "tax") + number(entry, "rounding") !=
        tenders_of(entry) - number(entry, "change"))
        world_fail(world, 6, "net + tax + rounding is not tenders - change");
    if (number(entry, "gross") != number(entry, "net") + number(entry, "tax"))
        world_fail(world, 6, "gross is not net + tax");
    if (amounts != number(entry, "gross"))
        world_fail(world, 6, "the lines sum to %" PRId64 ", the sale to %" PRId64, amounts,
                   number(entry, "gross"));
}

void invariant_07_balance_is_fold(struct world *world, int store, int item, int bucket,
                                  int64_t milli)
{
    int64_t expected = world->model.stock[store][item][bucket];

    if (milli != expected)
        world_fail(world, 7,
                   "store %d item %d bucket %d: the ledger says %" PRId64 ", the fold %" PRId64,
                   store, item, bucket, milli, expected);
}

void invariant_07_buckets_sum_to_zero(struct world *world, const char *sku, int64_t milli)
{
    if (milli != 0)
        world_fail(world, 7, "the buckets of %s sum to %" PRId64, sku, milli);
}

void invariant_08_till_keeps_to_grant(struct world *world, const struct seat *seat,
                                      const char *lease, int64_t granted, int64_t used)
{
    if (used > granted && !seat->copied)
        world_fail(world, 8, "%s: of lease %.8s %" PRId64 " was granted, and %" PRId64 " is used",
                   seat->machine.name, lease, granted, used);
}

void invariant_08_leases_hold(struct world *world, const struct lease_seen *state)
{
    bool over = state->used > state->granted;

    if (state->granted != state->told && !(state->forgotten && state->granted <= state->most))
        world_fail(world, 8, "lease %.8s: %" PRId64 " was told, the ledger says %" PRId64,
                   state->lease, state->told, state->granted);
    if (over && !state->copied && !state->forgotten)
        world_fail(world, 8, "lease %.8s: %" PRId64 " granted, %" PRId64 " used", state->lease,
                   state->granted, state->used);
    if (state->exceptions != (over ? 1 : 0))
        world_fail(world, 8,
                   "lease %.8s: %" PRId64 " granted, %" PRId64 " used, %" PRId64 " exceptions",
                   state->lease, state->granted, state->used, state->exceptions);
}

void invariant_08_grants_what_is_there(struct world *world, int account, int64_t before,
                                       int64_t after)
{
    if (after < 0 && after != before)
        world_fail(world, 8,
                   "of account GC-%d %" PRId64 " was promised to nobody, and %" PRId64
                   " is since a lease was granted",
                   account, before, after);
}

void invariant_08_forgotten_is_granted_again(struct world *world, const char *lease, int64_t used,
                                             int64_t granted)
{
    if (used > granted)
        world_fail(world, 8,
                   "lease %.8s: %" PRId64 " used, %" PRId64
                   " granted by the restored ledger, which refused nothing",
                   lease, used, granted);
}

void invariant_08_account_is_fold(struct world *world, int account, int64_t shown, int64_t expected)
{
    if (shown != expected)
        world_fail(world, 8, "account GC-%d holds %" PRId64 ", the fold says %" PRId64, account,
                   shown, expected);
}

void invariant_09_till_refunds_what_was_sold(struct world *world, const struct seat *seat,
                                             int64_t line, int64_t back, int64_t sold)
{
    if (back > sold)
        world_fail(world, 9,
                   "%s: of line %" PRId64 " %" PRId64 " was sold, and %" PRId64 " taken back",
                   seat->machine.name, line, sold, back);
}

void invariant_09_refunds_hold(struct world *world, const struct refund_seen *state)
{
    bool over = state->sold >= 0 && state->back > state->sold;

    if (state->shown != state->back)
        world_fail(world, 9,
                   "of entry %" PRId64 " line %" PRId64 " the ledger says %" PRId64
                   " came back, the fold %" PRId64,
                   state->seq, state->line, state->shown, state->back);
    if (over && state->one_alone)
        world_fail(world, 9, "one till took back %" PRId64 " of %" PRId64 " by itself", state->back,
                   state->sold);
    if (state->exceptions > 1 || (over && state->exceptions == 0) ||
        (state->exceptions > 0 && !over && !state->was_over && !state->forgotten))
        world_fail(world, 9,
                   "of entry %" PRId64 " line %" PRId64 ": %" PRId64 " sold, %" PRId64
                   " back, %" PRId64 " exceptions",
                   state->seq, state->line, state->sold, state->back, state->exceptions);
}

void invariant_09_picked_up_once(struct world *world, int order, int handed, int64_t exceptions)
{
    bool forgotten = world->faults[FAULT_LEDGER_RESTORED] > 0;

    if (exceptions > 1 || (handed > 1 && exceptions == 0) ||
        (handed < 2 && exceptions > 0 && !forgotten))
        world_fail(world, 9, "order W-%d was handed over %d times: %" PRId64 " exceptions", order,
                   handed, exceptions);
}

void invariant_10_position_is_next(struct world *world, const char *scope, int64_t before,
                                   int64_t after)
{
    if (after != before + 1)
        world_fail(world, 10, "the feed of %s went from %" PRId64 " to %" PRId64, scope, before,
                   after);
}

void invariant_10_cursor_grows(struct world *world, const struct seat *seat, const char *scope,
                               int64_t before, int64_t after)
{
    if (after < before)
        world_fail(world, 10, "%s: the cursor of %s went back from %" PRId64 " to %" PRId64,
                   seat->machine.name, scope, before, after);
}

void invariant_11_replica_equals_ledger(struct world *world, const struct seat *seat,
                                        const char *scope, int64_t position, uint64_t ledger,
                                        uint64_t replica)
{
    if (ledger != replica)
        world_fail(world, 11, "%s: the replica's %s at %" PRId64 " is not what the ledger's was",
                   seat->machine.name, scope, position);
}

void invariant_12_on_hand_is_fold(struct world *world, const struct seat *seat, int item,
                                  int64_t shown, int64_t expected)
{
    if (shown != expected)
        world_fail(world, 12, "%s: on hand of item %d is shown as %" PRId64 ", and is %" PRId64,
                   seat->machine.name, item, shown, expected);
}

void invariant_13_order_without_clock(struct world *world, const struct fact *fact,
                                      const struct fact *before)
{
    if (before != NULL && fact->hlc <= before->hlc)
        world_fail(world, 13, "entry %" PRId64 " is not later than the one before it", fact->seq);
}

void invariant_14_retries_are_bounded(struct world *world, struct seat *seat)
{
    if (world->now_ms >= seat->minute + MINUTE_MS) {
        seat->minute = world->now_ms;
        seat->calls = 0;
    }
    if (++seat->calls > CALLS_A_MINUTE)
        world_fail(world, 14, "%s: more than %d calls in a minute", seat->machine.name,
                   CALLS_A_MINUTE);
}

void invariant_15_selling_waits_on_nobody(struct world *world, const struct seat *seat)
{
    int64_t slept = seat->slept_us;

    if (slept > PATIENCE_US)
        world_fail(world, 15, "%s: the till slept %" PRId64 " us for another process",
                   seat->machine.name, slept);
}

void invariant_16_whole_or_not_at_all(struct world *world, const struct seat *seat,
                                      enum status status, int found)
{
    if (status == STATUS_OK && found != 1)
        world_fail(world, 16, "%s: told as done, and %d entries were written", seat->machine.name,
                   found);
    if (status != STATUS_OK && found != 0)
        world_fail(world, 16, "%s: told as %s, and %d entries were written", seat->machine.name,
                   status_name(status), found);
}

void invariant_16_room_after_tender(struct world *world, const struct seat *seat, uint64_t pauses)
{
    static const struct disk_faults none;

    if (memcmp(&seat->machine.faults, &none, sizeof none) == 0 && seat->machine.small &&
        world->faults[FAULT_PAUSE_TILL] == pauses)
        world_fail(world, 16, "%s: the sale was refused for want of room after the tender",
                   seat->machine.name);
}

/* Twelve digits in a row in any text but those that are hexadecimal by their form. */
static bool is_hex(const char *text)
{
    size_t length = strlen(text);

    return (length == 32 || length == 64 || length == 128) &&
           strspn(text, "0123456789abcdef") == length;
}

static bool has_card_number(const json_t *value)
{
    const json_t *member;
    const char *key;
    size_t i;

    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        size_t run = 0;
        for (; *text != '\0' && !is_hex(json_string_value(value)); text++) {
            if (*text >= '0' && *text <= '9')
                run++;
            else if (*text != ' ' && *text != '-')
                run = 0;
            if (run >= 12)
                return true;
        }
        return false;
    }
    if (json_is_array(value)) {
        json_array_foreach(value, i, member) if (has_card_number(member)) return true;
    }
    if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, key, member)
        {
            if (has_card_number(member))
                return true;
        }
    }
    return false;
}

void invariant_18_no_card_number(struct world *world, const char *bytes, size_t length,
                                 const json_t *entry)
{
    static const char person[] = "Ada Lovelace";

    if (has_card_number(entry))
        world_fail(world, 18, "an entry holds what looks like a card number");
    if (memmem(bytes, length, person, sizeof person - 1) != NULL)
        world_fail(world, 18, "an entry names a person");
}
