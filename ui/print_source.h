/* The till's print jobs as the spool sees them: the job is a row that the till writes.
 */
#ifndef HOLDFAST_UI_PRINT_SOURCE_H
#define HOLDFAST_UI_PRINT_SOURCE_H

#include "drivers/spool.h"
#include "terminal/till_day.h"

/* Borrowed till; the UI's thread only. */
struct spool_source print_source(struct till *till);

#endif
