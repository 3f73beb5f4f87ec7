/* Finding or making the list. */
#include "sync/ledger/import_list.h"

#include <stdio.h>
#include <string.h>

#define CODE_SIZE 4

static enum status first_location(const struct writer_turn *turn, char currency[CODE_SIZE],
                                  struct reference_row *list, struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status = store_query(turn->session,
                                     "SELECT currency, tax_included FROM location "
                                     "WHERE currency <> '' ORDER BY location LIMIT 1",
                                     NULL, 0, &query, error);

    if (status == STATUS_OK)
        status = store_next(turn->session, query, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    if (currency[0] == '\0')
        (void)snprintf(currency, CODE_SIZE, "%s", store_column_text(turn->session, query, 0));
    reference_row_set_int(list, "tax_included", store_column_int(turn->session, query, 1));
    store_done(turn->session, query);
    return STATUS_OK;
}

static enum status make_base(struct rows *rows, const struct writer_turn *turn,
                             char currency[CODE_SIZE], struct error *error)
{
    struct reference_row row;
    enum status status;

    reference_row_init(&row, reference_table_find("price_list"));
    status = first_location(turn, currency, &row, error);
    if (status != STATUS_OK)
        return status;
    if (currency[0] == '\0')
        return error_set(error, STATUS_NOT_FOUND,
                         "no location has a currency yet: say which with ?currency=");
    reference_row_set_text(&row, "list", "base");
    reference_row_set_text(&row, "currency", currency);
    return rows_put(rows, turn, &row, true, error);
}

/* *found is false when there is no such list. */
static enum status list_currency(const struct writer_turn *turn, const char *list,
                                 char currency[CODE_SIZE], bool *found, struct error *error)
{
    struct store_value values[] = {store_text(list)};
    struct store_query *query;
    enum status status = store_query(
        turn->session, "SELECT currency FROM price_list WHERE list = ?1", values, 1, &query, error);

    *found = false;
    if (status == STATUS_OK)
        status = store_next(turn->session, query, found, error);
    if (status != STATUS_OK || !*found)
        return status;
    (void)snprintf(currency, CODE_SIZE, "%s", store_column_text(turn->session, query, 0));
    store_done(turn->session, query);
    return STATUS_OK;
}

enum status import_list_find(struct rows *rows, const struct writer_turn *turn, const char *list,
                             const char *asked, struct currency *out, struct error *error)
{
    char currency[CODE_SIZE] = "";
    bool found;
    enum status status;

    if (asked[0] != '\0' && currency_find(asked, out) != STATUS_OK)
        return error_set(error, STATUS_INVALID, "the currency is not three capital letters");
    status = list_currency(turn, list, currency, &found, error);
    if (status != STATUS_OK)
        return status;
    if (!found && strcmp(list, "base") != 0)
        return error_set(error, STATUS_NOT_FOUND, "there is no price list %s", list);
    if (!found) {
        (void)snprintf(currency, sizeof currency, "%s", asked);
        status = make_base(rows, turn, currency, error);
    } else if (asked[0] != '\0' && strcmp(asked, currency) != 0) {
        return error_set(error, STATUS_CONFLICT, "the price list %s is in %s", list, currency);
    }
    if (status == STATUS_OK && currency_find(currency, out) != STATUS_OK)
        status = error_set(error, STATUS_INVALID, "the price list %s has no currency", list);
    return status;
}
