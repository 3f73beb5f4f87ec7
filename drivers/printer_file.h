/* A printer for anyone without one: each job becomes NAME.escpos (the very bytes) and NAME.png (the
 * paper that a printer would make of them) in a folder. A second job of one name is NAME-2, and so
 * on: nothing printed is ever overwritten. DEVICE_EVENT_PRINTED with STATUS_OK comes after both
 * are on the disk (fsync of file and folder). One thread per printer.
 *
 * See device.h for the contract of its calls.
 */
#ifndef HOLDFAST_DRIVERS_PRINTER_FILE_H
#define HOLDFAST_DRIVERS_PRINTER_FILE_H

#include "drivers/device.h"

extern const struct printer_driver printer_file_driver; /* where: the folder, made if missing */

#endif
