/* How the children of a box share its room along one axis.
 */
#ifndef HOLDFAST_WIDGETS_SHARE_H
#define HOLDFAST_WIDGETS_SHARE_H

#include <stdbool.h>

/* One child's wishes, and what it gets. weight 0: its natural size, if there is room. */
struct share {
    int min, nat, weight, size;
    bool fixed; /* for share_room's own use */
};

/* Sets every size. Children without weight get `nat`, those with weight share what is left in
 * proportion, never below `min`. When that is too much for the room, the ones without weight shrink
 * towards `min`, each by its part of what all can give. Where there is a weight and the minima fit,
 * the sizes sum to `room` exactly; sizes are never below `min`. min <= nat. */
void share_room(struct share *shares, int count, int room);

#endif
