/* Short words: they have to fit on a chip in every language. */
#include "ui/screens/reasons.h"

#include "terminal/selling/tr.h"

const char *const discount_reasons[DISCOUNT_REASONS] = {TR_MARK("Damaged"), TR_MARK("Short date"),
                                                        TR_MARK("Price match"), TR_MARK("Goodwill"),
                                                        TR_MARK("Staff")};
const char *const price_reasons[PRICE_REASONS] = {TR_MARK("Label says so"), TR_MARK("Price match"),
                                                  TR_MARK("Damaged"), TR_MARK("Manager’s price")};
const char *const return_reasons[RETURN_REASONS] = {TR_MARK("Changed mind"), TR_MARK("Faulty"),
                                                    TR_MARK("Wrong item"), TR_MARK("Gift")};
const char *const paid_in_reasons[IN_REASONS] = {TR_MARK("More change"), TR_MARK("Correction"),
                                                 TR_MARK("Other")};
const char *const paid_out_reasons[OUT_REASONS] = {
    TR_MARK("To the safe"), TR_MARK("Small purchase"), TR_MARK("Correction"), TR_MARK("Other")};
const char *const no_sale_reasons[NO_SALE_REASONS] = {
    TR_MARK("Give change"), TR_MARK("Check the drawer"), TR_MARK("Other")};
