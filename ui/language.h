/* The language of the texts: gettext's catalogue "holdfast", changed while the program runs.
 */
#ifndef HOLDFAST_UI_LANGUAGE_H
#define HOLDFAST_UI_LANGUAGE_H

#include <stdbool.h>

/* Looks for catalogues under ASSETS/locale. Call once, before any thread. */
void language_start(const char *assets);

/* tr() answers in this language from now on: "de", "ar"; "en" and what has no catalogue are the
 * English of the source. The UI's thread only. */
void language_set(const char *language);

/* Whether its script runs from right to left. */
bool language_is_rtl(const char *language);

#endif
