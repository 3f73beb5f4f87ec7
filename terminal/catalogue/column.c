/* Texts out of statements; read transactions. */
#include "terminal/catalogue/column.h"

#include "terminal/base/text.h"

#include <string.h>

void column_text(struct db_statement *statement, int column, char *out, size_t size)
{
    const char *text = db_text(statement, column);
    size_t length = text_cut(text, strlen(text), size - 1);
    memcpy(out, text, length);
    out[length] = '\0';
}

enum status reading_begin(struct reading *reading, struct db *db, struct error *error)
{
    reading->db = db;
    reading->opened = !db_in_transaction(db);
    return reading->opened ? db_begin_read(db, error) : STATUS_OK;
}

enum status reading_end(struct reading *reading, enum status status, struct error *error)
{
    if (!reading->opened)
        return status;
    if (status == STATUS_OK)
        return db_commit(reading->db, error);
    db_rollback(reading->db);
    return status;
}
