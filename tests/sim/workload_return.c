/* Goods brought back with a receipt: of this till, or of another one of the shop. */
#include "tests/sim/workload_internal.h"

#include "terminal/till_internal.h"
#include "tests/sim/invariants.h"
#include "tests/sim/node.h"
#include "tests/sim/promise.h"

#include <string.h>

#define DRAWS 8

struct receipt {
    const struct fact *fact;
    const struct sold_line_seen *line;
    bool own;  /* it stands on this till's journal */
    bool read; /* and its entry can be read there */
};

static bool stands_here(const struct world *world, const struct seat *seat, int record)
{
    const struct epoch_head *head = model_head_find(seat->journal.epochs, seat->journal.count,
                                                    &world->model.facts[record].epoch);

    return head != NULL && head->head >= 0 && model_descends(&world->model, head->head, record);
}

/* A receipt that somebody may have in the pocket. Not one of an epoch that this till goes on with
 * in another way: its copy's. */
static bool any_receipt(struct world *world, const struct seat *seat, struct receipt *out)
{
    const struct model *model = &world->model;

    for (int i = 0; i < DRAWS && model->count > 0; i++) {
        int record = work_draw(world, (int)model->count);
        const struct fact *fact = &model->facts[record];
        if (fact->kind != KIND_SALE || fact->store != seat->store || fact->sold_count == 0)
            continue;
        out->fact = fact;
        out->own = stands_here(world, seat, record);
        out->read = out->own && ((fact->gone | fact->spoilt) & FACT_ON_DISK(seat->index)) == 0;
        out->line = &fact->sold[work_draw(world, fact->sold_count)];
        if (out->line->item < 0)
            continue;
        if (out->own ||
            model_head_find(seat->journal.epochs, seat->journal.count, &fact->epoch) == NULL)
            return true;
    }
    return false;
}

static enum status ask(struct seat *seat, const struct receipt *receipt,
                       const struct taken_back *back, int64_t gross, struct error *error)
{
    struct refund_origin origin = {.epoch = back->epoch, .seq = back->seq, .line = back->line};
    struct add_request goods = {.sku = work_sku(receipt->line->item), .quantity = {back->milli}};
    struct scan_result scanned;
    struct sale_result result;
    enum status status = till_cart_returning(seat->till, "unwanted", CONDITION_RESTOCK, error);

    if (status == STATUS_OK)
        status = till_add(seat->till, &goods, &scanned, error);
    if (status == STATUS_OK)
        status = till_cart_returning(seat->till, "", "", error);
    if (status == STATUS_OK)
        status = till_cart_take_back(seat->till, scanned.line, &origin,
                                     (struct quantity){receipt->line->milli}, error);
    if (status == STATUS_OK)
        status = till_tender_cash(seat->till, (struct money){-gross}, error);
    if (status == STATUS_OK)
        status = till_sale_commit(seat->till, &result, error);
    return status;
}

/* More than was sold is refused; how much this till has taken back it knows itself. */
void work_take_back(struct world *world, struct seat *seat)
{
    struct receipt receipt;
    struct taken_back back;
    struct error error = {0};
    bool healthy = work_healthy(seat), fits;
    int64_t units, gross;
    enum status status;

    if (!seat->shift_open || till_cart(seat->till)->count > 0 ||
        !any_receipt(world, seat, &receipt))
        return;
    units = 1 + work_draw(world, (int)(receipt.line->milli / 1000));
    back = (struct taken_back){.epoch = receipt.fact->epoch,
                               .seq = receipt.fact->seq,
                               .line = receipt.line->line,
                               .milli = units * 1000};
    fits = promise_taken_back(world, seat, &back) + back.milli <= receipt.line->milli;
    gross = receipt.read ? units * (receipt.line->amount * 1000 / receipt.line->milli) : 0;
    work_expect(seat, KIND_RETURN, gross);
    if (!receipt.read)
        gross = work_expect_price(seat, receipt.line->item, units);
    work_expect_move(seat, receipt.line->item, back.milli);
    seat->operation.expected.cash = -gross;
    seat->operation.expected.back = back;
    node_enter(&seat->till_node);
    status = ask(seat, &receipt, &back, gross, &error);
    if (!work_leave(world, seat))
        return;
    trace_line(&world->trace, world->now_ms, "%s takes back %lld of entry %lld line %lld%s%s",
               seat->machine.name, (long long)units, (long long)back.seq, (long long)back.line,
               receipt.own ? "" : " of another till", fits ? "" : ": too much");
    if (status == STATUS_OK && !fits)
        world_fail(world, 9, "%s: took back more than was sold", seat->machine.name);
    work_finish(world, seat, status, &error, healthy && fits);
}

bool work_returning(const struct seat *seat)
{
    return seat->till->cart.return_reason[0] != '\0';
}

void work_end_return(struct world *world, struct seat *seat)
{
    struct error error = {0};

    node_enter(&seat->till_node);
    if (till_cart_returning(seat->till, "", "", &error) != STATUS_OK)
        trace_line(&world->trace, world->now_ms, "%s stays in return mode: %s", seat->machine.name,
                   error.text);
    (void)work_leave(world, seat);
}
