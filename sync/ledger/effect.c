/* An entry's postings: the frame around what effect_sale.c and effect_trade.c read. */
#include "sync/ledger/effect.h"

#include "terminal/base/card.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CARD_DIGITS 12

void effect_odd(struct effect *effect, const char *kind, const char *detail)
{
    if (effect->oddity == NULL) {
        effect->oddity = kind;
        effect->detail = detail;
    }
}

static uint32_t keep_text(struct effect *effect, const char *text)
{
    size_t at = effect->texts.used;
    enum status status = buf_append(&effect->texts, text, strlen(text) + 1);

    INVARIANT(status == STATUS_OK && at < EFFECT_HERE);
    return (uint32_t)at;
}

void effect_post(struct effect *effect, enum figure figure, const char *const *keys,
                 const int64_t *sums)
{
    const struct figure_table *table = figure_table(figure);
    struct posting *posting;

    if (effect->count == effect->capacity) {
        effect->capacity = effect->capacity == 0 ? 8 : effect->capacity * 2;
        effect->postings =
            mem_resize(effect->postings, effect->capacity * sizeof *effect->postings);
    }
    posting = &effect->postings[effect->count++];
    posting->figure = figure;
    for (int i = 0; i < table->keys; i++)
        posting->key[i] = keys[i] == NULL ? EFFECT_HERE : keep_text(effect, keys[i]);
    memcpy(posting->sum, sums, (size_t)table->sums * sizeof *sums);
}

void effect_money(struct effect *effect, const struct entry_view *entry, const char *currency,
                  const char *what, int64_t amount)
{
    const char *const keys[FIGURE_KEYS] = {NULL, entry->head.business_date, currency, what};

    if (amount != 0)
        effect_post(effect, FIGURE_MONEY, keys, (const int64_t[]){amount, 1});
}

static void read_moves(const struct entry_view *entry, struct effect *out)
{
    struct error error;

    if (entry_view_moves(entry->body, &out->moves, &error) != STATUS_OK) {
        effect_odd(out, "moves", "the moves break their rules");
        return;
    }
    for (size_t i = 0; i < out->moves.count; i++) {
        if (out->moves.items[i].quantity.milli > EFFECT_MOVE_MAX) {
            move_list_finish(&out->moves);
            effect_odd(out, "moves", "a quantity is beyond all reason");
            return;
        }
    }
}

static void begin(struct effect *out)
{
    memset(out, 0, sizeof *out);
    buf_init(&out->texts, ENTRY_MAX_BYTES * 8);
}

static void count_entry(struct effect *out)
{
    static const char *const keys[FIGURE_KEYS] = {NULL, ""};

    effect_post(out, FIGURE_TOTAL, keys, (const int64_t[]){1, 0, 0, 0});
}

static void read_place(const struct entry_view *entry, struct effect *out)
{
    const char *location = json_view_text_or(entry->body, "location", "");
    const char *till = json_view_text_or(entry->body, "till", "");

    (void)snprintf(out->location, sizeof out->location, "%s", location);
    (void)snprintf(out->till, sizeof out->till, "%s", till);
}

void effect_unreadable(struct effect *out)
{
    begin(out);
    count_entry(out);
}

void effect_read(const struct entry_view *entry, struct effect *out)
{
    begin(out);
    out->hlc = entry->head.hlc;
    out->card_number = card_number_in_view(entry->body);
    if (strcmp(entry->head.kind, "training") == 0) {
        count_entry(out);
        return;
    }
    read_moves(entry, out);
    if (strcmp(entry->head.kind, "epoch_open") != 0)
        read_place(entry, out);
    if (strcmp(entry->head.kind, "sale") == 0)
        effect_read_sale(entry, out);
    else
        count_entry(out);
    effect_read_trade(entry, out);
}

void effect_finish(struct effect *effect)
{
    move_list_finish(&effect->moves);
    buf_finish(&effect->texts);
    free(effect->postings);
    effect->postings = NULL;
    effect->count = effect->capacity = 0;
}

enum status effect_tally(const struct effect *effect, const char *location, struct tally *tally)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < effect->count && status == STATUS_OK; i++) {
        const struct posting *posting = &effect->postings[i];
        const char *keys[FIGURE_KEYS];
        for (int k = 0; k < figure_table(posting->figure)->keys; k++)
            keys[k] =
                posting->key[k] == EFFECT_HERE ? location : effect->texts.data + posting->key[k];
        status = tally_add(tally, posting->figure, keys, posting->sum);
    }
    return status;
}

void effect_original(const char *epoch_hex, int64_t seq, int64_t line, char out[ORIGINAL_SIZE])
{
    char text[96];
    int length =
        snprintf(text, sizeof text, "%.32s/%010" PRId64 "/%06" PRId64, epoch_hex, seq, line);

    INVARIANT(length == ORIGINAL_SIZE - 1);
    memcpy(out, text, ORIGINAL_SIZE);
}

bool effect_id_sound(const char *id, size_t max)
{
    size_t length = strlen(id), digits = 0;

    for (size_t i = 0; i < length; i++) {
        char c = id[i];
        bool digit = c >= '0' && c <= '9';
        digits = digit ? digits + 1 : 0;
        if (digits == CARD_DIGITS)
            return false;
        if (!digit && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            strchr("._-", c) == NULL)
            return false;
    }
    return length > 0 && length <= max;
}
