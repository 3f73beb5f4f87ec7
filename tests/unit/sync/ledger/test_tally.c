/* The order in which figures are written. */
#include "sync/ledger/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CELLS 700

static void add(struct tally *tally, enum figure figure, const char *const *key)
{
    const int64_t sums[FIGURE_SUMS] = {1, 1, 1, 1, 1};

    assert_int_equal(tally_add(tally, figure, key, sums), STATUS_OK);
}

static bool before(const struct tally_cell *one, const struct tally_cell *other)
{
    if (one->figure != other->figure)
        return one->figure < other->figure;
    for (int i = 0; i < figure_table(one->figure)->keys; i++) {
        int order = strcmp(one->key[i], other->key[i]);
        if (order != 0)
            return order < 0;
    }
    return false;
}

static void test_tally__sorted_holds_every_cell_once_in_order(void **state)
{
    struct tally *tally = tally_new();
    struct tally_cell *cells;
    (void)state;

    for (int i = 0; i < CELLS; i++) {
        char sku[16];
        snprintf(sku, sizeof sku, "%d", i * 271 % CELLS);
        add(tally, FIGURE_STOCK, (const char *const[]){i % 2 ? "S01" : "S0", sku, "available"});
        add(tally, FIGURE_REFUNDED, (const char *const[]){sku});
    }
    cells = tally_sorted(tally);
    assert_int_equal(tally_cells(tally), 2 * CELLS);
    for (size_t i = 0; i < tally_cells(tally); i++) {
        assert_ptr_equal(cells[i].sum, tally_sums(tally, cells[i].figure, cells[i].key));
        if (i > 0)
            assert_true(before(&cells[i - 1], &cells[i]));
    }
    free(cells);
    tally_free(tally);
}

static void test_tally__sorted_of_nothing_is_empty(void **state)
{
    struct tally *tally = tally_new();
    (void)state;

    free(tally_sorted(tally));
    assert_int_equal(tally_cells(tally), 0);
    tally_free(tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tally__sorted_holds_every_cell_once_in_order),
        cmocka_unit_test(test_tally__sorted_of_nothing_is_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
