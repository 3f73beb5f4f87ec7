/* Compiled zone files. The reader takes its bytes from the system's folder only and has no entry of
 * its own: this file includes it to reach its inside.
 */
#include "terminal/base/zone.c" /* NOLINT(bugprone-suspicious-include) */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct zone *zone = mem_alloc(sizeof *zone);
    if (read_zone(zone, bytes, length)) {
        static const int64_t times[] = {ZONE_FIRST, -1, 0, 1795251901, ZONE_LAST};
        for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
            (void)offset_at(zone, times[i]);
        for (size_t i = 0; i < zone->count; i++) {
            if (zone->at[i] < ZONE_FIRST || zone->at[i] > ZONE_LAST)
                continue;
            int32_t offset = offset_at(zone, zone->at[i]);
            INVARIANT(i + 1 == zone->count || offset == zone->offset[i]);
        }
    }
    free_zone(zone);
    return 0;
}
