/* A script drives the till by ids and roles, and says what has to be seen. One command per line;
 * # starts a comment; texts may stand in double quotes with \" and \\.
 *
 *   press [ROLE] ID        as a finger would: button pay, tile tile/PAN-001, item line/1
 *                          (an ID that ends in a star: the first that begins so)
 *   touch ID               a real touch in the middle of what is seen of it
 *   type ID "TEXT"         into a field
 *   key NAME               "F12", "Ctrl+P", "7"
 *   digits NUMBER          each digit as a key
 *   scan CODE              as a scanner would
 *   expect ID "TEXT"       its label or value holds the text
 *   expect text "TEXT"     anywhere
 *   expect screen NAME     sell, tender, change, ...
 *   expect gone ID         it is not there
 *   expect STATE ID        enabled, disabled, selected, checked, focused
 *   wait ...               as expect, with more patience: printed, sent, online, or any of the
 * above language XX · theme NAME · text PERCENT · size W H [PANEL_MM] shot NAME SHOTS/NAME.png
 *   audit                  judges the present frame (audit.h); faults are printed and counted
 *   note "TEXT"            printed
 *
 * Nothing sleeps: after each command the loop runs until it is quiet, and what is expected is
 * waited for by events (expect 5 s, wait 60 s).
 */
#ifndef HOLDFAST_UI_SCRIPT_H
#define HOLDFAST_UI_SCRIPT_H

#include "ui/app.h"

/* Runs the file. STATUS_INVALID with "FILE:LINE: why" for the first command that fails, or, at the
 * end, with the number of faults that audits found. */
enum status script_run(struct app *app, const char *file, const char *shots,
                       struct error *error) MUST_USE;

#endif
