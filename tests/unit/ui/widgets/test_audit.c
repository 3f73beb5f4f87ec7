/* Each kind of fault planted in a list that has none, and found. */
#include "tests/unit/ui/widgets/stage.h"
#include "ui/widgets/audit.h"

enum { NODES = 5 };

static const struct colour ink = {19, 32, 26, 255};
static const struct colour white = {255, 255, 255, 255};
static const struct colour edge = {116, 129, 122, 255};
static const struct colour pale = {200, 200, 200, 255};

struct plan {
    struct metrics metrics;
    struct ui_node nodes[NODES];
};

static struct ui_node target(const char *id, const char *key, int x, int order)
{
    return (struct ui_node){.id = id,
                            .role = UI_ROLE_BUTTON,
                            .label = id,
                            .value = "",
                            .key = key,
                            .group_key = "",
                            .state = UI_TARGET | UI_HAS_TEXT | UI_HAS_EDGE,
                            .rect = {x, 100, 80, 60},
                            .seen = {x, 100, 80, 60},
                            .text_needed = {40, 20},
                            .text_given = {60, 24},
                            .ink = ink,
                            .ground = white,
                            .edge = edge,
                            .around = white,
                            .parent = -1,
                            .list = -1,
                            .order = order};
}

static struct plan clean(void)
{
    struct plan plan;
    struct error error = {0};
    assert_int_equal(metrics_init(&plan.metrics, 1000, 600, 250, 100, &error), STATUS_OK);
    plan.nodes[0] = target("pay", "F12", 0, 0);
    plan.nodes[1] = target("park", "F5", 100, 1);
    plan.nodes[2] = target("undo", "F6", 200, 2);
    plan.nodes[3] = target("more", "F7", 300, 3);
    plan.nodes[4] = target("", "", 400, -1);
    plan.nodes[4].role = UI_ROLE_TEXT;
    plan.nodes[4].state = UI_HAS_TEXT;
    return plan;
}

static void assert_only(const struct plan *plan, enum audit_kind kind)
{
    struct audit_fault faults[8];
    size_t found = audit(plan->nodes, NODES, &plan->metrics, faults, 8);
    for (size_t i = 0; i < found && i < 8; i++)
        if (faults[i].kind != kind)
            fail_msg("also %s", faults[i].text);
    if (found != 1)
        fail_msg("%s found %zu times", audit_kind_name(kind), found);
    assert_non_null(strstr(faults[0].text, audit_kind_name(kind)));
}

static void test_audit__clean_list_has_no_fault(void **state)
{
    (void)state;
    struct plan plan = clean();
    assert_int_equal(audit(plan.nodes, NODES, &plan.metrics, NULL, 0), 0);
}

static void test_audit__finds_clipped_text(void **state)
{
    (void)state;
    struct plan plan = clean();
    plan.nodes[4].text_needed.w = 61;
    assert_only(&plan, AUDIT_CLIPPED);
    plan = clean();
    plan.nodes[0].text_needed.h = 25;
    assert_only(&plan, AUDIT_CLIPPED);
}

static void test_audit__finds_overlap_but_not_containment(void **state)
{
    (void)state;
    struct plan plan = clean();
    plan.nodes[1].rect.x = plan.nodes[1].seen.x = 79;
    assert_only(&plan, AUDIT_OVERLAP);
    plan.nodes[1].parent = 0;
    assert_int_equal(audit(plan.nodes, NODES, &plan.metrics, NULL, 0), 0);
}

static void test_audit__finds_small_targets(void **state)
{
    (void)state;
    struct plan plan = clean();
    plan.nodes[2].rect.h = plan.nodes[2].seen.h = 39; /* 10 mm are 40 px */
    assert_only(&plan, AUDIT_SMALL);
}

static void test_audit__finds_what_is_outside(void **state)
{
    (void)state;
    struct plan plan = clean();
    plan.nodes[3].rect.x = 921;
    assert_only(&plan, AUDIT_OUTSIDE);
    plan.nodes[3].state |= UI_PARTLY;
    assert_int_equal(audit(plan.nodes, NODES, &plan.metrics, NULL, 0), 0);
}

static void test_audit__finds_weak_contrast(void **state)
{
    (void)state;
    struct plan plan = clean();
    plan.nodes[4].ink = edge;
    assert_only(&plan, AUDIT_TEXT_CONTRAST);
    plan = clean();
    plan.nodes[0].edge = pale;
    assert_only(&plan, AUDIT_EDGE_CONTRAST);
    plan.nodes[0].state |= UI_DISABLED;
    plan.nodes[0].order = -1;
    assert_int_equal(audit(plan.nodes, NODES, &plan.metrics, NULL, 0), 0);
}

static void test_audit__finds_actions_without_a_key(void **state)
{
    (void)state;
    struct plan plan = clean();
    plan.nodes[1].key = "";
    assert_only(&plan, AUDIT_NO_KEY);
    plan.nodes[1].group_key = "F8";
    assert_int_equal(audit(plan.nodes, NODES, &plan.metrics, NULL, 0), 0);
}

static void test_audit__finds_a_key_used_twice(void **state)
{
    (void)state;
    struct plan plan = clean();
    plan.nodes[2].key = "F12";
    assert_only(&plan, AUDIT_KEY_TWICE);
    plan.nodes[2].state |= UI_BEHIND; /* out of reach: another layer's key */
    plan.nodes[2].order = -1;
    assert_int_equal(audit(plan.nodes, NODES, &plan.metrics, NULL, 0), 0);
}

static void test_audit__finds_gaps_in_the_focus_order(void **state)
{
    (void)state;
    struct plan plan = clean();
    plan.nodes[1].order = -1;
    assert_only(&plan, AUDIT_ORDER);
    plan = clean();
    plan.nodes[1].order = 3;
    assert_only(&plan, AUDIT_ORDER);
}

static void test_audit__finds_ids_used_twice(void **state)
{
    (void)state;
    struct plan plan = clean();
    plan.nodes[3].id = "park";
    assert_only(&plan, AUDIT_ID_TWICE);
}

static void test_audit__finds_nameless_targets(void **state)
{
    (void)state;
    struct plan plan = clean();
    plan.nodes[3].label = "";
    assert_only(&plan, AUDIT_NAMELESS);
    plan = clean();
    plan.nodes[3].id = "";
    assert_only(&plan, AUDIT_NAMELESS);
}

/* The same from real widgets: what a careless screen would do. */
static void careless(struct ui *ui, void *context)
{
    (void)context;
    ui_row(ui, (struct ui_box){0});
    ui_text(ui, "A sentence that is far too long for one line of this narrow column",
            (struct ui_text){.weight = 1});
    ui_button(ui, "tiny", &(struct ui_button){.label = "A", .height_mm = 5, .width_mm = 20});
    ui_button(ui, "tiny", &(struct ui_button){.label = "B", .key = "F1"});
    ui_column(ui, (struct ui_box){.weight = 1});
    for (int i = 0; i < 12; i++)
        ui_button(ui, ui_id(ui, "b/%d", i), &(struct ui_button){.label = "B", .key = "F2"});
    ui_end(ui);
    ui_end(ui);
}

static void test_audit__judges_a_careless_screen(void **state)
{
    struct ui *ui = stage_ui(*state, 600, 400, false);
    struct ui_setup setup = stage_setup(*state, 600, 400, false);
    ui_run(ui, careless, NULL);
    struct audit_fault faults[200];
    size_t count = 0;
    const struct ui_node *nodes = ui_nodes(ui, &count);
    size_t found = audit(nodes, count, &setup.metrics, faults, 200);
    bool kinds[AUDIT_KINDS] = {false};
    for (size_t i = 0; i < found && i < 200; i++)
        kinds[faults[i].kind] = true;
    assert_true(kinds[AUDIT_CLIPPED]);
    assert_true(kinds[AUDIT_OUTSIDE]);
    assert_true(kinds[AUDIT_NO_KEY]);
    assert_true(kinds[AUDIT_KEY_TWICE]);
    assert_true(kinds[AUDIT_ID_TWICE]);
    assert_false(kinds[AUDIT_ORDER]);
    assert_false(kinds[AUDIT_TEXT_CONTRAST]);
    ui_free(ui);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_audit__clean_list_has_no_fault),
        cmocka_unit_test(test_audit__finds_clipped_text),
        cmocka_unit_test(test_audit__finds_overlap_but_not_containment),
        cmocka_unit_test(test_audit__finds_small_targets),
        cmocka_unit_test(test_audit__finds_what_is_outside),
        cmocka_unit_test(test_audit__finds_weak_contrast),
        cmocka_unit_test(test_audit__finds_actions_without_a_key),
        cmocka_unit_test(test_audit__finds_a_key_used_twice),
        cmocka_unit_test(test_audit__finds_gaps_in_the_focus_order),
        cmocka_unit_test(test_audit__finds_ids_used_twice),
        cmocka_unit_test(test_audit__finds_nameless_targets),
        cmocka_unit_test(test_audit__judges_a_careless_screen),
    };
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
