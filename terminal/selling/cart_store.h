/* Carts in till.db: one small row per line and one for the head, so that a change writes little.
 *
 *   cart_row   cart << 16 | line  ─ doc (JSON)        line 0 is the head
 *   counter    name ─ value                           the last number given of each kind
 *
 * Exactly one cart at most is open; the others are parked. A cart that was sold is named by its
 * receipt; its rows go with the first change of the next cart. Selection and armed multiplier are
 * not kept. All functions write inside the caller's transaction.
 */
#ifndef HOLDFAST_SELLING_CART_STORE_H
#define HOLDFAST_SELLING_CART_STORE_H

#include "terminal/base/db.h"
#include "terminal/selling/cart.h"

/* Writes what differs from `before` (NULL: everything). A cart with id 0 gets its id here; in
 * `cart` only, so a caller that rolls back goes back to its copy. STATUS_RANGE: the rows would be
 * above CART_BYTES; such a cart is to be paid or parked. */
enum status cart_store_save(struct db *db, struct cart *cart, const struct cart *before,
                            struct error *error) MUST_USE;

/* Deletes the rows of a cart; 0 is fine. */
enum status cart_store_delete(struct db *db, int64_t id, struct error *error) MUST_USE;

/* A cart by id into an uninitialised struct. STATUS_NOT_FOUND. STATUS_CORRUPT. */
enum status cart_store_load(struct db *db, int64_t id, struct cart *out,
                            struct error *error) MUST_USE;

/* The id of the open cart, 0 when there is none (or its head does not read: logged, left alone). */
enum status cart_store_open_id(struct db *db, int64_t *out, struct error *error) MUST_USE;

/* Heads of parked carts (without lines), the latest first. */
enum status cart_store_parked(struct db *db, struct cart *out, int max, int *count,
                              struct error *error) MUST_USE;

/* counter: the next number (1, 2, ...), and the last one given. */
enum status counter_next(struct db *db, const char *name, int64_t *out,
                         struct error *error) MUST_USE;
enum status counter_last(struct db *db, const char *name, int64_t *out,
                         struct error *error) MUST_USE;

#endif
