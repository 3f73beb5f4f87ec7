/* The commands of holdfast-admin. Each gets what was typed, checks it, does its work and prints its
 * report on stdout: for people, or one JSON object with --json. A failure is one line in *error and
 * nothing half done.
 */
#ifndef HOLDFAST_ADMIN_COMMANDS_H
#define HOLDFAST_ADMIN_COMMANDS_H

#include "sync/admin/options.h"

#include <jansson.h>
#include <stdint.h>

/* arguments: the words behind the command's own. */
typedef enum status command_run(const struct options *options, const char *const *arguments,
                                int count, struct error *error);

/* At the ledger: --url and --token-file. */
command_run command_location_add;
command_run command_staff_add;
command_run command_import;
command_run command_load;
command_run command_enroll_code;
command_run command_ledger_stock;
command_run command_totals;
command_run command_exceptions;
command_run command_exception_show;
command_run command_exception_assign;
command_run command_exception_settle;
command_run command_exception_reopen;
command_run command_exception_apply; /* a fork's branch, by a person's decision */
command_run command_report_money;
command_run command_token_add;
command_run command_token_list;
command_run command_token_revoke;
command_run command_device_list;
command_run command_device_revoke;
command_run command_device_reinstate;
command_run command_device_admit;
command_run command_webhook_add;
command_run command_webhook_list;
command_run command_webhook_remove;

/* At a till: --data. */
command_run command_enroll;
command_run command_find;
command_run command_replay;
command_run command_verify; /* STATUS_CORRUPT without a text when the journal has faults */
command_run command_till_stock;
command_run command_receipt;
command_run command_scan;

/* One JSON value and a line end on stdout. */
void print_json(const json_t *value);

/* A quantity for print_json: a plain decimal of thousandths as a JSON number ("1.25", "100"), exact
 * and never a floating-point number. */
json_t *json_milli(int64_t milli);

#endif
