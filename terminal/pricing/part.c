#include "terminal/pricing/part.h"

struct share {
    int64_t amount, tax;
};

/* The tax of prices that include it is a share of the rounded amount, not of the quantity: so
 * neither it nor the net beside it ever goes back a step while the amount goes on. */
static enum status share_of(const struct pricing_paid *paid, int64_t base, struct share *out)
{
    enum status status = multiply_divide(paid->amount.minor, base, paid->base.milli, &out->amount);

    out->tax = 0;
    if (status != STATUS_OK || paid->tax.minor == 0)
        return status;
    if (paid->tax_included)
        return multiply_divide(paid->tax.minor, out->amount, paid->amount.minor, &out->tax);
    return multiply_divide(paid->tax.minor, base, paid->base.milli, &out->tax);
}

static bool is_valid(const struct pricing_paid *paid)
{
    return paid->base.milli > 0 && paid->amount.minor >= 0 && paid->tax.minor >= 0 &&
           (!paid->tax_included || paid->tax.minor <= paid->amount.minor);
}

static int64_t at_most(int64_t value, int64_t most)
{
    return value < most ? value : most;
}

enum status pricing_part(const struct pricing_paid *paid, struct quantity before,
                         struct quantity back, struct money *amount, struct money *tax)
{
    struct quantity after;
    struct share old, new;
    enum status status;

    if (!is_valid(paid) || before.milli < 0 || back.milli <= 0)
        return STATUS_INVALID;
    status = quantity_add(before, back, &after);
    if (status == STATUS_OK)
        status = share_of(paid, at_most(before.milli, paid->base.milli), &old);
    if (status == STATUS_OK)
        status = share_of(paid, at_most(after.milli, paid->base.milli), &new);
    if (status != STATUS_OK)
        return status;
    amount->minor = new.amount - old.amount;
    tax->minor = new.tax - old.tax;
    INVARIANT(amount->minor >= 0 && tax->minor >= 0);
    return STATUS_OK;
}
