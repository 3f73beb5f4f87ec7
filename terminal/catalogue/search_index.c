/* The words of an item, and the order of rows. */
#include "terminal/catalogue/search_index.h"

#include "terminal/catalogue/gtin.h"

#include <string.h>

enum status search_index_category(const char *category, struct buf *out)
{
    enum status status = buf_append_text(out, "\xC2\xA7");
    for (; *category != '\0' && status == STATUS_OK; category++)
        status = buf_printf(out, "%02x", (unsigned)(unsigned char)*category);
    return status;
}

enum status search_index_item(struct fold *fold, const char *name, const char *sku,
                              const char *category, struct buf *out)
{
    buf_clear(out);
    enum status status = fold_words(fold, name, strlen(name), out);
    size_t plain = out->used;
    if (status == STATUS_OK)
        status = buf_append_text(out, " | ");
    size_t start = out->used;
    if (status == STATUS_OK)
        status = fold_index_words(fold, name, strlen(name), out);
    /* Most names have no other words than the folded ones: then they need not stand there twice. */
    if (status == STATUS_OK && out->used - start == plain &&
        memcmp(out->data, out->data + start, plain) == 0) {
        out->used = start;
        out->data[start] = '\0';
    }
    if (status == STATUS_OK && out->used > start)
        status = buf_append_byte(out, ' ');
    if (status == STATUS_OK && category[0] != '\0') {
        status = search_index_category(category, out);
        if (status == STATUS_OK)
            status = buf_append_byte(out, ' ');
    }
    return status == STATUS_OK ? fold_index_words(fold, sku, strlen(sku), out) : status;
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

enum status search_index_code(struct fold *fold, const char *code, const char *given,
                              struct buf *out)
{
    enum status status = add_given(fold, given, out);
    if (status != STATUS_OK || !gtin_check_valid(code, strlen(code)) || strlen(code) != GTIN_DIGITS)
        return status == STATUS_OK ? add_given(fold, code, out) : status;
    size_t start = gtin_printed(code);
    status = add_once(out, code + start);
    /* Readers show a UPC-A with the zero that makes it an EAN-13. */
    return status == STATUS_OK && start == 2 ? add_once(out, code + 1) : status;
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
