/* Leases and value accounts at the end, against the fold of what the ledger has taken. */
#include "tests/sim/check.h"
#include "tests/sim/invariants.h"

#include "terminal/base/buf.h"

#include <stdlib.h>
#include <string.h>

struct used {
    char lease[ID_HEX_SIZE];
    int64_t amount;
};

struct sums {
    int64_t accounts[MODEL_ACCOUNTS];
    struct used *used;
    size_t count;
};

static void add_fact(void *context, const struct fact *fact)
{
    struct sums *sums = context;

    for (int i = 0; i < MODEL_ACCOUNTS; i++)
        sums->accounts[i] += fact->accounts[i];
    for (int i = 0; i < fact->use_count; i++) {
        size_t at = 0;
        while (at < sums->count && strcmp(sums->used[at].lease, fact->uses[i].lease) != 0)
            at++;
        if (at == sums->count) {
            sums->used = mem_resize(sums->used, (at + 1) * sizeof *sums->used);
            memset(&sums->used[sums->count++], 0, sizeof *sums->used);
            strcpy(sums->used[at].lease, fact->uses[i].lease);
        }
        sums->used[at].amount += fact->uses[i].amount;
    }
}

static void check_used(struct world *world, struct store_session *reader, const struct used *used)
{
    struct store_value lease = store_text(used->lease);
    int64_t granted = 0, exceptions = 0;

    if (store_one_int(reader, "SELECT granted FROM lease WHERE lease = ?1", &lease, 1, 0, &granted,
                      NULL) == STATUS_OK &&
        store_one_int(reader,
                      "SELECT count(*) FROM exception WHERE kind = 'lease_overspent' "
                      "AND cause = 'lease_overspent/' || ?1",
                      &lease, 1, 0, &exceptions, NULL) == STATUS_OK)
        invariant_08_leases_hold(world, used->lease, granted, used->amount, exceptions);
}

void check_leases(struct world *world, struct store_session *reader)
{
    static const char *const accounts[MODEL_ACCOUNTS] = {"GC-0", "GC-1", "GC-2"};
    struct sums sums = {0};

    model_each_taken(&world->model, add_fact, &sums);
    for (size_t i = 0; i < sums.count; i++)
        check_used(world, reader, &sums.used[i]);
    for (int i = 0; i < MODEL_ACCOUNTS; i++) {
        struct store_value account = store_text(accounts[i]);
        int64_t shown = 0;
        if (store_one_int(reader,
                          "SELECT coalesce(sum(balance_minor), 0) FROM account WHERE account = ?1",
                          &account, 1, 0, &shown, NULL) == STATUS_OK)
            invariant_08_account_is_fold(world, i, shown, sums.accounts[i]);
    }
    free(sums.used);
}
