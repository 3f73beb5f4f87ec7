/* gettext takes the language from LANGUAGE, but only while the locale is not "C"; C.UTF-8 is on
 * every Debian and changes nothing else. It remembers answers until _nl_msg_cat_cntr changes
 * (GNU gettext manual, section 11.2.10). */
#include "ui/language.h"

#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int _nl_msg_cat_cntr;

void language_start(const char *assets)
{
    char folder[4096];

    snprintf(folder, sizeof folder, "%s/locale", assets);
    setlocale(LC_MESSAGES, "C.UTF-8");
    bindtextdomain("holdfast", folder);
    bind_textdomain_codeset("holdfast", "UTF-8");
}

void language_set(const char *language)
{
    setenv("LANGUAGE", language, 1);
    ++_nl_msg_cat_cntr;
}

bool language_is_rtl(const char *language)
{
    static const char *const rtl[] = {"ar", "fa", "he", "ur"};

    for (size_t i = 0; i < sizeof rtl / sizeof *rtl; i++) {
        if (strncmp(language, rtl[i], 2) == 0 && (language[2] == '\0' || language[2] == '-')) {
            return true;
        }
    }
    return false;
}
