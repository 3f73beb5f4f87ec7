/* What a model of printer can do: read from a file under assets/printers/.
 *
 *   {"v":1,"name":"epson-80","width_dots":576,"columns":48,"code_page":16,"cutter":1,"qr":1,
 *    "proof":1,"drawer":{"pin":0,"on_ms":50,"off_ms":200}}
 */
#ifndef HOLDFAST_DRIVERS_PROFILE_H
#define HOLDFAST_DRIVERS_PROFILE_H

#include "terminal/base/status.h"

#include <stdbool.h>

struct profile {
    char name[64];
    int width_dots; /* 64..1024, a multiple of 8 */
    int columns;    /* of font A (12 x 24 dots), 16..80 */
    int code_page;  /* the number that ESC t selects Windows-1252 with; -1: ASCII only */
    bool cutter;
    bool qr;                         /* GS ( k; without it a QR code is drawn */
    bool proof;                      /* GS ( H function 48: answers when a job is on paper */
    int drawer_pin;                  /* 0: pin 2, 1: pin 5 */
    int drawer_on_ms, drawer_off_ms; /* 2..510 */
};

/* 80 mm paper at 203 dpi, as Epson's TM-T88 family: what the file printer uses. */
struct profile profile_default(void);

enum status profile_read(const char *path, struct profile *out, struct error *error) MUST_USE;

#endif
