#include "ui/widgets/share.h"

#include <stdint.h>

static int most(int a, int b)
{
    return a > b ? a : b;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int weight_of(const struct share *shares, int count)
{
    int weight = 0;
    for (int i = 0; i < count; i++)
        weight += shares[i].fixed ? 0 : shares[i].weight;
    return weight;
}

/* The weighted ones share `room`; who would fall below its minimum gets that and leaves the game.
 */
static void share_rest(struct share *shares, int count, int room)
{
    bool settled = false;
    while (!settled) {
        settled = true;
        int weight = weight_of(shares, count);
        int passed = 0;
        int given = 0;
        for (int i = 0; i < count && weight > 0; i++) {
            if (shares[i].fixed)
                continue;
            passed += shares[i].weight;
            int until = (int)((int64_t)most(room, 0) * passed / weight);
            shares[i].size = until - given;
            given = until;
        }
        for (int i = 0; i < count; i++) {
            if (shares[i].fixed || shares[i].size >= shares[i].min)
                continue;
            shares[i].size = shares[i].min;
            shares[i].fixed = true;
            room -= shares[i].min;
            settled = false;
        }
    }
}

/* Takes `excess` from those without weight, by how much each can give. */
static void shrink(struct share *shares, int count, int excess)
{
    int can = 0;
    for (int i = 0; i < count; i++)
        can += shares[i].weight == 0 ? shares[i].nat - shares[i].min : 0;
    excess = least(excess, can);
    int passed = 0;
    int taken = 0;
    for (int i = 0; i < count && can > 0; i++) {
        if (shares[i].weight != 0)
            continue;
        passed += shares[i].nat - shares[i].min;
        int until = (int)((int64_t)excess * passed / can);
        shares[i].size = shares[i].nat - (until - taken);
        taken = until;
    }
}

void share_room(struct share *shares, int count, int room)
{
    int natural = 0;
    int minimal = 0;
    for (int i = 0; i < count; i++) {
        shares[i].fixed = shares[i].weight == 0;
        shares[i].size = shares[i].nat;
        natural += shares[i].fixed ? shares[i].nat : 0;
        minimal += shares[i].fixed ? 0 : shares[i].min;
    }
    if (natural + minimal > room) {
        shrink(shares, count, natural + minimal - room);
        natural = 0;
        for (int i = 0; i < count; i++)
            natural += shares[i].weight == 0 ? shares[i].size : 0;
    }
    share_rest(shares, count, room - natural);
}
