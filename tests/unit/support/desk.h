/* A till opened on the fixture's store, with the few calls that every test of the till makes.
 * A call that fails fails the test.
 */
#ifndef HOLDFAST_TESTS_DESK_H
#define HOLDFAST_TESTS_DESK_H

#include "terminal/till_replay.h"
#include "tests/unit/support/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct desk {
    struct store store;
    struct till *till;
    uint64_t seed;
    struct error error;
};

static inline void desk_ok(struct desk *desk, enum status status)
{
    if (status != STATUS_OK)
        fail_msg("%s: %s", status_name(status), desk->error.text);
}

static inline void desk_open(struct desk *desk)
{
    struct till_options options = {.folder = desk->store.folder,
                                   .program = "test",
                                   .mode = TILL_WRITER,
                                   .clock = store_clock(&desk->store),
                                   .entropy = store_entropy(&desk->seed)};

    desk_ok(desk, till_open(&options, &desk->till, &desk->error));
}

static inline void desk_sign_in(struct desk *desk, const char *staff, const char *pin)
{
    struct pin_check check;

    desk_ok(desk, till_pin_begin(desk->till, staff, pin, &check, &desk->error));
    pin_check_run(&check);
    desk_ok(desk, till_sign_in(desk->till, &check, &desk->error));
}

/* Closed and opened again, as after a restart; the manager signed in. */
static inline void desk_restart(struct desk *desk)
{
    till_close(desk->till);
    desk_open(desk);
    desk_sign_in(desk, "M1", "2222");
}

/* Manager signed in, shift open with a float of 100.00. */
static inline int desk_make(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);

    desk->seed = 42;
    store_make(&desk->store, NULL);
    desk_open(desk);
    desk_sign_in(desk, "M1", "2222");
    desk_ok(desk, till_shift_open(desk->till, (struct money){10000}, &desk->error));
    *state = desk;
    return 0;
}

static inline int desk_remove(void **state)
{
    struct desk *desk = *state;

    till_close(desk->till);
    store_remove(&desk->store);
    free(desk);
    return 0;
}

static inline struct scan_result desk_scan(struct desk *desk, const char *code)
{
    struct scan_result result;

    desk_ok(desk, till_scan(desk->till, code, SYMBOLOGY_UNKNOWN, &result, &desk->error));
    return result;
}

static inline struct scan_result desk_add(struct desk *desk, struct add_request request)
{
    struct scan_result result;

    desk_ok(desk, till_add(desk->till, &request, &result, &desk->error));
    return result;
}

static inline struct sale_result desk_pay_cash(struct desk *desk, int64_t minor)
{
    struct sale_result result;

    desk_ok(desk, till_tender_cash(desk->till, (struct money){minor}, &desk->error));
    desk_ok(desk, till_sale_commit(desk->till, &result, &desk->error));
    return result;
}

static inline int64_t desk_total(struct desk *desk)
{
    return till_cart(desk->till)->total.minor;
}

static inline const struct line_view *desk_line(struct desk *desk, int index)
{
    assert_true(index < till_cart(desk->till)->count);
    return &till_cart(desk->till)->lines[index];
}

static inline int64_t desk_on_hand(struct desk *desk, const char *sku)
{
    struct tile_view tile;

    desk_ok(desk, till_item(desk->till, sku, &tile, &desk->error));
    return tile.stock.on_hand.milli / QUANTITY_ONE;
}

static inline void desk_verify(struct desk *desk)
{
    int64_t checked;

    desk_ok(desk, till_verify(desk->till, &checked, &desk->error));
}

/* The text of a document, a line per block, the sides of a pair with " | " between. New memory. */
static inline char *desk_text(const struct document *document)
{
    struct buf text;

    buf_init(&text, 1 << 20);
    for (size_t i = 0; i < document_count(document); i++) {
        const struct document_block *block = document_block(document, i);

        if (block->type == BLOCK_TEXT || block->type == BLOCK_QR)
            (void)!buf_printf(&text, "%s\n", block->text);
        else if (block->type == BLOCK_PAIR)
            (void)!buf_printf(&text, "%s | %s\n", block->text, block->end_text);
        else if (block->type == BLOCK_COLUMNS) {
            for (int c = 0; c < block->cell_count; c++)
                (void)!buf_printf(&text, "%s%s", c == 0 ? "" : " | ", block->cells[c]);
            (void)!buf_append_text(&text, "\n");
        } else if (block->type == BLOCK_DRAWER)
            (void)!buf_append_text(&text, "<drawer>\n");
    }
    char *copy = mem_copy_text(buf_text(&text));
    buf_finish(&text);
    return copy;
}

static inline char *desk_receipt_text(struct desk *desk, const char *number)
{
    struct document *document;
    char *text;

    desk_ok(desk, till_receipt(desk->till, number, &document, &desk->error));
    text = desk_text(document);
    document_destroy(document);
    return text;
}

#endif
