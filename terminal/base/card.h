/* Card numbers do not belong in any text that we keep: this finds what looks like one.
 *
 * A card number (ISO/IEC 7812-1) is 13 to 19 digits with a right check digit (Luhn), and starts as
 * the numbers do that card networks give out. People write it in groups, with spaces, dashes,
 * points or slashes between, in the digits of their own script, and with the expiry date behind it;
 * it is found among other groups. Not found: a number that was cut into several texts, or spelled.
 *
 * One in ten of the other numbers of that form has a right check digit, too: fields that hold codes
 * (below) are left out, everywhere else a refusal is the smaller harm. A text that is nothing but
 * 16, 32 or 64 bytes in hex was made by a machine; one in 800 keys would look like a card number.
 */
#ifndef HOLDFAST_BASE_CARD_H
#define HOLDFAST_BASE_CARD_H

#include "terminal/base/json_view.h"

#include <jansson.h>
#include <stdbool.h>

#define CARD_NUMBER_SHORTEST 13

bool card_number_like(const char *text);

/* Whether any text within the value, keys too, looks like one, but for the members of these names:
 * what is scanned or given out by machines (code, given, sku, variant_of, component, linked_sku,
 * item, badge, lot, serial, receipt), numbers of authorities (tax_id), id and url. */
bool card_number_in(const json_t *value);
bool card_number_in_view(const struct json_item *value);

/* Whether a member of this name is left out above. */
bool card_number_exempt(const char *key);

#endif
