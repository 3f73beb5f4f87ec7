/* Journal entries from strangers: whatever entry_parse accepts is within its ceilings, can be
 * sealed, and comes back with the same head; its moves and its epoch_open, where accepted, come
 * back equal.
 */
#include "terminal/journal/entry.h"
#include "terminal/journal/epoch.h"
#include "terminal/journal/moves.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_moves(const json_t *body)
{
    struct move_list list;
    struct move_list again;
    enum status status = entry_get_moves(body, &list, NULL);
    if (status != STATUS_OK) {
        INVARIANT(status == STATUS_INVALID && list.items == NULL);
        return;
    }
    json_t *copy = json_object();
    entry_put_moves(copy, list.items, list.count);
    status = entry_get_moves(copy, &again, NULL);
    INVARIANT(status == STATUS_OK && again.count == list.count);
    for (size_t i = 0; i < list.count; i++) {
        INVARIANT(list.items[i].quantity.milli > 0);
        INVARIANT(memcmp(&list.items[i], &again.items[i], sizeof list.items[i]) == 0);
    }
    move_list_finish(&again);
    move_list_finish(&list);
    json_decref(copy);
}

static void check_opening(const struct entry *entry)
{
    struct epoch_open open;
    struct epoch_open again;
    if (epoch_open_get(entry, &open, NULL) != STATUS_OK)
        return;
    struct entry copy = {.head = entry->head, .body = entry_start(&entry->head)};
    epoch_open_put(copy.body, &open);
    enum status status = epoch_open_get(&copy, &again, NULL);
    INVARIANT(status == STATUS_OK && memcmp(&open, &again, sizeof open) == 0);
    entry_finish(&copy);
}

static void check_seal(const struct entry *entry)
{
    struct public_key key;
    struct secret_key secret;
    struct sealed_entry sealed;
    struct entry again;
    epoch_keys(&(struct secret_key){{1}}, &entry->head.epoch, &key, &secret);
    enum status status = entry_seal(entry->body, &secret, &sealed, NULL);
    if (status == STATUS_RANGE)
        return; /* escapes may need more room than they came in */
    INVARIANT(status == STATUS_OK && sealed.length <= ENTRY_MAX_BYTES);
    INVARIANT(memchr(sealed.bytes, '\n', sealed.length) == NULL);
    INVARIANT(entry_signature_valid(&sealed.hash, &sealed.signature, &key));
    status = entry_parse(sealed.bytes, sealed.length, &again, NULL);
    INVARIANT(status == STATUS_OK);
    INVARIANT(memcmp(&again.head, &entry->head, sizeof again.head) == 0);
    INVARIANT(json_equal(again.body, entry->body));
    entry_finish(&again);
    sealed_entry_finish(&sealed);
}

/* entry_look takes and refuses the same, with the same head and moves. */
static void check_look(const uint8_t *bytes, size_t length, enum status parsed,
                       const struct entry *entry)
{
    struct json_view *view = json_view_new();
    struct entry_view looked;
    struct move_list list, same;
    enum status status = entry_look(view, (const char *)bytes, length, &looked, NULL);
    INVARIANT(status == parsed);
    if (status == STATUS_OK) {
        INVARIANT(memcmp(&looked.head, &entry->head, sizeof looked.head) == 0);
        status = entry_view_moves(looked.body, &list, NULL);
        INVARIANT(status == entry_get_moves(entry->body, &same, NULL) && list.count == same.count);
        for (size_t i = 0; i < list.count; i++)
            INVARIANT(memcmp(&list.items[i], &same.items[i], sizeof list.items[i]) == 0);
        move_list_finish(&list);
        move_list_finish(&same);
    }
    json_view_free(view);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct error error = {0};
    struct entry entry;
    enum status status = entry_parse((const char *)bytes, length, &entry, &error);
    check_look(bytes, length, status, &entry);
    if (status != STATUS_OK) {
        INVARIANT(error.text[0] != '\0' && entry.body == NULL);
        return 0;
    }
    INVARIANT(length <= ENTRY_MAX_BYTES && entry.head.seq >= 1 && entry.head.hlc >= 1);
    check_moves(entry.body);
    check_opening(&entry);
    check_seal(&entry);
    entry_finish(&entry);
    return 0;
}
