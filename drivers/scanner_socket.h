/* A scanner that is a local stream socket: what a test, a script or another program scans. Each
 * line is one code; the answer is "ok\n" once the sink has it, or "dropped\n" for a line that is
 * too long, empty, holds a control character other than GS, RS and EOT, is not UTF-8, or came while
 * the scanner is disabled. At most 8 clients at once; the socket's file is 0600 and goes with the
 * scanner. One thread per scanner.
 *
 * See device.h for the contract of its calls.
 */
#ifndef HOLDFAST_DRIVERS_SCANNER_SOCKET_H
#define HOLDFAST_DRIVERS_SCANNER_SOCKET_H

#include "drivers/device.h"

extern const struct scanner_driver scanner_socket_driver; /* where: the socket's path */

/* The other side: scans one code into the socket at `path` and waits for the answer, at most two
 * seconds. STATUS_INVALID when it was dropped, STATUS_NOT_FOUND when nobody listens. */
enum status scanner_socket_scan(const char *path, const char *code, struct error *error) MUST_USE;

#endif
