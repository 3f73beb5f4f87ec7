/* Looking things up for the screens: tiles with price and stock.
 */
#include "terminal/till_internal.h"

#include "terminal/stock/stock.h"

#include <stdlib.h>
#include <string.h>

#define PAGE          50
#define VARIANTS_MOST 99

struct add_moment till_moment(struct till *till)
{
    struct local_time now = till_now(till);

    return (struct add_moment){.catalogue = till->catalogue,
                               .prices = price_context_at(&now),
                               .minute_of_day = now.hour * 60 + now.minute};
}

static void fill_stock(const struct stock_level *level, bool stocked, struct stock_view *out)
{
    out->stocked = stocked;
    if (!stocked)
        return;
    out->on_hand = level->on_hand;
    out->unsent = level->pending;
    out->as_of_ms = level->as_of_ms;
}

/* How many there are to choose from; VARIANTS_MOST stands for "many". */
static enum status count_variants(struct till *till, const char *sku, int *out, struct error *error)
{
    struct item *items;
    size_t count = 0;
    bool any;
    enum status status = catalogue_has_variants(till->catalogue, sku, &any, error);

    *out = 0;
    if (status != STATUS_OK || !any)
        return status;
    items = mem_alloc(VARIANTS_MOST * sizeof *items);
    status = catalogue_variants(till->catalogue, sku, 0, items, VARIANTS_MOST, &count, error);
    *out = (int)count;
    free(items);
    return status;
}

static enum status fill_tile(struct till *till, const struct add_moment *moment,
                             const struct item *item, struct tile_view *out, struct error *error)
{
    struct category category = {0};
    struct item_price price;
    enum status status;

    memset(out, 0, sizeof *out);
    copy_text(out->sku, sizeof out->sku, item->sku);
    copy_text(out->name, sizeof out->name, item->name);
    copy_text(out->unit, sizeof out->unit, item->unit);
    out->price_mode = item->price_mode;
    out->blocked = item->state != ITEM_ACTIVE;
    out->stock.stocked = item->stocked;
    status = count_variants(till, item->sku, &out->variants, error);
    if (status == STATUS_OK && item->category[0] != '\0')
        status = catalogue_category(till->catalogue, item->category, &category, error);
    if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    copy_text(out->colour, sizeof out->colour, category.colour);
    if (status != STATUS_OK || item->price_mode == PRICE_OPEN)
        return status;
    status = catalogue_price(till->catalogue, item->sku, "", (struct quantity){QUANTITY_ONE},
                             &moment->prices, &price, error);
    out->has_price = status == STATUS_OK;
    if (out->has_price)
        out->price = price.price;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Stock of all tiles in one reading. */
static enum status fill_levels(struct till *till, struct tile_view *tiles, int count,
                               struct error *error)
{
    const char **skus = mem_alloc(((size_t)count + 1) * sizeof *skus);
    struct stock_level *levels = mem_alloc(((size_t)count + 1) * sizeof *levels);
    enum status status = STATUS_OK;

    for (int i = 0; i < count; i++)
        skus[i] = tiles[i].sku;
    if (count > 0)
        status = stock_of_each(till->db, catalogue_db(till->catalogue), till->identity.location,
                               skus, (size_t)count, levels, error);
    for (int i = 0; status == STATUS_OK && i < count; i++)
        fill_stock(&levels[i], tiles[i].stock.stocked, &tiles[i].stock);
    free(skus);
    free(levels);
    return status;
}

static enum status fill_items(struct till *till, const struct item *items, size_t found,
                              struct tile_view *out, int *count, struct error *error)
{
    struct add_moment moment = till_moment(till);
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < found; i++)
        status = fill_tile(till, &moment, &items[i], &out[(*count)++], error);
    return status == STATUS_OK ? fill_levels(till, out, *count, error) : status;
}

enum status till_item(struct till *till, const char *sku, struct tile_view *out,
                      struct error *error)
{
    struct item item;
    int count = 0;
    enum status status = till_want_replica(till, error);

    if (status == STATUS_OK)
        status = catalogue_item(till->catalogue, sku, &item, error);
    return status == STATUS_OK ? fill_items(till, &item, 1, out, &count, error) : status;
}

enum status till_categories(struct till *till, struct category_view *out, int max, int *count,
                            struct error *error)
{
    struct category categories[PAGE];
    size_t found = PAGE;
    enum status status = till_want_replica(till, error);

    *count = 0;
    while (status == STATUS_OK && found == PAGE && *count < max) {
        status = catalogue_categories(till->catalogue, "", (size_t)*count, categories, PAGE, &found,
                                      error);
        for (size_t i = 0; status == STATUS_OK && i < found && *count < max; i++) {
            struct category_view *view = &out[(*count)++];

            memset(view, 0, sizeof *view);
            copy_text(view->id, sizeof view->id, categories[i].id);
            copy_text(view->name, sizeof view->name, categories[i].name);
            copy_text(view->colour, sizeof view->colour, categories[i].colour);
        }
    }
    return status;
}

enum status till_favourites(struct till *till, struct tile_view *out, int max, int *count,
                            struct error *error)
{
    struct favourite *favourites = mem_alloc((size_t)max * sizeof *favourites + 1);
    struct item *items = mem_alloc((size_t)max * sizeof *items + 1);
    size_t found = 0;
    enum status status = till_want_replica(till, error);

    *count = 0;
    if (status == STATUS_OK)
        status = catalogue_favourites(till->catalogue, 0, favourites, (size_t)max, &found, error);
    for (size_t i = 0; i < found; i++)
        items[i] = favourites[i].item;
    if (status == STATUS_OK)
        status = fill_items(till, items, found, out, count, error);
    free(favourites);
    free(items);
    return status;
}

enum status till_variants(struct till *till, const char *sku, struct tile_view *out, int max,
                          int *count, struct error *error)
{
    struct item *items = mem_alloc((size_t)max * sizeof *items + 1);
    size_t found = 0;
    enum status status = till_want_replica(till, error);

    *count = 0;
    if (status == STATUS_OK)
        status = catalogue_variants(till->catalogue, sku, 0, items, (size_t)max, &found, error);
    if (status == STATUS_OK)
        status = fill_items(till, items, found, out, count, error);
    for (int i = 0; status == STATUS_OK && i < *count; i++) {
        if (items[i].variant_label[0] != '\0')
            copy_text(out[i].name, sizeof out[i].name, items[i].variant_label);
    }
    free(items);
    return status;
}

enum status till_packs(struct till *till, const char *sku, struct pack_view *out, int max,
                       int *count, struct error *error)
{
    struct item_pack *packs = mem_alloc((size_t)max * sizeof *packs + 1);
    size_t found = 0;
    enum status status = till_want_replica(till, error);

    *count = 0;
    if (status == STATUS_OK)
        status = catalogue_packs(till->catalogue, sku, packs, (size_t)max, &found, error);
    for (size_t i = 0; status == STATUS_OK && i < found; i++) {
        struct pack_view *view = &out[(*count)++];

        copy_text(view->pack, sizeof view->pack, packs[i].pack);
        copy_text(view->label, sizeof view->label,
                  packs[i].label[0] != '\0' ? packs[i].label : packs[i].pack);
    }
    free(packs);
    return status;
}

/* The hits of a search as items; one that went between two looks is left out. */
static enum status hits_to_tiles(struct till *till, const struct search_hit *hits, size_t found,
                                 struct tile_view *out, int *count, struct error *error)
{
    struct add_moment moment = till_moment(till);

    for (size_t i = 0; i < found; i++) {
        struct item item;
        enum status status = catalogue_item(till->catalogue, hits[i].sku, &item, error);

        if (status == STATUS_NOT_FOUND)
            continue;
        if (status == STATUS_OK)
            status = fill_tile(till, &moment, &item, &out[*count], error);
        if (status != STATUS_OK)
            return status;
        (*count)++;
    }
    return fill_levels(till, out, *count, error);
}

enum status till_search(struct till *till, const char *typed, struct tile_view *out, int max,
                        int *count, struct error *error)
{
    struct search_hit *hits = mem_alloc((size_t)max * sizeof *hits + 1);
    size_t found = 0;
    enum status status = till_want_replica(till, error);

    *count = 0;
    if (status == STATUS_OK)
        status = search_find(till->search, catalogue_db(till->catalogue), typed, 0, hits,
                             (size_t)max, &found, error);
    if (status == STATUS_OK)
        status = hits_to_tiles(till, hits, found, out, count, error);
    free(hits);
    return status;
}

/* Skips whole pages by rank until `offset` rows are behind. */
static enum status grid_rank(struct till *till, const char *category, int offset, int64_t *rank,
                             struct error *error)
{
    struct search_hit hits[PAGE];

    *rank = 0;
    while (offset > 0) {
        size_t found, want = offset < PAGE ? (size_t)offset : PAGE;
        enum status status = search_category(till->search, catalogue_db(till->catalogue), category,
                                             "", *rank, hits, want, &found, error);

        if (status != STATUS_OK || found == 0)
            return status;
        *rank = hits[found - 1].rank;
        offset -= (int)found;
        if (found < want)
            offset = 0;
    }
    return STATUS_OK;
}

enum status till_grid(struct till *till, const char *category, int offset, struct tile_view *out,
                      int max, int *count, struct error *error)
{
    struct search_hit *hits = mem_alloc((size_t)max * sizeof *hits + 1);
    size_t found = 0;
    int64_t rank = 0;
    enum status status = till_want_replica(till, error);

    *count = 0;
    if (status == STATUS_OK)
        status = grid_rank(till, category, offset, &rank, error);
    if (status == STATUS_OK)
        status = search_category(till->search, catalogue_db(till->catalogue), category, "", rank,
                                 hits, (size_t)max, &found, error);
    if (status == STATUS_OK)
        status = hits_to_tiles(till, hits, found, out, count, error);
    free(hits);
    return status;
}
