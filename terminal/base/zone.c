/* The zones that were asked for: a list that only grows at its head and whose members never change,
 * so readers need no lock.
 *
 *   known ──► London ──► New_York ──► NULL
 *
 * A zone has the instants at which its offset changes, the offset from each of them on, and a
 * footer rule for the time after the last:
 *
 *        before │ offset[0] │ offset[1] │ ... │ footer rule, or the last offset
 *             at[0]       at[1]        at[2]
 *
 * The list is state of the process, as the files it mirrors are state of the system: nothing can
 * be told from it but what the files say. It is bounded, because names come from outside; a name
 * beyond the bound is read each time.
 */
#include "terminal/base/zone.h"

#include "terminal/base/buf.h"
#include "terminal/base/file.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONE_FOLDER   "/usr/share/zoneinfo/"
#define NAME_SIZE     64
#define RULE_SIZE     96
#define FILE_CEILING  ((size_t)256 * 1024)
#define KNOWN_LIMIT   1024
#define HEADER_SIZE   44
#define DAY_SECONDS   86400
#define SECONDS_LIMIT (26 * 3600) /* RFC 8536, 3.2: offsets lie within -25 h and 26 h */

struct zone {
    struct zone *next;
    char name[NAME_SIZE];
    char rule[RULE_SIZE];
    size_t count;
    int64_t *at;
    int32_t *offset;
    int32_t before;
};

static _Atomic(struct zone *) known;
static atomic_int known_count;

/* The six counts of a TZif header, and where its data block starts. */
struct tzif {
    const uint8_t *data;
    size_t isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt;
    uint8_t version;
};

static uint32_t read_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t read_i64(const uint8_t *bytes)
{
    return (int64_t)((uint64_t)read_u32(bytes) << 32 | read_u32(bytes + 4));
}

static bool read_header(const uint8_t *bytes, size_t length, struct tzif *out)
{
    if (length < HEADER_SIZE || memcmp(bytes, "TZif", 4) != 0)
        return false;
    *out = (struct tzif){
        .data = bytes + HEADER_SIZE,
        .isutcnt = read_u32(bytes + 20),
        .isstdcnt = read_u32(bytes + 24),
        .leapcnt = read_u32(bytes + 28),
        .timecnt = read_u32(bytes + 32),
        .typecnt = read_u32(bytes + 36),
        .charcnt = read_u32(bytes + 40),
        .version = bytes[4],
    };
    /* With every count below the ceiling of the file, no sum of sizes can overflow. */
    return out->isutcnt <= FILE_CEILING && out->isstdcnt <= FILE_CEILING &&
           out->leapcnt <= FILE_CEILING && out->timecnt <= FILE_CEILING &&
           out->typecnt <= FILE_CEILING && out->charcnt <= FILE_CEILING;
}

static size_t block_size(const struct tzif *file, size_t time_size)
{
    return file->timecnt * time_size + file->timecnt + file->typecnt * 6 + file->charcnt +
           file->leapcnt * (time_size + 4) + file->isstdcnt + file->isutcnt;
}

static bool offset_allowed(int32_t offset)
{
    return offset <= SECONDS_LIMIT && offset >= -SECONDS_LIMIT;
}

static bool read_transitions(struct zone *zone, const struct tzif *file)
{
    const uint8_t *indices = file->data + file->timecnt * 8;
    const uint8_t *types = indices + file->timecnt;
    zone->count = file->timecnt;
    zone->at = mem_alloc(file->timecnt * sizeof *zone->at);
    zone->offset = mem_alloc(file->timecnt * sizeof *zone->offset);
    zone->before = (int32_t)read_u32(types);
    if (!offset_allowed(zone->before))
        return false;
    for (size_t i = 0; i < file->timecnt; i++) {
        zone->at[i] = read_i64(file->data + i * 8);
        if (indices[i] >= file->typecnt || (i > 0 && zone->at[i] <= zone->at[i - 1]))
            return false;
        zone->offset[i] = (int32_t)read_u32(types + (size_t)indices[i] * 6);
        if (!offset_allowed(zone->offset[i]))
            return false;
    }
    return true;
}

/* The footer is "\nRULE\n"; an empty rule means that the last offset goes on. */
static bool read_footer(struct zone *zone, const uint8_t *bytes, size_t length)
{
    if (length < 2 || bytes[0] != '\n')
        return false;
    const uint8_t *end = memchr(bytes + 1, '\n', length - 1);
    if (end == NULL)
        return false;
    size_t size = (size_t)(end - bytes) - 1;
    if (size >= sizeof zone->rule)
        return false;
    memcpy(zone->rule, bytes + 1, size);
    zone->rule[size] = '\0';
    int32_t ignored;
    return size == 0 || zone_rule_offset(zone->rule, 0, &ignored);
}

static bool read_zone(struct zone *zone, const uint8_t *bytes, size_t length)
{
    struct tzif file;
    if (!read_header(bytes, length, &file) || file.version < '2')
        return false;
    size_t skipped = HEADER_SIZE + block_size(&file, 4); /* the 32-bit block of version 1 */
    if (skipped > length || !read_header(bytes + skipped, length - skipped, &file))
        return false;
    size_t end = skipped + HEADER_SIZE + block_size(&file, 8);
    /* Leap seconds are in the "right/" files only, whose seconds are not those of a wall time. */
    if (end > length || file.typecnt == 0 || file.leapcnt != 0)
        return false;
    return read_transitions(zone, &file) && read_footer(zone, bytes + end, length - end);
}

static bool name_allowed(const char *name)
{
    size_t length = strnlen(name, NAME_SIZE);
    if (length == 0 || length == NAME_SIZE || name[0] == '/' || name[0] == '.')
        return false;
    return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                             "_+-/")] == '\0';
}

static void free_zone(struct zone *zone)
{
    free(zone->at);
    free(zone->offset);
    free(zone);
}

/* Never NULL: a zone that cannot be read is one with no changes and offset 0. */
static struct zone *load_zone(const char *name)
{
    struct zone *zone = mem_alloc(sizeof *zone);
    (void)snprintf(zone->name, sizeof zone->name, "%s", name);
    char path[sizeof ZONE_FOLDER + NAME_SIZE];
    (void)snprintf(path, sizeof path, "%s%s", ZONE_FOLDER, zone->name);
    struct buf bytes;
    buf_init(&bytes, FILE_CEILING);
    bool valid = file_read(path, &bytes, NULL) == STATUS_OK &&
                 read_zone(zone, (const uint8_t *)buf_text(&bytes), bytes.used);
    buf_finish(&bytes);
    if (!valid) {
        zone->count = 0;
        zone->before = 0;
        zone->rule[0] = '\0';
    }
    return zone;
}

static struct zone *find_known(const char *name)
{
    struct zone *zone = atomic_load_explicit(&known, memory_order_acquire);
    while (zone != NULL && strcmp(zone->name, name) != 0)
        zone = zone->next;
    return zone;
}

/* Two threads may both add a zone: it is then there twice, with the same content. */
static bool keep_zone(struct zone *zone)
{
    if (atomic_fetch_add(&known_count, 1) >= KNOWN_LIMIT) {
        atomic_fetch_sub(&known_count, 1);
        return false;
    }
    zone->next = atomic_load_explicit(&known, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&known, &zone->next, zone, memory_order_release,
                                                  memory_order_relaxed)) {
    }
    return true;
}

static int32_t offset_at(const struct zone *zone, int64_t utc_seconds)
{
    if (zone->count > 0 && utc_seconds < zone->at[0])
        return zone->before;
    int32_t offset;
    bool after = zone->count == 0 || utc_seconds >= zone->at[zone->count - 1];
    if (after && zone_rule_offset(zone->rule, utc_seconds, &offset))
        return offset;
    if (zone->count == 0)
        return zone->before;
    size_t low = 0; /* at[low] <= utc_seconds < at[high] */
    size_t high = zone->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->at[middle] <= utc_seconds)
            low = middle;
        else
            high = middle;
    }
    return zone->offset[low];
}

int32_t zone_offset(const char *name, int64_t utc_seconds)
{
    if (!name_allowed(name))
        return 0;
    struct zone *zone = find_known(name);
    if (zone != NULL)
        return offset_at(zone, utc_seconds);
    zone = load_zone(name);
    int32_t offset = offset_at(zone, utc_seconds);
    if (!keep_zone(zone))
        free_zone(zone);
    return offset;
}
