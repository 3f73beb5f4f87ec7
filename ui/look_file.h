/* How this till looks, kept over restarts: DIR/look.json, written by the till only.
 *
 *   {"v":1,"language":"","theme":"light","text_percent":100,"mute":0,"left_handed":0}
 */
#ifndef HOLDFAST_UI_LOOK_FILE_H
#define HOLDFAST_UI_LOOK_FILE_H

#include "ui/screens/desk.h"

/* Light, 100 %, the person's language. */
struct look look_default(void);

/* What the file says, where it makes sense; a missing or damaged file changes nothing. */
void look_read(const char *path, struct look *look);

/* Durable when it returns STATUS_OK. */
enum status look_write(const char *path, const struct look *look, struct error *error) MUST_USE;

#endif
