/* One ledger for the whole run of a fuzz target, in a folder of its own. */
#ifndef HOLDFAST_FUZZ_LEDGER_H
#define HOLDFAST_FUZZ_LEDGER_H

#include "sync/ledger/ledger.h"
#include "terminal/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char fuzz_folder[] = "/tmp/holdfast-fuzz-XXXXXX";

static inline void fuzz_remove_folder(void)
{
    char command[96];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", fuzz_folder);
    if (system(command) != 0)
        abort();
}

/* `bearer` receives the administrator's Authorization header. */
static inline struct ledger *fuzz_open_ledger(char bearer[96])
{
    struct ledger_options options = {.clock = clock_system(), .entropy = entropy_system()};
    char location[96], token[96];
    struct ledger *ledger;
    struct error error;
    FILE *file;

    crypto_start();
    log_set_level(LOG_LEVEL_ERROR);
    if (mkdtemp(fuzz_folder) == NULL)
        abort();
    (void)atexit(fuzz_remove_folder);
    (void)snprintf(location, sizeof location, "sqlite:%s/ledger.db", fuzz_folder);
    (void)snprintf(token, sizeof token, "%s/token", fuzz_folder);
    options.location = location;
    if (ledger_init(&options, token, &error) != STATUS_OK ||
        ledger_open(&options, &ledger, &error) != STATUS_OK)
        abort();
    file = fopen(token, "r");
    strcpy(bearer, "Bearer ");
    if (file == NULL || fread(bearer + 7, 1, 64, file) != 64 || fclose(file) != 0)
        abort();
    return ledger;
}

#endif
