/* Folding text for search: the same words for the index and for what a person types.
 *
 * Compatibility forms become plain ones, case and accents go (é e, Ł l, ø o, đ d, ı i), ligatures
 * and ß are spelled out (ß ss, æ ae, œ oe, þ th); letters of other scripts stay: Arabic loses its
 * vowel marks and tatweel only, kana keep their voicing, Hangul is split into its letters so that
 * half a syllable finds it. Everything that is neither letter, digit nor vowel sign ends a word.
 *
 * A word of the index is at most FOLD_WORD_MAX characters; what is longer is cut.
 */
#ifndef HOLDFAST_CATALOGUE_FOLD_H
#define HOLDFAST_CATALOGUE_FOLD_H

#include "terminal/base/buf.h"
#include "terminal/base/status.h"

#include <stddef.h>

#define FOLD_WORD_MAX 24

/* Remembers how characters fold (ICU is asked once per character). One thread. */
struct fold;
struct fold *fold_create(void);
void fold_destroy(struct fold *fold); /* NULL is fine */

/* Appends the words of a query or a name, one space between them: "Crème brûlée, d'Œuf" is
 * "creme brulee d oeuf". Malformed bytes end a word. STATUS_RANGE at the buffer's ceiling. */
enum status fold_words(struct fold *fold, const char *text, size_t length,
                       struct buf *out) MUST_USE;

/* Appends the words under which a name is found, one space between them: those of fold_words, and
 *   - words joined across an apostrophe, a hyphen or `&` ("kellogg's": kellogg s kelloggs),
 *   - for scripts that write without spaces (Chinese, kana, Thai, Lao, Khmer, Burmese) every end of
 *     a run, so that a prefix search finds any part of it.
 */
enum status fold_index_words(struct fold *fold, const char *text, size_t length,
                             struct buf *out) MUST_USE;

#endif
