/* The tables of till.db that selling owns, beside those of journal, stock and people.
 *
 *   cart_row   cart << 16 | line ─ doc                       carts, open and parked (cart_store.h)
 *   counter    name ─ value
 *   receipt    epoch number << 40 | counter ─ seq, figures   receipt numbers given (sale.h)
 *   reference  reference ─ epoch number << 40 | seq          external ids, unique for ever
 *   shift      shift ─ opened, float, sums, closed           (shift.h)
 *   print_job  id ─ state, document                          (print_job.h)
 */
#ifndef HOLDFAST_SELLING_SCHEMA_H
#define HOLDFAST_SELLING_SCHEMA_H

/* Part of the till's migration 1, after journal_schema. */
extern const char selling_schema[];

#endif
