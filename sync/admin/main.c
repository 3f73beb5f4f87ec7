/* holdfast-admin: what managers and engineers ask of a ledger and of a till's data folder.
 * Exit status: 0 done, 1 it could not be done (or the journal is not whole), 2 no such
 * command or option.
 */
#include "sync/admin/commands.h"
#include "terminal/base/crypto.h"
#include "terminal/base/log.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum place { AT_LEDGER, AT_TILL };

static const struct {
    const char *first, *second; /* the command's words; second may be NULL */
    enum place place;
    command_run *run;
    const char *usage, *purpose;
} commands[] = {
    {"location", "add", AT_LEDGER, command_location_add,
     "location add ID --name N --currency GBP --timezone Europe/London",
     "a shop; also --legal-name --address --tax-id --tax standard=A:20,zero=Z:0 --tax-included "
     "0|1\n"
     "      --cash-rounding MINOR --language en --locale en-GB --header TEXT --footer TEXT"},
    {"staff", "add", AT_LEDGER, command_staff_add,
     "staff add --id ID --name N --role cashier|senior|manager|stock --pin-file F",
     "a person; also --pin PIN, --badge CODE, --language L"},
    {"import", NULL, AT_LEDGER, command_import, "import FILE [--stock S01=100]",
     "products from TSV, CSV or Shopify's CSV; the rejected are in FILE.rejected.tsv"},
    {"load", NULL, AT_LEDGER, command_load, "load FOLDER",
     "reference rows from every *.json of a folder, and its staff.tsv"},
    {"enroll-code", NULL, AT_LEDGER, command_enroll_code, "enroll-code --location S01 --till T01",
     "a one-time code for a new till"},
    {"totals", NULL, AT_LEDGER, command_totals, "totals", "entries, sales, returns and gross"},
    {"stock", NULL, AT_LEDGER, command_ledger_stock, "stock SKU", "stock by location and status"},
    {"exceptions", NULL, AT_LEDGER, command_exceptions,
     "exceptions [--state open|assigned|settled|all] [--after ID]",
     "what a person should look at, with the last note; without --state what is not settled"},
    {"exception", "show", AT_LEDGER, command_exception_show, "exception show ID",
     "one exception with its history"},
    {"exception", "assign", AT_LEDGER, command_exception_assign, "exception assign ID --to WHO",
     "gives it to a person"},
    {"exception", "settle", AT_LEDGER, command_exception_settle, "exception settle ID --note TEXT",
     "closes it; a note of up to 500 bytes may go with every step"},
    {"exception", "reopen", AT_LEDGER, command_exception_reopen, "exception reopen ID",
     "opens it again"},
    {"exception", "apply", AT_LEDGER, command_exception_apply, "exception apply ID",
     "takes a fork's branch in: its entries count from then on, once"},
    {"report", "money", AT_LEDGER, command_report_money,
     "report money --location S01 [--from 2026-11-01] [--to 2026-11-30]",
     "money by business date: gross, net, taxes, tenders; business dates are included"},
    {"token", "add", AT_LEDGER, command_token_add,
     "token add NAME --scopes orders,stock [--days N] [--output F]",
     "a token, shown once; scopes: read stock reference enroll orders exceptions metrics\n"
     "      hooks admin"},
    {"token", "list", AT_LEDGER, command_token_list, "token list", "names, scopes, times"},
    {"token", "revoke", AT_LEDGER, command_token_revoke, "token revoke NAME",
     "refuses it from now on"},
    {"device", "list", AT_LEDGER, command_device_list, "device list", "the enrolled tills"},
    {"device", "revoke", AT_LEDGER, command_device_revoke, "device revoke ID",
     "refuses a till from now on"},
    {"device", "reinstate", AT_LEDGER, command_device_reinstate, "device reinstate ID",
     "takes that back"},
    {"device", "admit", AT_LEDGER, command_device_admit, "device admit FOLDER",
     "a till that a restored ledger does not know, by its data folder"},
    {"webhook", "add", AT_LEDGER, command_webhook_add,
     "webhook add NAME --to https://... --events \"sale stock.low\"",
     "tells others what happens (* for all); prints the secret that signs it, this once"},
    {"webhook", "list", AT_LEDGER, command_webhook_list, "webhook list", "queues and failures"},
    {"webhook", "remove", AT_LEDGER, command_webhook_remove, "webhook remove NAME",
     "ends it, and its queue"},
    {"enroll", NULL, AT_TILL, command_enroll, "enroll --url U --code C",
     "makes the folder a till's; --ca FILE for a private authority, --tls-pin sha256//BASE64 for "
     "the"
     " ledger's key, --proxy http://HOST:PORT"},
    {"find", NULL, AT_TILL, command_find, "find TEXT-OR-CODE",
     "products of the till's catalogue; --batch FILE for many queries"},
    {"replay", NULL, AT_TILL, command_replay, "replay FILE.csv",
     "rings up real invoices (InvoiceNo, StockCode, Quantity, UnitPrice)"},
    {"verify", NULL, AT_TILL, command_verify, "verify", "checks the journal; status 1 for faults"},
    {"stock", NULL, AT_TILL, command_till_stock, "stock SKU", "what the till has on hand"},
    {"receipt", NULL, AT_TILL, command_receipt, "receipt NUMBER [--format text|png|escpos]",
     "a receipt again; --output FILE"},
    {"scan", NULL, AT_TILL, command_scan, "scan CODE", "scans into the running till"},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void help(void)
{
    printf("holdfast-admin - asks and tells a ledger or a till\n\n"
           "At the ledger: holdfast-admin --url U --token-file F [--ca FILE] [--json] COMMAND\n");
    for (size_t i = 0; i < COMMANDS; i++)
        if (commands[i].place == AT_LEDGER)
            printf("  %s\n      %s\n", commands[i].usage, commands[i].purpose);
    printf("\nAt a till: holdfast-admin --data DIR [--json] COMMAND\n");
    for (size_t i = 0; i < COMMANDS; i++)
        if (commands[i].place == AT_TILL)
            printf("  %s\n      %s\n", commands[i].usage, commands[i].purpose);
    printf("\nExit status: 0 done, 1 not done, 2 no such command.\n");
}

/* The command of the words; with --data the till's when both places have one. */
static int find_command(const struct options *options, int *words)
{
    enum place place = options_get(options, "data") ? AT_TILL : AT_LEDGER;
    for (size_t i = 0; i < COMMANDS; i++) {
        bool two = commands[i].second != NULL;
        if (commands[i].place != place || options->word_count < 1 + two ||
            strcmp(options->words[0], commands[i].first) != 0 ||
            (two && strcmp(options->words[1], commands[i].second) != 0))
            continue;
        *words = 1 + two;
        return (int)i;
    }
    return -1;
}

static enum status run(const struct options *options, bool *misused, struct error *error)
{
    int words;
    int index = find_command(options, &words);
    *misused = index < 0;
    if (options->word_count == 0)
        return error_set(error, STATUS_INVALID, "no command; see --help");
    if (index < 0)
        return error_set(error, STATUS_INVALID, "'%s' is no command %s; see --help",
                         options->words[0],
                         options_get(options, "data") ? "at a till (--data)"
                                                      : "at a ledger (--url, --token-file)");
    return commands[index].run(options, options->words + words, options->word_count - words, error);
}

int main(int argc, char **argv)
{
    struct options options;
    struct error error = {0};
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    (void)umask(0077); /* databases, keys and receipts are their owner's */
    log_set_level(LOG_LEVEL_WARN);
    crypto_start();
    enum status status = options_read(argc, argv, &options, &error);
    bool misused = status != STATUS_OK;
    if (!status && options.help) {
        help();
        return 0;
    }
    if (!status && options.version) {
        printf("holdfast-admin %s\n", HOLDFAST_VERSION);
        return 0;
    }
    if (!status)
        status = run(&options, &misused, &error);
    if (!status)
        return 0;
    if (error.text[0])
        fprintf(stderr, "holdfast-admin: %s\n", error.text);
    return misused ? 2 : 1;
}
