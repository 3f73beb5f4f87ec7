#include "terminal/journal/entry.h"

#include "tests/unit/terminal/journal/journal_fixture.h"

static struct entry_head a_head(void)
{
    struct entry_head head = {.seq = 7,
                              .hlc = 65536,
                              .utc_offset_min = -300,
                              .business_date = "2026-11-21",
                              .kind = "sale",
                              .staff = "S-7"};
    memset(head.device.bytes, 0xab, ID_SIZE);
    memset(head.epoch.bytes, 0x01, ID_SIZE);
    memset(head.prev.bytes, 0x20, HASH_SIZE);
    return head;
}

static const char golden[] =
    "{\"v\":1,\"device\":\"abababababababababababababababab\","
    "\"epoch\":\"01010101010101010101010101010101\",\"seq\":7,\"hlc\":65536,\"utc_offset\":-300,"
    "\"business_date\":\"2026-11-21\",\"kind\":\"sale\",\"staff\":\"S-7\","
    "\"prev\":\"2020202020202020202020202020202020202020202020202020202020202020\","
    "\"note\":\"line\\nbreak\"}";

static void test_entry__bytes_are_what_was_built(void **state)
{
    struct fixture fixture = {0};
    struct entry_head head = a_head();
    struct public_key key;
    struct secret_key secret;
    struct entropy entropy = fixture_entropy(&fixture);
    struct sealed_entry sealed;
    json_t *entry = entry_start(&head);
    (void)state;
    json_put_text(entry, "note", "line\nbreak");
    key_pair(&entropy, &key, &secret);
    assert_int_equal(entry_seal(entry, &secret, &sealed, NULL), STATUS_OK);
    json_decref(entry);
    assert_int_equal(sealed.length, sizeof golden - 1);
    assert_string_equal(sealed.bytes, golden);
    assert_true(entry_signature_valid(&sealed.hash, &sealed.signature, &key));
    struct hash hash = entry_hash(golden, sizeof golden - 1);
    assert_true(hash_equal(&hash, &sealed.hash));
    sealed.hash.bytes[31] ^= 1;
    assert_false(entry_signature_valid(&sealed.hash, &sealed.signature, &key));
    sealed_entry_finish(&sealed);
    sealed_entry_finish(&sealed);
}

static void test_entry__parse_gives_the_head_back(void **state)
{
    struct entry_head head = a_head();
    struct entry entry;
    (void)state;
    assert_int_equal(entry_parse(golden, sizeof golden - 1, &entry, NULL), STATUS_OK);
    assert_memory_equal(&entry.head.device, &head.device, ID_SIZE);
    assert_memory_equal(&entry.head.epoch, &head.epoch, ID_SIZE);
    assert_memory_equal(&entry.head.prev, &head.prev, HASH_SIZE);
    assert_int_equal(entry.head.seq, 7);
    assert_int_equal(entry.head.hlc, 65536);
    assert_int_equal(entry.head.utc_offset_min, -300);
    assert_string_equal(entry.head.business_date, "2026-11-21");
    assert_string_equal(entry.head.kind, "sale");
    assert_string_equal(entry.head.staff, "S-7");
    assert_string_equal(json_text_or(entry.body, "note", ""), "line\nbreak");
    entry_finish(&entry);
    entry_finish(&entry);
}

/* The golden entry with one piece exchanged, parsed. */
static enum status parse_with(const char *from, const char *to)
{
    char text[1024];
    const char *at = strstr(golden, from);
    struct entry entry;
    struct error error;
    enum status status;
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - golden), golden, to,
                   at + strlen(from));
    status = entry_parse(text, strlen(text), &entry, &error);
    if (status != STATUS_OK)
        assert_null(entry.body);
    entry_finish(&entry);
    return status;
}

static void test_entry__head_is_strict(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"\"v\":1,", ""},
        {"\"v\":1", "\"v\":\"1\""},
        {"\"seq\":7", "\"seq\":0"},
        {"\"seq\":7", "\"seq\":-1"},
        {"\"seq\":7", "\"seq\":\"7\""},
        {"\"seq\":7", "\"seq\":7.0"},
        {"\"seq\":7", "\"seq\":1000000000001"},
        {"\"seq\":7,\"hlc\":65536", "\"hlc\":65536,\"seq\":7"},
        {"{\"v\":1", "{\"note2\":1,\"v\":1"},
        {"\"hlc\":65536", "\"hlc\":0"},
        {"\"hlc\":65536,", ""},
        {"-300", "-1081"},
        {"-300", "1081"},
        {"2026-11-21", "2026-13-21"},
        {"2026-11-21", "2026-11-00"},
        {"2026-11-21", "2026/11/21"},
        {"2026-11-21", "2026-11-2"},
        {"\"kind\":\"sale\"", "\"kind\":\"\""},
        {"\"kind\":\"sale\"", "\"kind\":\"Sale\""},
        {"\"kind\":\"sale\"", "\"kind\":\"abcdefghijklmnopqrstuvwxyzabcdefg\""},
        {"\"staff\":\"S-7\"", "\"staff\":null"},
        {"\"device\":\"abab", "\"device\":\"ab"},
        {"\"device\":\"ab", "\"device\":\"xy"},
        {"\"prev\":\"2020", "\"prev\":\"20"},
        {"\"note\":", "\"kind\":"},
        {"\"line\\nbreak\"", "1e3"},
        {"\"line\\nbreak\"}", "1} x"},
        {"\"line\\nbreak\"}", "\"a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum status status = parse_with(cases[i].from, cases[i].to);
        if (status != STATUS_INVALID)
            fail_msg("case %zu: %s", i, status_name(status));
    }
    assert_int_equal(parse_with("\"v\":1", "\"v\":2"), STATUS_UNSUPPORTED);
    assert_int_equal(parse_with("\"staff\":\"S-7\"", "\"staff\":\"\""), STATUS_OK);
    assert_int_equal(parse_with("\"kind\":\"sale\"", "\"kind\":\"a_new_kind\""), STATUS_OK);
}

static void test_entry__ceiling_holds_both_ways(void **state)
{
    struct fixture fixture = {0};
    struct entry_head head = a_head();
    struct public_key key;
    struct secret_key secret;
    struct entropy entropy = fixture_entropy(&fixture);
    char *text = mem_alloc(ENTRY_MAX_BYTES + 1);
    (void)state;
    key_pair(&entropy, &key, &secret);
    memset(text, 'x', ENTRY_MAX_BYTES);
    size_t fixed = sizeof golden - 1 - strlen("line\\nbreak");
    for (int over = 0; over <= 1; over++) {
        struct sealed_entry sealed;
        struct entry parsed;
        json_t *entry = entry_start(&head);
        text[ENTRY_MAX_BYTES - fixed] = over ? 'x' : '\0';
        text[ENTRY_MAX_BYTES - fixed + 1] = '\0';
        json_put_text(entry, "note", text);
        assert_int_equal(entry_seal(entry, &secret, &sealed, NULL),
                         over ? STATUS_RANGE : STATUS_OK);
        json_decref(entry);
        if (!over) {
            assert_int_equal(sealed.length, ENTRY_MAX_BYTES);
            assert_int_equal(entry_parse(sealed.bytes, sealed.length, &parsed, NULL), STATUS_OK);
            entry_finish(&parsed);
            assert_int_equal(entry_parse(sealed.bytes, sealed.length + 1, &parsed, NULL),
                             STATUS_RANGE);
        }
        sealed_entry_finish(&sealed);
    }
    free(text);
}

static void test_entry__changed_head_is_not_sealed(void **state)
{
    struct fixture fixture = {0};
    struct entry_head head = a_head();
    struct public_key key;
    struct secret_key secret;
    struct entropy entropy = fixture_entropy(&fixture);
    struct sealed_entry sealed;
    json_t *entry = entry_start(&head);
    (void)state;
    key_pair(&entropy, &key, &secret);
    json_put_text(entry, "seq", "seven");
    assert_int_equal(entry_seal(entry, &secret, &sealed, NULL), STATUS_INVALID);
    assert_null(sealed.bytes);
    json_decref(entry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entry__bytes_are_what_was_built),
        cmocka_unit_test(test_entry__parse_gives_the_head_back),
        cmocka_unit_test(test_entry__head_is_strict),
        cmocka_unit_test(test_entry__ceiling_holds_both_ways),
        cmocka_unit_test(test_entry__changed_head_is_not_sealed),
    };
    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
