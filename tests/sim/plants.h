/* Faults put in on purpose: a simulation that does not find them proves nothing. */
#ifndef HOLDFAST_SIM_PLANTS_H
#define HOLDFAST_SIM_PLANTS_H

#include <stdbool.h>

struct plant {
    const char *name;
    const char *what;
};
const struct plant *plants_list(int *count);
/* False: no such plant. */
bool plant_choose(const char *name);

#endif
