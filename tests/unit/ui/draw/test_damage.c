/* Damage: what changed is redrawn and nothing else, and what is redrawn is what a full redraw
 * gives.
 */
#include "ui/draw/canvas.h"

#include <SDL.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WIDTH = 500, HEIGHT = 333, MASKS = 6, COMMANDS = 60 };

static const struct colour white = {255, 255, 255, 255};
static const struct colour green = {10, 87, 55, 255};

struct world {
    struct canvas *canvas, *fresh;
    struct draw_list *list;
    struct mask *masks[MASKS];
    uint64_t seed;
};

static uint32_t next(struct world *world)
{
    world->seed = world->seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(world->seed >> 33);
}

static int below(struct world *world, int limit)
{
    return (int)(next(world) % (uint32_t)limit);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct error error = {0};
    world->seed = 20261121;
    if (canvas_create_memory(WIDTH, HEIGHT, &world->canvas, &error) != STATUS_OK)
        return -1;
    world->list = draw_list_create();
    for (int i = 0; i < MASKS; i++) {
        world->masks[i] = mask_create(10 + i * 17, 8 + i * 5);
        for (int k = 0; k < world->masks[i]->w * world->masks[i]->h; k++)
            world->masks[i]->coverage[k] = (uint8_t)next(world);
        mask_seal(world->masks[i]);
    }
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < MASKS; i++)
        mask_free(world->masks[i]);
    draw_list_free(world->list);
    canvas_free(world->canvas);
    free(world);
    return 0;
}

static int64_t show(struct world *world)
{
    struct error error = {0};
    int64_t damage = -1;
    assert_int_equal(canvas_draw(world->canvas, world->list, &damage, &error), STATUS_OK);
    return damage;
}

/* A cart of eight rows; the fourth has the given amount. */
static void rows(struct world *world, struct colour amount)
{
    draw_list_clear(world->list, WIDTH, HEIGHT);
    draw_fill(world->list, (struct rect){0, 0, WIDTH, HEIGHT}, white);
    for (int i = 0; i < 8; i++) {
        draw_fill(world->list, (struct rect){0, i * 40 + 39, WIDTH, 1}, green);
        draw_fill(world->list, (struct rect){400, i * 40 + 10, 60, 20}, i == 3 ? amount : green);
    }
}

static void test_damage__same_frame_twice_is_none(void **state)
{
    struct world *world = *state;
    rows(world, green);
    assert_int_equal(show(world), WIDTH * HEIGHT);
    rows(world, green);
    assert_int_equal(show(world), 0);
    int count = -1;
    canvas_damage(world->canvas, &count);
    assert_int_equal(count, 0);
}

static void test_damage__one_changed_row_damages_only_its_cells(void **state)
{
    struct world *world = *state;
    rows(world, green);
    show(world);
    rows(world, (struct colour){200, 0, 0, 255});
    int64_t damage = show(world);
    /* The amount spans x 400..459 and y 130..149: cells 12..14 across, one row of cells. */
    assert_int_equal(damage, 3 * DRAW_CELL * 1 * DRAW_CELL);
    int count = 0;
    const struct rect *rects = canvas_damage(world->canvas, &count);
    assert_int_equal(count, 1);
    assert_true(rect_equal(rects[0], (struct rect){384, 128, 96, 32}));
    assert_int_equal(canvas_pixel(world->canvas, 410, 140), 0xC80000);
}

static void test_damage__forgotten_canvas_is_drawn_whole(void **state)
{
    struct world *world = *state;
    rows(world, green);
    show(world);
    canvas_forget(world->canvas);
    assert_int_equal(show(world), WIDTH * HEIGHT);
}

static void test_damage__order_of_overlapping_commands_counts(void **state)
{
    struct world *world = *state;
    struct rect a = {0, 0, 64, 64};
    draw_list_clear(world->list, WIDTH, HEIGHT);
    draw_fill(world->list, a, white);
    draw_fill(world->list, a, green);
    show(world);
    draw_list_clear(world->list, WIDTH, HEIGHT);
    draw_fill(world->list, a, green);
    draw_fill(world->list, a, white);
    assert_int_equal(show(world), 64 * 64);
    assert_int_equal(canvas_pixel(world->canvas, 5, 5), 0xFFFFFF);
}

static void test_damage__moved_clip_counts(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 2; i++) {
        draw_list_clear(world->list, WIDTH, HEIGHT);
        draw_clip(world->list, (struct rect){2 + i * 4, 2, 10, 10});
        draw_fill(world->list, (struct rect){0, 0, 30, 30}, white);
        assert_true(show(world) > 0);
    }
    assert_int_equal(canvas_pixel(world->canvas, 3, 3), 0);
    assert_int_equal(canvas_pixel(world->canvas, 14, 3), 0xFFFFFF);
}

static void test_damage__what_changes_behind_a_veil_is_redrawn(void **state)
{
    struct world *world = *state;
    const struct colour veil = {0, 0, 0, 128};
    for (int i = 0; i < 2; i++) {
        draw_list_clear(world->list, WIDTH, HEIGHT);
        draw_fill(world->list, (struct rect){0, 0, WIDTH, HEIGHT}, i == 0 ? green : white);
        draw_fill(world->list, (struct rect){0, 0, WIDTH, HEIGHT}, veil);
        show(world);
    }
    assert_int_equal(canvas_pixel(world->canvas, 100, 100), 0x7F7F7F);
}

static struct colour any_colour(struct world *world)
{
    return (struct colour){(uint8_t)next(world), (uint8_t)next(world), (uint8_t)next(world),
                           (uint8_t)(below(world, 3) == 0 ? below(world, 256) : 255)};
}

static struct rect any_rect(struct world *world)
{
    return (struct rect){below(world, WIDTH + 60) - 30, below(world, HEIGHT + 60) - 30,
                         1 + below(world, 200), 1 + below(world, 120)};
}

static void any_command(struct world *world)
{
    struct draw_list *list = world->list;
    switch (below(world, 5)) {
    case 0:
        draw_fill(list, any_rect(world), any_colour(world));
        break;
    case 1:
        draw_round(list, any_rect(world), below(world, 40), next(world) & 15, any_colour(world));
        break;
    case 2:
        draw_ring(list, any_rect(world), below(world, 30), next(world) & 15, 1 + below(world, 6),
                  any_colour(world));
        break;
    case 3:
        draw_mask(list, world->masks[below(world, MASKS)], below(world, WIDTH) - 20,
                  below(world, HEIGHT) - 20, any_colour(world));
        break;
    default:
        draw_clip(list, any_rect(world));
    }
}

/* A frame that shares a random prefix with the frame before, so that much stays as it was. */
static void any_frame(struct world *world, uint64_t base, int changed)
{
    uint64_t kept = world->seed;
    draw_list_clear(world->list, WIDTH, HEIGHT);
    world->seed = base;
    for (int i = 0; i < COMMANDS; i++) {
        if (i == changed) {
            uint64_t stream = world->seed;
            world->seed = kept;
            any_command(world);
            kept = world->seed;
            world->seed = stream;
            for (int skip = 0; skip < 3; skip++)
                next(world);
            continue;
        }
        any_command(world);
    }
    world->seed = kept;
}

static void assert_same_pixels(const struct canvas *a, const struct canvas *b)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            if (canvas_pixel(a, x, y) != canvas_pixel(b, x, y))
                fail_msg("pixel %d,%d: %06x, full redraw gives %06x", x, y, canvas_pixel(a, x, y),
                         canvas_pixel(b, x, y));
}

static void test_damage__redraw_equals_full_redraw(void **state)
{
    struct world *world = *state;
    for (int frame = 0; frame < 300; frame++) {
        struct error error = {0};
        uint64_t base = 7 + (uint64_t)frame / 10;
        any_frame(world, base, below(world, COMMANDS));
        int64_t damage = show(world);
        assert_in_range(damage, 0, WIDTH * HEIGHT);

        struct canvas *fresh = NULL;
        assert_int_equal(canvas_create_memory(WIDTH, HEIGHT, &fresh, &error), STATUS_OK);
        assert_int_equal(canvas_draw(fresh, world->list, &damage, &error), STATUS_OK);
        assert_same_pixels(world->canvas, fresh);
        canvas_free(fresh);
    }
}

static void test_damage__rectangles_are_disjoint(void **state)
{
    struct world *world = *state;
    for (int frame = 0; frame < 100; frame++) {
        any_frame(world, 3, below(world, COMMANDS));
        int64_t damage = show(world);
        int count = 0;
        int64_t sum = 0;
        const struct rect *rects = canvas_damage(world->canvas, &count);
        assert_in_range(count, 0, CANVAS_RECTS);
        for (int i = 0; i < count; i++) {
            assert_int_equal(rects[i].x % DRAW_CELL, 0);
            assert_int_equal(rects[i].y % DRAW_CELL, 0);
            sum += (int64_t)rects[i].w * rects[i].h;
            for (int k = i + 1; k < count; k++)
                assert_true(rect_empty(rect_cut(rects[i], rects[k])));
        }
        assert_int_equal(sum, damage);
    }
}

static void checkers(struct world *world, bool odd)
{
    draw_list_clear(world->list, WIDTH, HEIGHT);
    for (int y = 0; y < HEIGHT; y += DRAW_CELL)
        for (int x = 0; x < WIDTH; x += DRAW_CELL)
            if (((x + y) / DRAW_CELL % 2 == 0) == odd)
                draw_fill(world->list, (struct rect){x, y, 4, 4}, green);
            else
                draw_fill(world->list, (struct rect){x, y, 4, 4}, white);
}

static void test_damage__too_many_rectangles_become_one(void **state)
{
    struct world *world = *state;
    checkers(world, true);
    show(world);
    checkers(world, true);
    /* Every second cell changes: more pieces than there are rectangles. */
    for (int y = 0; y < HEIGHT; y += DRAW_CELL)
        for (int x = (y / DRAW_CELL % 2) * DRAW_CELL; x < WIDTH; x += 2 * DRAW_CELL)
            draw_fill(world->list, (struct rect){x + 8, y + 8, 4, 4}, green);
    show(world);
    int count = 0;
    canvas_damage(world->canvas, &count);
    assert_int_equal(count, 1);
    assert_int_equal(canvas_pixel(world->canvas, 10, 10), 0x0A5737);
}

static void test_canvas__saves_a_png(void **state)
{
    struct world *world = *state;
    struct error error = {0};
    char path[] = "/tmp/holdfast-canvas-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    rows(world, green);
    show(world);
    assert_int_equal(canvas_save(world->canvas, path, &error), STATUS_OK);
    unlink(path);
    assert_int_equal(canvas_save(world->canvas, "/no/such/folder/x.png", &error), STATUS_IO);
}

/* The window's canvas shows what the memory canvas shows; a resize draws it whole. */
static void test_canvas__window_and_memory_are_alike(void **state)
{
    struct world *world = *state;
    struct error error = {0};
    canvas_hints();
    SDL_SetHint(SDL_HINT_VIDEODRIVER, "dummy");
    assert_int_equal(SDL_Init(SDL_INIT_VIDEO), 0);
    SDL_Window *window = SDL_CreateWindow("test", 0, 0, WIDTH, HEIGHT, 0);
    assert_non_null(window);
    struct canvas *shown = NULL;
    int64_t damage = 0;
    assert_int_equal(canvas_create_window(window, &shown, &error), STATUS_OK);
    rows(world, green);
    show(world);
    assert_int_equal(canvas_draw(shown, world->list, &damage, &error), STATUS_OK);
    assert_int_equal(damage, WIDTH * HEIGHT);
    assert_same_pixels(world->canvas, shown);
    assert_int_equal(canvas_draw(shown, world->list, &damage, &error), STATUS_OK);
    assert_int_equal(damage, 0);
    SDL_SetWindowSize(window, 320, 200);
    SDL_PumpEvents();
    draw_list_clear(world->list, 320, 200);
    draw_fill(world->list, (struct rect){0, 0, 320, 200}, white);
    assert_int_equal(canvas_draw(shown, world->list, &damage, &error), STATUS_OK);
    assert_int_equal(damage, 320 * 200);
    assert_int_equal(canvas_size(shown).w, 320);
    canvas_free(shown);
    SDL_DestroyWindow(window);
    SDL_Quit();
}

/* Corners: what the left shows, the right shows mirrored, and a ring is no wider than its border.
 */
static void test_paint__rounded_shapes_are_symmetric(void **state)
{
    struct world *world = *state;
    draw_list_clear(world->list, WIDTH, HEIGHT);
    draw_ring(world->list, (struct rect){20, 20, 101, 61}, 14, DRAW_ALL_CORNERS, 2, white);
    show(world);
    for (int y = 0; y < 61; y++)
        for (int x = 0; x < 101; x++) {
            uint32_t here = canvas_pixel(world->canvas, 20 + x, 20 + y);
            assert_int_equal(here, canvas_pixel(world->canvas, 120 - x, 20 + y));
            assert_int_equal(here, canvas_pixel(world->canvas, 20 + x, 80 - y));
        }
    assert_int_equal(canvas_pixel(world->canvas, 20, 20), 0);        /* outside the corner */
    assert_int_equal(canvas_pixel(world->canvas, 70, 21), 0xFFFFFF); /* the border */
    assert_int_equal(canvas_pixel(world->canvas, 70, 22), 0);        /* inside */
    assert_int_equal(canvas_pixel(world->canvas, 21, 50), 0xFFFFFF);
}

static void test_paint__border_wider_than_the_corner(void **state)
{
    struct world *world = *state;
    draw_list_clear(world->list, WIDTH, HEIGHT);
    draw_ring(world->list, (struct rect){10, 10, 40, 40}, 2, DRAW_ALL_CORNERS, 5, white);
    show(world);
    for (int i = 0; i < 40; i++)
        for (int k = 0; k < 40; k++) {
            bool border = i < 5 || k < 5 || i >= 35 || k >= 35;
            assert_int_equal(canvas_pixel(world->canvas, 10 + i, 10 + k), border ? 0xFFFFFF : 0);
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_damage__same_frame_twice_is_none),
        TEST(test_damage__one_changed_row_damages_only_its_cells),
        TEST(test_damage__forgotten_canvas_is_drawn_whole),
        TEST(test_damage__order_of_overlapping_commands_counts),
        TEST(test_damage__moved_clip_counts),
        TEST(test_damage__what_changes_behind_a_veil_is_redrawn),
        TEST(test_damage__redraw_equals_full_redraw),
        TEST(test_damage__rectangles_are_disjoint),
        TEST(test_damage__too_many_rectangles_become_one),
        TEST(test_canvas__saves_a_png),
        TEST(test_canvas__window_and_memory_are_alike),
        TEST(test_paint__border_wider_than_the_corner),
        TEST(test_paint__rounded_shapes_are_symmetric),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
