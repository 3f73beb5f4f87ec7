/* The command line of the till.
 */
#ifndef HOLDFAST_UI_OPTIONS_H
#define HOLDFAST_UI_OPTIONS_H

#include "terminal/base/status.h"

#include <stdbool.h>

struct options {
    const char *data;     /* --data DIR */
    const char *script;   /* --script FILE, NULL for none */
    const char *shots;    /* --shots DIR: where a script's pictures go */
    const char *language; /* --language XX; NULL: the person's, else the location's */
    const char *theme;    /* --theme NAME; NULL: as last chosen here */
    int width, height;    /* --size WxH */
    int text_percent;     /* --text-scale; 0: as last chosen here */
    int panel_mm;         /* --panel-mm N; 0: the location's, else guessed from the size */
    bool headless;        /* no window: frames are drawn in memory */
    bool windowed;        /* --windowed: not full screen */
    bool mute;
    bool help, version;
};

/* Texts are borrowed from argv. STATUS_INVALID with one line for the terminal. */
enum status options_read(int argc, char **argv, struct options *out, struct error *error) MUST_USE;

/* What --help prints. */
const char *options_help(void);

#endif
