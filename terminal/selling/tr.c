#include "terminal/selling/tr.h"

#include <libintl.h>

const char *tr(const char *english)
{
    return english[0] == '\0' ? "" : dgettext("holdfast", english);
}

const char *tr_count(const char *one, const char *many, unsigned long count)
{
    return dngettext("holdfast", one, many, count);
}
