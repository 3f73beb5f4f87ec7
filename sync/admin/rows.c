#include "sync/admin/rows.h"

#include "terminal/base/crypto.h"
#include "terminal/base/text.h"
#include "terminal/journal/device.h"
#include "terminal/money/money.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void rows_add(json_t *rows, const char *table, json_t *row)
{
    INVARIANT(row);
    json_array_append_new(rows, json_pack("{s:s,s:s,s:o}", "t", table, "op", "put", "row", row));
}

static const char *word(const struct options *options, const char *name, const char *fallback)
{
    const char *value = options_get(options, name);
    return value ? value : fallback;
}

/* A time zone is one that this machine's zone database has. */
static bool zone_exists(const char *zone)
{
    char path[256];
    struct stat info;
    if (strstr(zone, "..") || zone[0] == '/' || !zone[0])
        return false;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", zone);
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static enum status tax_rate_row(const char *list, char *spec, json_t *rows, struct error *error)
{
    char *code = strchr(spec, '=');
    char *rate = code ? strchr(code, ':') : NULL;
    int64_t ppm;
    if (!rate || code == spec || rate == code + 1)
        return error_set(error, STATUS_INVALID, "--tax: '%s' is not CLASS=CODE:PERCENT", spec);
    *code++ = '\0';
    *rate++ = '\0';
    if (decimal_read(rate, 4, &ppm) || ppm < 0 || ppm > RATE_ONE)
        return error_set(error, STATUS_INVALID, "--tax: '%s' is no percentage from 0 to 100", rate);
    char name[64];
    snprintf(name, sizeof name, "%s%%", rate);
    rows_add(rows, "tax_rate",
             json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:s}", "tax_list", list, "tax_class", spec,
                       "valid_from", "", "valid_to", "", "code", code, "name", name, "rate_ppm",
                       (json_int_t)ppm, "treatment", ""));
    return STATUS_OK;
}

static enum status tax_rows(const char *list, const char *spec, json_t *rows, struct error *error)
{
    char *copy = mem_copy_text(spec), *rest = copy, *one;
    enum status status = STATUS_OK;
    while (!status && (one = strsep(&rest, ",")))
        status = tax_rate_row(list, one, rows, error);
    free(copy);
    return status;
}

static enum status want_number(const struct options *options, const char *name,
                               const char *fallback, int64_t max, int64_t *out, struct error *error)
{
    const char *value = word(options, name, fallback);
    if (decimal_read(value, 0, out) || *out < 0 || *out > max)
        return error_set(error, STATUS_INVALID, "--%s: '%s' is no number from 0 to %lld", name,
                         value, (long long)max);
    return STATUS_OK;
}

static bool all_utf8(const struct options *options)
{
    for (int i = 0; i < options->given_count; i++)
        if (!text_is_utf8(options->given[i].value, strlen(options->given[i].value)))
            return false;
    for (int i = 0; i < options->word_count; i++)
        if (!text_is_utf8(options->words[i], strlen(options->words[i])))
            return false;
    return true;
}

enum status location_rows(const struct options *options, const char *id, json_t *rows,
                          struct error *error)
{
    const char *name, *code, *zone;
    struct currency currency;
    int64_t rounding, included;
    enum status status;
    if (!all_utf8(options))
        return error_set(error, STATUS_INVALID, "names are UTF-8 text");
    if ((status = options_want(options, "name", &name, error)) ||
        (status = options_want(options, "currency", &code, error)) ||
        (status = options_want(options, "timezone", &zone, error)) ||
        (status = want_number(options, "cash-rounding", "1", 100000, &rounding, error)) ||
        (status = want_number(options, "tax-included", "1", 1, &included, error)))
        return status;
    if (!location_id_valid(id))
        return error_set(error, STATUS_INVALID,
                         "'%s': a location's id has letters, digits, '-', '_' and '.'", id);
    if (currency_find(code, &currency))
        return error_set(error, STATUS_INVALID, "--currency: '%s' is no ISO 4217 code", code);
    if (!zone_exists(zone))
        return error_set(error, STATUS_INVALID, "--timezone: '%s' is no IANA time zone", zone);
    char list[80];
    snprintf(list, sizeof list, "%s-tax", id);
    status = tax_rows(list, word(options, "tax", "standard=Z:0"), rows, error);
    if (status)
        return status;
    rows_add(rows, "location",
             json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:s,s:s,s:s,s:s}", "location",
                       id, "name", name, "kind", word(options, "kind", "shop"), "legal_name",
                       word(options, "legal-name", name), "address", word(options, "address", ""),
                       "tax_id", word(options, "tax-id", ""), "timezone", zone, "currency", code,
                       "tax_list", list, "tax_included", (json_int_t)included, "cash_round_minor",
                       (json_int_t)(rounding ? rounding : 1), "language",
                       word(options, "language", "en"), "locale", word(options, "locale", "en-GB"),
                       "receipt_header", word(options, "header", ""), "receipt_footer",
                       word(options, "footer", "")));
    return STATUS_OK;
}

static const struct {
    const char *id, *name, *permissions;
} first_roles[] = {
    {"cashier", "Cashier", "sell return void shift_open shift_close x_report"},
    {"senior", "Senior cashier",
     "sell return void discount no_sale shift_open shift_close x_report paid_in_out approve"},
    {"manager", "Manager",
     "sell return void discount price_override no_sale shift_open shift_close x_report paid_in_out "
     "adjust unlock approve settings"},
    {"stock", "Stock", "adjust"},
};

enum status staff_rows(const struct staff_words *words, json_t *rows, struct error *error)
{
    char hash[PIN_HASH_SIZE];
    if (!text_is_utf8(words->id, strlen(words->id)) ||
        !text_is_utf8(words->name, strlen(words->name)) ||
        !text_is_utf8(words->role, strlen(words->role)))
        return error_set(error, STATUS_INVALID, "names are UTF-8 text");
    enum status status = pin_hash(words->pin, pin_cost_default(), hash);
    if (status)
        return error_set(error, status, "the PIN could not be hashed");
    for (size_t i = 0; i < sizeof first_roles / sizeof first_roles[0]; i++)
        if (strcmp(words->role, first_roles[i].id) == 0)
            rows_add(rows, "role",
                     json_pack("{s:s,s:s,s:s}", "id", first_roles[i].id, "name",
                               first_roles[i].name, "permissions", first_roles[i].permissions));
    rows_add(rows, "staff",
             json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:i}", "id", words->id, "name", words->name,
                       "role", words->role, "pin_hash", hash, "badge",
                       words->badge ? words->badge : "", "language",
                       words->language ? words->language : "", "active", 1));
    return STATUS_OK;
}
