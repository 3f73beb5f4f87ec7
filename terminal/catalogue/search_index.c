/* The words of an item, and the order of rows. */
#include "terminal/catalogue/search_index.h"

#include "terminal/catalogue/gtin.h"

#include <string.h>

/* A word that no folded text can hold: a sign, and the bytes in hexadecimal. */
static enum status add_coded(const char *sign, const char *bytes, size_t length, struct buf *out)
{
    enum status status = buf_append_text(out, sign);
    for (size_t i = 0; i < length && status == STATUS_OK; i++)
        status = buf_printf(out, "%02x", (unsigned)(unsigned char)bytes[i]);
    return status;
}

enum status search_index_category(const char *category, struct buf *out)
{
    return add_coded("\xC2\xA7", category, strlen(category), out);
}

enum status search_index_signs(const char *text, size_t length, struct buf *out)
{
    while (length > 0 && text[0] == ' ') {
        text++;
        length--;
    }
    while (length > 0 && text[length - 1] == ' ')
        length--;
    return length > 0 ? add_coded("\xC2\xB6", text, length, out) : STATUS_OK;
}

void search_words_init(struct search_words *words)
{
    words->fold = fold_create();
    words->sku_is_code = false;
    buf_init(&words->out, SEARCH_WORDS_BYTES_MAX);
}

void search_words_finish(struct search_words *words)
{
    fold_destroy(words->fold);
    buf_finish(&words->out);
}

static void cut_at(struct buf *out, size_t length)
{
    out->used = length;
    out->data[length] = '\0';
}

enum status search_words_begin(struct search_words *words, const char *name, const char *category)
{
    struct buf *out = &words->out;
    buf_clear(out);
    words->sku_is_code = false;
    enum status status = fold_words(words->fold, name, strlen(name), out);
    size_t plain = out->used;
    if (status == STATUS_OK)
        status = buf_append_text(out, " | ");
    size_t start = out->used;
    if (status == STATUS_OK)
        status = fold_index_words(words->fold, name, strlen(name), out);
    if (status != STATUS_OK)
        return status;
    /* Most names have no other words than the folded ones: then they need not stand there twice. */
    if (out->used - start == plain && memcmp(out->data, out->data + start, plain) == 0)
        cut_at(out, start);
    if (plain == 0)
        status = search_index_signs(name, strlen(name), out);
    if (category[0] == '\0' || status != STATUS_OK)
        return status;
    status = buf_append_byte(out, ' ');
    return status == STATUS_OK ? search_index_category(category, out) : status;
}

/* Appends one word unless it is among those behind the bar. */
static enum status add_once(struct buf *out, const char *word)
{
    const char *at = strchr(buf_text(out), '|');
    size_t length = strlen(word);
    while (at != NULL && (at = strstr(at, word)) != NULL) {
        if (at[-1] == ' ' && (at[length] == ' ' || at[length] == '\0'))
            return STATUS_OK;
        at += length;
    }
    enum status status = buf_append_byte(out, ' ');
    return status == STATUS_OK ? buf_append(out, word, length) : status;
}

static enum status add_given(struct fold *fold, const char *given, struct buf *out)
{
    struct buf words;
    buf_init(&words, 8192);
    enum status status = fold_index_words(fold, given, strlen(given), &words);
    for (char *word = words.data; word != NULL && *word != '\0' && status == STATUS_OK;) {
        char *end = word + strcspn(word, " ");
        bool last = *end == '\0';
        *end = '\0';
        status = add_once(out, word);
        word = last ? end : end + 1;
    }
    buf_finish(&words);
    return status;
}

static enum status add_code(struct search_words *words, const char *code, const char *given)
{
    enum status status = add_given(words->fold, given, &words->out);
    if (status != STATUS_OK)
        return status;
    if (strlen(code) != GTIN_DIGITS || !gtin_check_valid(code, GTIN_DIGITS))
        return add_given(words->fold, code, &words->out);
    size_t start = gtin_printed(code);
    status = add_once(&words->out, code + start);
    /* Readers show a UPC-A with the zero that makes it an EAN-13. */
    return status == STATUS_OK && start == 2 ? add_once(&words->out, code + 1) : status;
}

void search_words_code(struct search_words *words, const char *sku, const char *code,
                       const char *given)
{
    size_t before = words->out.used;
    words->sku_is_code = words->sku_is_code || strcmp(sku, code) == 0;
    if (add_code(words, code, given) != STATUS_OK)
        cut_at(&words->out, before);
}

void search_words_end(struct search_words *words, const char *sku)
{
    size_t before = words->out.used;
    if (!words->sku_is_code && add_given(words->fold, sku, &words->out) != STATUS_OK)
        cut_at(&words->out, before);
}

int search_key_compare(const struct search_key *a, const struct search_key *b)
{
    if (a->popularity != b->popularity)
        return a->popularity > b->popularity ? -1 : 1;
    size_t a_length = strcspn(a->words, "|"), b_length = strcspn(b->words, "|");
    size_t shorter = a_length < b_length ? a_length : b_length;
    int order = memcmp(a->words, b->words, shorter);
    if (order != 0)
        return order;
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    return strcmp(a->sku, b->sku);
}
