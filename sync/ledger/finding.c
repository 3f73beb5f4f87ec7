/* One INSERT. */
#include "sync/ledger/finding.h"

#include "terminal/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DETAIL_MAX 400 /* bytes, cut at a character */

enum status finding_add(struct store_session *session, const struct finding *finding, int64_t at_ms,
                        struct error *error, const char *detail, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, detail);
    (void)vsnprintf(text, sizeof text, detail, arguments);
    va_end(arguments);
    text[text_cut(text, strlen(text), DETAIL_MAX)] = '\0';
    struct store_value values[] = {
        store_int(at_ms),
        store_text(finding->kind),
        store_text(finding->location),
        finding->epoch == NULL ? store_null() : store_blob(finding->epoch->bytes, ID_SIZE),
        store_int(finding->seq),
        store_text(text)};
    return store_run(session,
                     "INSERT INTO exception(at_ms, kind, location, epoch, seq, detail) "
                     "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                     values, 6, error);
}
