/* Tenders, and the disk space that a sale will need.
 *
 * A file of 8 MiB lies beside till.db, with its blocks really allocated. When a commit finds the
 * disk full, the file's blocks are given back and the commit goes through: what was tendered is
 * recorded whole. The next tender is refused until the file is there again.
 */
#include "terminal/till_internal.h"

#include "terminal/base/fs.h"
#include "terminal/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *reserve_path(const struct till *till)
{
    return path_join(till->folder, RESERVE_FILE);
}

static bool reserve_there(const char *path)
{
    struct stat found;

    return fs_stat(path, &found) == 0 && found.st_size >= RESERVE_BYTES &&
           (int64_t)found.st_blocks * 512 >= RESERVE_BYTES;
}

static int allocate(const char *path)
{
    int file = fs_open(path, O_RDWR | O_CREAT, 0600);
    int failure;

    if (file < 0)
        return errno;
    failure = fs_allocate(file, RESERVE_BYTES) == 0 ? 0 : errno;
    if (failure != 0)
        (void)fs_unlink(path);
    (void)fs_close(file);
    return failure;
}

enum status till_reserve(struct till *till, struct error *error)
{
    char *path = reserve_path(till);
    int failure = reserve_there(path) ? 0 : allocate(path);

    free(path);
    till->disk_low = failure != 0;
    if (failure != 0)
        return error_set(error, STATUS_FULL, "no room on the disk for another sale: %s",
                         strerror(failure));
    return STATUS_OK;
}

void till_release_reserve(struct till *till)
{
    char *path = reserve_path(till);

    if (fs_unlink(path) != 0 && errno != ENOENT)
        log_line(LOG_LEVEL_WARN, "till", "the reserve stays: %s", strerror(errno));
    till->disk_low = true;
    free(path);
}

enum status till_tender_check(struct till *till, struct error *error)
{
    enum status status = till_want_open(till, error);

    if (status == STATUS_OK)
        status = till_want(till, PERMISSION_SELL, NULL, error);
    if (status != STATUS_OK)
        return status;
    if (cart_standing(&till->cart) == 0 || cart_unsettled(&till->cart) > 0)
        return error_set(error, STATUS_INVALID, "nothing to pay for, or codes to settle");
    if (till->shift.shift == 0)
        return error_set(error, STATUS_CONFLICT, "no shift is open");
    status = refund_holds(till->db, &till->cart, error);
    if (status == STATUS_OK)
        status = till_sale_fits(till, error);
    return status == STATUS_OK ? till_reserve(till, error) : status;
}

enum status till_quick_cash(struct till *till, struct money *out, int max, int *count,
                            struct error *error)
{
    (void)error;
    *count = quick_amounts(till->figures.settlement.cash_due, &till->currency, out, max);
    return STATUS_OK;
}

enum status till_tender_cash(struct till *till, struct money amount, struct error *error)
{
    struct cart before;
    enum status status = till_tender_check(till, error);

    if (status != STATUS_OK)
        return status;
    till_change_begin(till, &before);
    status = cart_tender_cash(&till->cart, amount, &till->figures.settlement, error);
    return till_change_end(till, &before, status, false, error);
}

enum status till_tender_card(struct till *till, struct money amount, const char *reference,
                             struct error *error)
{
    struct cart before;
    enum status status = till_tender_check(till, error);

    if (status != STATUS_OK)
        return status;
    till_change_begin(till, &before);
    status = cart_tender_card(&till->cart, amount, reference, &till->figures.settlement, error);
    return till_change_end(till, &before, status, false, error);
}

enum status till_tender_reverse(struct till *till, int tender, struct error *error)
{
    struct cart before;
    enum status status = till_want_open(till, error);

    if (status == STATUS_OK)
        status = till_want(till, PERMISSION_SELL, NULL, error);
    if (status != STATUS_OK)
        return status;
    till_change_begin(till, &before);
    status = cart_tender_reverse(&till->cart, tender, error);
    return till_change_end(till, &before, status, false, error);
}
