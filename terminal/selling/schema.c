#include "terminal/selling/schema.h"

/* `receipt`, `print_job` and `cart_row` have whole numbers as keys, so that a sale touches only the
 * last page of each; what is looked for otherwise is looked for rarely. */
const char selling_schema[] =
    "CREATE TABLE cart_row(key INTEGER PRIMARY KEY, doc TEXT NOT NULL);"
    "CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE receipt(key INTEGER PRIMARY KEY, number TEXT NOT NULL, entry INTEGER NOT NULL,"
    "  at_ms INTEGER NOT NULL, total INTEGER NOT NULL, rounding INTEGER NOT NULL,"
    "  paid INTEGER NOT NULL, change INTEGER NOT NULL, cash INTEGER NOT NULL,"
    "  is_return INTEGER NOT NULL, staff TEXT NOT NULL, print_job INTEGER NOT NULL,"
    "  sku_last TEXT NOT NULL, cart INTEGER NOT NULL);"
    "CREATE TABLE reference(reference TEXT PRIMARY KEY, entry INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE shift(shift INTEGER PRIMARY KEY, opened_ms INTEGER NOT NULL,"
    "  opened_by TEXT NOT NULL, opening_float INTEGER NOT NULL, entry INTEGER NOT NULL,"
    "  sums TEXT NOT NULL, closed INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE print_job(id INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL,"
    "  state TEXT NOT NULL CHECK(state IN ('queued','printing','printed','failed')),"
    "  number TEXT NOT NULL, copy_of TEXT NOT NULL, attempts INTEGER NOT NULL,"
    "  uncertain INTEGER NOT NULL, last_error TEXT NOT NULL, entry INTEGER NOT NULL,"
    "  note TEXT NOT NULL, document TEXT NOT NULL);"
    "CREATE TRIGGER receipt_stays BEFORE DELETE ON receipt BEGIN"
    "  SELECT RAISE(ABORT, 'receipt numbers stay'); END;"
    "CREATE TRIGGER reference_stays BEFORE DELETE ON reference BEGIN"
    "  SELECT RAISE(ABORT, 'references stay'); END;";
