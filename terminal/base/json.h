/* JSON from strangers and for the journal: jansson, with our ceilings and without floating point.
 *
 * Reading refuses: duplicate keys, real numbers, integers beyond int64, text that is not UTF-8,
 * NUL in strings, nesting deeper than 32. Writing is compact and keeps the order of insertion, so
 * the bytes of an entry are what was built and nothing else.
 */
#ifndef HOLDFAST_BASE_JSON_H
#define HOLDFAST_BASE_JSON_H

#include "terminal/base/buf.h"
#include "terminal/base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* One object or array. *out is a new reference. The error's text never quotes the input. */
enum status json_read(const char *bytes, size_t length, json_t **out, struct error *error) MUST_USE;

/* Appends compact JSON. STATUS_RANGE at the buffer's ceiling: the buffer is as before. Aborts on a
 * real number or on nesting deeper than 32. */
enum status json_write(const json_t *value, struct buf *out) MUST_USE;

/* Members of an object. STATUS_INVALID with the key's name when it is missing, of another type or
 * out of bounds. Text is borrowed, at most max_length bytes. */
enum status json_want_int(const json_t *object, const char *key, int64_t min, int64_t max,
                          int64_t *out, struct error *error) MUST_USE;
enum status json_want_text(const json_t *object, const char *key, size_t max_length,
                           const char **out, struct error *error) MUST_USE;
enum status json_want_hex(const json_t *object, const char *key, void *bytes, size_t length,
                          struct error *error) MUST_USE;
enum status json_want_array(const json_t *object, const char *key, size_t max_items, json_t **out,
                            struct error *error) MUST_USE;
enum status json_want_object(const json_t *object, const char *key, json_t **out,
                             struct error *error) MUST_USE;
/* The value, or the fallback when the key is missing or of another type. */
int64_t json_int_or(const json_t *object, const char *key, int64_t fallback);
const char *json_text_or(const json_t *object, const char *key, const char *fallback);
bool json_bool_or(const json_t *object, const char *key, bool fallback);

/* Setting members of an object that is being built; they abort on what can only be a mistake of
 * ours (not an object, text that is not UTF-8). */
void json_put_int(json_t *object, const char *key, int64_t value);
void json_put_text(json_t *object, const char *key, const char *text);
void json_put_hex(json_t *object, const char *key, const void *bytes, size_t length);
void json_put(json_t *object, const char *key, json_t *value); /* takes the reference */
void json_add(json_t *array, json_t *value);                   /* takes the reference */

#endif
