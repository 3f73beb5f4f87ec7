/* What every program of the simulation has in common. */
#include "tests/sim/node.h"

#include <string.h>

void node_begin(struct node *node, const char *name)
{
    node->process = disk_process_start(node->machine->disk, name);
    node->generation++;
    node->stopped_until = 0;
    node->start_at = 0;
    node->pause_in = 0;
    node->armed = 0;
}

void node_enter(struct node *node)
{
    (void)disk_enter(node->process);
    if (node->pause_in > 0 && !world_now->pausing)
        disk_pause_at(node->process, node->pause_in);
}

bool node_leave(struct node *node)
{
    disk_pause_at(node->process, 0);
    (void)disk_enter(NULL);
    return !disk_dead(node->process);
}

void node_arm(struct node *node, uint64_t operations, enum disk_death how)
{
    node->armed = operations;
    node->armed_at = disk_operations(node->process);
    node->death = how;
    disk_die_at(node->process, operations, how);
}

void node_look(struct node *node)
{
    static const struct disk_faults none;

    disk_set_faults(node->machine->disk, &none);
    if (node->armed > 0) {
        uint64_t gone = disk_operations(node->process) - node->armed_at;
        node->armed -= gone < node->armed ? gone : node->armed;
        disk_die_at(node->process, 0, node->death);
    }
    (void)disk_enter(node->process);
}

void node_look_end(struct node *node)
{
    (void)disk_enter(NULL);
    disk_set_faults(node->machine->disk, &node->machine->faults);
    if (node->armed > 0)
        node_arm(node, node->armed, node->death);
}

void seat_note_power(struct world *world, struct seat *seat)
{
    uint64_t cuts = disk_tally()->power_cuts;

    if (cuts == world->power_cuts)
        return;
    world->power_cuts = cuts;
    memset(&seat->seen, 0, sizeof seat->seen);
}

bool node_is_dead(const struct node *node)
{
    return node->process != NULL && !node->paused && disk_dead(node->process);
}

void seat_bury(struct world *world, struct seat *seat)
{
    seat_note_power(world, seat);
    if (node_is_dead(&seat->agent_node))
        agent_node_bury(world, seat);
    if (node_is_dead(&seat->till_node))
        till_node_bury(world, seat);
}
