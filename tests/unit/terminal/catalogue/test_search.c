#include "terminal/catalogue/fold.h"
#include "tests/unit/terminal/catalogue/fixture.h"

#define ITEMS_MAX 400

/* --- A model: items in an array, found by a scan --- */

struct thing {
    char sku[16];
    char name[80];
    char category[8];
    char code[20];
    int popularity;
    bool there;
    char folded[120];
    char words[400];
};

struct world {
    struct fixture *fixture;
    struct fold *fold;
    struct thing things[ITEMS_MAX];
    int count;
};

static void fold_into(struct world *world, bool index, const char *text, char *out, size_t size)
{
    struct buf buf;
    buf_init(&buf, size - 1);
    assert_ok(index ? fold_index_words(world->fold, text, strlen(text), &buf)
                    : fold_words(world->fold, text, strlen(text), &buf));
    (void)snprintf(out, size, "%s", buf_text(&buf));
    buf_finish(&buf);
}

static bool has_word_from(const char *words, const char *prefix)
{
    size_t length = strlen(prefix);
    for (const char *at = words; at != NULL && *at != '\0';) {
        if (strncmp(at, prefix, length) == 0)
            return true;
        at = strchr(at, ' ');
        at = at == NULL ? NULL : at + 1;
    }
    return false;
}

static bool matches(const struct thing *thing, const char *folded_query)
{
    char copy[256], all[600], *save = NULL;
    const char *printed = thing->code + (strlen(thing->code) == 14 ? gtin_printed(thing->code) : 0);
    (void)snprintf(all, sizeof all, "%s %s %s", thing->words, printed, thing->sku);
    (void)snprintf(copy, sizeof copy, "%s", folded_query);
    for (char *word = strtok_r(copy, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save))
        if (!has_word_from(all, word))
            return false;
    return true;
}

static int compare_things(const void *a, const void *b)
{
    const struct thing *x = *(const struct thing *const *)a, *y = *(const struct thing *const *)b;
    if (x->popularity != y->popularity)
        return x->popularity > y->popularity ? -1 : 1;
    int order = strcmp(x->folded, y->folded);
    return order != 0 ? order : strcmp(x->sku, y->sku);
}

static int scan(struct world *world, const char *category, const char *query,
                const struct thing **out)
{
    char folded[256];
    int count = 0;
    fold_into(world, false, query, folded, sizeof folded);
    for (int i = 0; i < world->count; i++) {
        const struct thing *thing = &world->things[i];
        if (thing->there && (category == NULL || strcmp(category, thing->category) == 0) &&
            matches(thing, folded))
            out[count++] = thing;
    }
    qsort(out, (size_t)count, sizeof(struct thing *), compare_things);
    return count;
}

/* All pages of the index against the scan. */
static void compare(struct world *world, const char *category, const char *query)
{
    const struct thing *wanted[ITEMS_MAX];
    struct search_hit hits[7];
    int expected = scan(world, category, query, wanted), at = 0;
    int64_t after = 0;
    size_t count;
    do {
        struct fixture *fixture = world->fixture;
        assert_ok(category == NULL ? search_find(fixture->search, fixture->db, query, after, hits,
                                                 7, &count, &fixture->error)
                                   : search_category(fixture->search, fixture->db, category, query,
                                                     after, hits, 7, &count, &fixture->error));
        for (size_t i = 0; i < count; i++, at++) {
            assert_true(at < expected);
            assert_string_equal(hits[i].sku, wanted[at]->sku);
            assert_string_equal(hits[i].name, wanted[at]->name);
            assert_true(hits[i].rank > after);
            after = hits[i].rank;
        }
    } while (count == 7);
    assert_int_equal(at, expected);
}

/* --- Random things --- */

static const char *const syllables[] = {"cho",  "co",   "lat", "a", "be",  "Crème", "Œuf", "l'",
                                        "bio",  "7up ", "-",   " ", " ",   " ",     "ß",   "ø",
                                        "可乐", "茶",   "قه",  "ı", "Żyw", "zu",    "za",  "&"};

static void roll_name(struct dice *dice, char *out, size_t size)
{
    out[0] = '\0';
    for (int n = 1 + dice_below(dice, 8); n > 0; n--) {
        const char *next = syllables[dice_below(dice, 24)];
        if (strlen(out) + strlen(next) + 1 < size)
            (void)strcat(out, next);
    }
    /* A name of signs alone is the matter of a test of its own. */
    if (strpbrk(out, "abcdefghilotuzC") == NULL)
        (void)strcat(out, "a");
}

static void roll_thing(struct world *world, struct dice *dice, int index)
{
    static const char *const categories[] = {"", "d", "f"};
    struct thing *thing = &world->things[index];
    (void)snprintf(thing->sku, sizeof thing->sku, "s%d", index);
    roll_name(dice, thing->name, sizeof thing->name);
    (void)snprintf(thing->category, sizeof thing->category, "%s", categories[dice_below(dice, 3)]);
    thing->popularity = dice_below(dice, 4) == 0 ? dice_below(dice, 5) : 0;
    char digits[15];
    (void)snprintf(digits, sizeof digits, "%013d", dice_below(dice, 1000000) * 97 + 50000000);
    (void)snprintf(thing->code, sizeof thing->code, "%s%c", digits, gtin_check_digit(digits, 13));
    thing->there = true;
    fold_into(world, false, thing->name, thing->folded, sizeof thing->folded);
    fold_into(world, true, thing->name, thing->words, sizeof thing->words);
}

static void store_thing(struct world *world, int index)
{
    struct thing *thing = &world->things[index];
    struct reference_row row;
    char key[64];
    (void)snprintf(key, sizeof key, "DELETE FROM item_code WHERE sku='s%d'", index);
    assert_ok(db_exec(world->fixture->db, key, &world->fixture->error));
    if (!thing->there) {
        (void)snprintf(key, sizeof key, "{'sku':'s%d'}", index);
        fixture_change(world->fixture, "item", "del", key);
        return;
    }
    reference_row_init(&row, reference_table_find("item"));
    reference_row_set_text(&row, "sku", thing->sku);
    reference_row_set_text(&row, "name", thing->name);
    reference_row_set_text(&row, "category", thing->category);
    reference_row_set_int(&row, "popularity", thing->popularity);
    assert_ok(reference_row_validate(&row, &world->fixture->error));
    assert_ok(reference_put(world->fixture->writer, &row, &world->fixture->error));
    reference_row_init(&row, reference_table_find("item_code"));
    reference_row_set_text(&row, "code", thing->code);
    reference_row_set_text(&row, "sku", thing->sku);
    assert_ok(reference_row_validate(&row, &world->fixture->error));
    assert_ok(reference_put(world->fixture->writer, &row, &world->fixture->error));
}

static struct world *world_make(struct fixture *fixture, struct dice *dice, int count)
{
    struct world *world = mem_alloc(sizeof *world);
    world->fixture = fixture;
    world->fold = fold_create();
    world->count = count;
    for (int i = 0; i < count; i++) {
        roll_thing(world, dice, i);
        store_thing(world, i);
    }
    return world;
}

static void world_destroy(struct world *world)
{
    fold_destroy(world->fold);
    free(world);
}

static void compare_everything(struct world *world, struct dice *dice)
{
    static const char *const queries[] = {
        "",   "c",   "cho", "choc", "co la", "a z",   "oe",      "o",        "ss",
        "可", "乐",  "قه",  "7",    "7up",   "l a",   "zywa",    "CRÈME",    "i",
        "s1", "s12", "0",   "50",   "500",   "la be", "bio bio", "b bi bio", "x"};
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        compare(world, NULL, queries[i]);
        compare(world, "d", queries[i]);
        compare(world, "f", queries[i]);
    }
    compare(world, "nothing", "");
    for (int i = 0; i < 30; i++) {
        const struct thing *thing = &world->things[dice_below(dice, world->count)];
        char query[80];
        compare(world, NULL, thing->name);
        (void)snprintf(query, sizeof query, "%.*s", 4 + dice_below(dice, 10),
                       thing->code + gtin_printed(thing->code));
        compare(world, NULL, query);
        fold_into(world, false, thing->name, query, sizeof query);
        query[1 + dice_below(dice, 12)] = '\0';
        if ((query[strlen(query) - 1] & 0x80) == 0)
            compare(world, NULL, query);
    }
}

static void test_search__equals_a_scan_after_building(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct dice dice = {seed * 0x9E3779B97F4A7C15U};
        assert_ok(db_exec(fixture->db, "DELETE FROM item; DELETE FROM item_code", &fixture->error));
        struct world *world = world_make(fixture, &dice, seed == 1 ? 3 : 60 * (int)seed);
        assert_ok(search_build(fixture->search_writer, &fixture->error));
        compare_everything(world, &dice);
        world_destroy(world);
    }
}

static void change_one(struct world *world, struct dice *dice)
{
    int index = dice_below(dice, world->count);
    struct thing *thing = &world->things[index];
    bool was_there = thing->there;
    roll_thing(world, dice, index);
    thing->there = !was_there || dice_below(dice, 4) != 0;
    store_thing(world, index);
    assert_ok(search_put_item(world->fixture->search_writer, thing->sku, &world->fixture->error));
}

/* Kept up item by item it gives what a fresh build gives. */
static void test_search__equals_a_scan_after_changes(void **state)
{
    struct fixture *fixture = *state;
    struct dice dice = {0xDEADBEEFCAFEU};
    struct world *world = world_make(fixture, &dice, 150);
    assert_ok(search_build(fixture->search_writer, &fixture->error));
    for (int round = 0; round < 8; round++) {
        assert_ok(db_begin(fixture->db, &fixture->error));
        for (int i = 0; i < 60; i++)
            change_one(world, &dice);
        assert_ok(db_commit(fixture->db, &fixture->error));
        compare_everything(world, &dice);
    }
    world_destroy(world);
}

static void test_search__grows_from_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct dice dice = {77};
    struct world *world = world_make(fixture, &dice, 120);
    for (int i = 0; i < world->count; i++)
        assert_ok(search_put_item(fixture->search_writer, world->things[i].sku, &fixture->error));
    compare_everything(world, &dice);
    for (int i = 0; i < world->count; i++) {
        assert_ok(
            search_remove_item(fixture->search_writer, world->things[i].sku, &fixture->error));
        world->things[i].there = false;
    }
    compare_everything(world, &dice);
    world_destroy(world);
}

/* Names that always fall into the same gap use it up; the rows behind are spread, in order. */
static void test_search__gap_used_up_is_spread(void **state)
{
    struct fixture *fixture = *state;
    struct search_hit hits[ITEMS_MAX];
    size_t count;
    fixture_put(fixture, "item", "{'sku':'first','name':'a'}");
    fixture_put(fixture, "item", "{'sku':'last','name':'c'}");
    assert_ok(search_build(fixture->search_writer, &fixture->error));
    for (int i = 0; i < 300; i++) {
        char row[80], sku[16];
        (void)snprintf(sku, sizeof sku, "n%03d", i);
        (void)snprintf(row, sizeof row, "{'sku':'%s','name':'b%03d'}", sku, i % 2 ? i : 999 - i);
        fixture_put(fixture, "item", row);
        assert_ok(search_put_item(fixture->search_writer, sku, &fixture->error));
    }
    assert_ok(
        search_find(fixture->search, fixture->db, "", 0, hits, ITEMS_MAX, &count, &fixture->error));
    assert_int_equal(count, 302);
    for (size_t i = 1; i < count; i++)
        assert_true(strcmp(hits[i - 1].name, hits[i].name) < 0);
    assert_ok(search_find(fixture->search, fixture->db, "b150", 0, hits, ITEMS_MAX, &count,
                          &fixture->error));
    assert_int_equal(count, 0);
    assert_ok(search_find(fixture->search, fixture->db, "b151", 0, hits, ITEMS_MAX, &count,
                          &fixture->error));
    assert_int_equal(count, 1);
    assert_string_equal(hits[0].sku, "n151");
}

static void test_search__popularity_alone_moves_a_row(void **state)
{
    struct fixture *fixture = *state;
    struct search_hit hits[3];
    size_t count;
    fixture_put(fixture, "item", "{'sku':'A','name':'apple'}");
    fixture_put(fixture, "item", "{'sku':'B','name':'banana'}");
    fixture_put(fixture, "item", "{'sku':'C','name':'cherry'}");
    assert_ok(search_build(fixture->search_writer, &fixture->error));
    fixture_put(fixture, "item", "{'sku':'C','name':'cherry','popularity':5}");
    assert_ok(search_put_item(fixture->search_writer, "C", &fixture->error));
    assert_ok(search_find(fixture->search, fixture->db, "", 0, hits, 3, &count, &fixture->error));
    assert_int_equal(count, 3);
    assert_string_equal(hits[0].sku, "C");
    assert_string_equal(hits[1].sku, "A");
}

static void test_search__put_without_a_change_writes_nothing(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, "item", "{'sku':'A','name':'Apple'}");
    assert_ok(search_put_item(fixture->search_writer, "A", &fixture->error));
    int before = sqlite3_total_changes(db_handle(fixture->db));
    assert_ok(search_put_item(fixture->search_writer, "A", &fixture->error));
    assert_ok(search_put_item(fixture->search_writer, "NEVER", &fixture->error));
    assert_int_equal(sqlite3_total_changes(db_handle(fixture->db)), before);
}

static void assert_finds(struct fixture *fixture, const char *query, const char *sku)
{
    struct search_hit hits[4];
    size_t count;
    assert_ok(
        search_find(fixture->search, fixture->db, query, 0, hits, 4, &count, &fixture->error));
    if (count != (sku != NULL ? 1U : 0U))
        print_error("[%s] found %zu\n", query, count);
    assert_int_equal(count, sku != NULL ? 1 : 0);
    if (sku != NULL)
        assert_string_equal(hits[0].sku, sku);
}

static void test_search__codes_names_and_signs(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, "item", "{'sku':'K','name':'Kellogg\xe2\x80\x99s Corn-Flakes'}");
    fixture_put(fixture, "item_code", "{'code':'00036000291452','given':'036000291452','sku':'K'}");
    fixture_put(fixture, "item_code",
                "{'code':'AB-12/x','given':'AB-12/x','kind':'own','sku':'K'}");
    fixture_put(fixture, "item", "{'sku':'STARS','name':'\xe2\x98\x85\xe2\x98\x85\xe2\x98\x85'}");
    fixture_put(fixture, "item", "{'sku':'QUERY','name':'?!?'}");
    assert_ok(search_build(fixture->search_writer, &fixture->error));
    static const char *const finds[] = {
        "kelloggs",      "KELLOGG'S", "corn fl", "cornfl", "flakes corn", "036000",
        "0036000291452", "ab-12",     "ab12",    "12",     "k",           "kelloggs 0360"};
    for (size_t i = 0; i < sizeof finds / sizeof finds[0]; i++)
        assert_finds(fixture, finds[i], "K");
    assert_finds(fixture, "\xe2\x98\x85", "STARS");
    assert_finds(fixture, " \xe2\x98\x85\xe2\x98\x85\xe2\x98\x85 ", "STARS");
    assert_finds(fixture, "?", "QUERY");
    assert_finds(fixture, "!", NULL);
    assert_finds(fixture, "orn", NULL);
}

static void test_search__nothing_typed_can_break_it(void **state)
{
    struct fixture *fixture = *state;
    struct search_hit hits[4];
    size_t count;
    struct dice dice = {4242};
    char text[600];
    fixture_put(fixture, "item", "{'sku':'A','name':'and or not near'}");
    assert_ok(search_build(fixture->search_writer, &fixture->error));
    static const char *const typed[] = {"\"",      "a\"b",      "AND", "NOT a",
                                        "a OR",    "NEAR(a b)", "a*",  "*",
                                        "words:a", "^a",        "-a",  "a;DROP TABLE item",
                                        "{a b}:c", "'"};
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++)
        assert_ok(search_find(fixture->search, fixture->db, typed[i], 0, hits, 4, &count,
                              &fixture->error));
    for (int i = 0; i < 3000; i++) {
        int length = dice_below(&dice, (int)sizeof text);
        for (int j = 0; j < length; j++)
            text[j] = (char)(1 + dice_below(&dice, 255));
        text[length] = '\0';
        assert_ok(
            search_find(fixture->search, fixture->db, text, 0, hits, 4, &count, &fixture->error));
    }
    assert_finds(fixture, "and or not near", "A");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_search__equals_a_scan_after_building),
        FIXTURE_TEST(test_search__equals_a_scan_after_changes),
        FIXTURE_TEST(test_search__grows_from_nothing),
        FIXTURE_TEST(test_search__gap_used_up_is_spread),
        FIXTURE_TEST(test_search__popularity_alone_moves_a_row),
        FIXTURE_TEST(test_search__put_without_a_change_writes_nothing),
        FIXTURE_TEST(test_search__codes_names_and_signs),
        FIXTURE_TEST(test_search__nothing_typed_can_break_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
