/* A set of byte strings: which SKUs and codes a file has named already. */
#ifndef HOLDFAST_LEDGER_TEXT_SET_H
#define HOLDFAST_LEDGER_TEXT_SET_H

#include <stdbool.h>
#include <stddef.h>

struct text_set;
struct text_set *text_set_new(void);
void text_set_free(struct text_set *set); /* NULL is fine */

bool text_set_has(const struct text_set *set, const char *bytes, size_t length);
/* Copies the bytes; false when they are there already. At most 65,535 bytes. */
bool text_set_add(struct text_set *set, const char *bytes, size_t length);

#endif
