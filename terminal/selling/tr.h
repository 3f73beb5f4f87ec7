/* Texts for people, marked where they stand in the code: tr("Total") is "Total" in the language of
 * the thread's locale, from the catalogue "holdfast" (gettext). The English text is the key.
 *
 * TR_MARK keeps a text for the translators without translating it (tables of constants).
 */
#ifndef HOLDFAST_SELLING_TR_H
#define HOLDFAST_SELLING_TR_H

#define TR_MARK(english) (english)

/* Static or gettext's own memory: never freed, valid for the life of the program. */
const char *tr(const char *english) __attribute__((format_arg(1)));

/* The form for `count`: tr_count("%d item", "%d items", n). */
const char *tr_count(const char *one, const char *many, unsigned long count)
    __attribute__((format_arg(1), format_arg(2)));

#endif
