/* A replica in memory with one location, and rows put in as short JSON. */
#ifndef HOLDFAST_TESTS_CATALOGUE_FIXTURE_H
#define HOLDFAST_TESTS_CATALOGUE_FIXTURE_H

#include "terminal/catalogue/catalogue.h"
#include "terminal/catalogue/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct db *db;
    struct replica *replica;
    struct reference_writer *writer;
    struct search_writer *search_writer;
    struct search *search;
    struct catalogue *catalogue;
    struct error error;
};

#define assert_ok(call) assert_int_equal((call), STATUS_OK)

/* Puts or deletes one row: `row` is JSON with ' for ". */
static inline void fixture_change(struct fixture *fixture, const char *table, const char *op,
                                  const char *row)
{
    char text[4096];
    (void)snprintf(text, sizeof text, "{\"t\":\"%s\",\"op\":\"%s\",\"row\":%s}", table, op, row);
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    json_t *json = NULL;
    struct reference_row parsed;
    bool deleted;
    assert_ok(json_read(text, strlen(text), &json, &fixture->error));
    enum status status = reference_change_from_json(json, &parsed, &deleted, &fixture->error);
    if (status != STATUS_OK)
        print_error("%s\n", fixture->error.text);
    assert_ok(status);
    assert_ok(deleted ? reference_delete(fixture->writer, &parsed, &fixture->error)
                      : reference_put(fixture->writer, &parsed, &fixture->error));
    json_decref(json);
}

static inline void fixture_put(struct fixture *fixture, const char *table, const char *row)
{
    fixture_change(fixture, table, "put", row);
}

static inline int fixture_make(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);
    struct error *error = &fixture->error;
    assert_ok(db_open(":memory:", DB_OWNER_NORMAL, &fixture->db, error));
    assert_ok(replica_create(fixture->db, error));
    assert_ok(reference_writer_open(fixture->db, &fixture->writer, error));
    assert_ok(search_writer_open(fixture->db, &fixture->search_writer, error));
    fixture->search = search_open();
    fixture_put(fixture, "location",
                "{'location':'S01','name':'Shop','timezone':'Europe/London','currency':'GBP',"
                "'tax_list':'UK','address':'1 High Street\\nLeeds'}");
    assert_ok(replica_over(fixture->db, &fixture->replica, error));
    assert_ok(catalogue_open(fixture->replica, "S01", &fixture->catalogue, error));
    *state = fixture;
    return 0;
}

static inline int fixture_clear(void **state)
{
    struct fixture *fixture = *state;
    catalogue_close(fixture->catalogue);
    replica_close(fixture->replica);
    search_close(fixture->search);
    search_writer_close(fixture->search_writer);
    reference_writer_close(fixture->writer);
    db_close(fixture->db);
    free(fixture);
    return 0;
}

/* Numbers that look random and are the same in every run (xorshift). */
struct dice {
    uint64_t state;
};

static inline uint64_t dice_next(struct dice *dice)
{
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return dice->state;
}

static inline int dice_below(struct dice *dice, int limit)
{
    return (int)(dice_next(dice) % (uint64_t)limit);
}

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_clear)

#endif
