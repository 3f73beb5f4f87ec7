/* Any order of losses, repetitions, cuts and kills; then the line heals, and everything must be
 * there exactly once: the journal at the ledger, the reference at the till.
 */
#include "tests/unit/sync/agent/world.h"

static void change_something(struct world *world)
{
    static const char *const words[] = {"Tea", "coffee", "Brot", "Éclair", "milk", "zeal"};
    unsigned sku = world_random(world, 60);
    char rows[1024];
    struct fake_ledger *ledger = world->ledger;

    if (ledger->feeds[0].count + 2 > FAKE_TX)
        return;
    switch (world_random(world, 5)) {
    case 0:
        (void)snprintf(rows, sizeof rows,
                       "{\"t\":\"item\",\"op\":\"del\",\"row\":{\"sku\":\"K%u\"}}", sku);
        fake_commit(ledger, 0, rows);
        break;
    case 1:
        (void)snprintf(rows, sizeof rows,
                       "{\"t\":\"item_code\",\"op\":\"put\",\"row\":{\"code\":\"own%u\","
                       "\"sku\":\"K%u\",\"given\":\"own%u\",\"kind\":\"own\"}}",
                       world_random(world, 20), sku, sku);
        fake_commit(ledger, 0, rows);
        break;
    case 2:
        (void)snprintf(rows, sizeof rows,
                       "{\"t\":\"price\",\"op\":\"put\",\"row\":{\"list\":\"base\",\"sku\":\"K%u\","
                       "\"price_scaled\":%u}}",
                       sku, 10000 * world_random(world, 900));
        fake_commit(ledger, 1, rows);
        break;
    default:
        (void)snprintf(rows, sizeof rows,
                       "{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"K%u\",\"name\":\"%s %u\","
                       "\"popularity\":%u}},"
                       "{\"t\":\"item_code\",\"op\":\"put\",\"row\":{\"code\":\"c%u\","
                       "\"sku\":\"K%u\",\"given\":\"c%u\",\"kind\":\"own\"}}",
                       sku, words[world_random(world, 6)], world_random(world, 50),
                       world_random(world, 9), sku, sku, sku);
        fake_commit(ledger, 0, rows);
        break;
    }
}

/* Floors that rise ask for a new snapshot; a restore of the ledger too. */
static void disturb_ledger(struct world *world)
{
    struct fake_ledger *ledger = world->ledger;
    const struct entropy entropy = fixture_entropy(world->till);

    switch (world_random(world, 40)) {
    case 0:
        ledger->feeds[0].floor = ledger->feeds[0].count;
        free(ledger->packed);
        ledger->packed = NULL;
        break;
    case 1:
        free(ledger->packed);
        ledger->packed = NULL;
        ledger->prepare = 2;
        break;
    case 2:
        /* Restored from a backup: fewer entries, another incarnation. */
        ledger->incarnation = id_random(&entropy);
        for (int i = 0; i < ledger->epoch_count; i++) {
            int count = ledger->epochs[i].count;
            ledger->epochs[i].count = count > 3 ? count - (int)world_random(world, 3) : count;
        }
        if (ledger->epoch_count > 0)
            fake_project(ledger, &ledger->epochs[0]);
        free(ledger->packed);
        ledger->packed = NULL;
        break;
    default:
        break;
    }
}

static void run(uint64_t seed)
{
    struct world *world = world_make(seed);

    world->lose_request = (int)world_random(world, 200);
    world->lose_answer = (int)world_random(world, 200);
    world->cut_stream = (int)world_random(world, 200);
    world->duplicate = 100;
    world->kill = (int)world_random(world, 60);
    world->ledger->page = 1 + (int)world_random(world, 20);
    world->clock_off_ms = ((int64_t)world_random(world, 3) - 1) * 86400000;
    for (int i = 0; i < 30; i++)
        change_something(world);
    world_start_agent(world);
    for (int i = 0; i < 600; i++) {
        world_turn(world);
        if (world_random(world, 4) == 0)
            fixture_commit_one(world->till, i);
        if (world_random(world, 4) == 0)
            change_something(world);
        if (world_random(world, 50) == 0)
            world_poke(world, AGENT_POKE_ENTRIES);
        disturb_ledger(world);
    }
    world->lose_request = world->lose_answer = world->cut_stream = world->kill = 0;
    world->ledger->page = 100;
    world_poke(world, AGENT_POKE_STATE);
    world_drain(world, 4000);
    /* What was sent last has come back as stock by now, or does in the next polls. */
    world_turns(world, 60);
    world_drain(world, 1000);
    world_check_journal(world);
    world_check_replica(world);
    assert_true(world->kills > 0 || world->lost > 0 || seed % 7 == 0);
    world_free(world);
}

static void test_agent__everything_arrives_once_whatever_happens(void **state)
{
    const char *only = getenv("SEED");
    const char *count = getenv("SEEDS");
    uint64_t seeds = count ? strtoull(count, NULL, 10) : 12;

    (void)state;
    if (only) {
        run(strtoull(only, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= seeds; seed++)
        run(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agent__everything_arrives_once_whatever_happens),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
