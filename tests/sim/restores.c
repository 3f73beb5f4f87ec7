#include "tests/sim/restores.h"

#include "terminal/base/buf.h"
#include "terminal/base/db.h"
#include "tests/sim/faults.h"
#include "tests/sim/node.h"
#include "tests/sim/observe.h"

#include <stdio.h>
#include <string.h>

#define TAIL 2 /* the newest entries are checked at every start: those stay whole */

void restores_backup_seat(struct seat *seat)
{
    disk_image_release(seat->backup);
    seat->backup = disk_freeze(seat->machine.disk);
}

void restores_backup_ledger(struct world *world)
{
    disk_image_release(world->backup);
    world->backup = disk_freeze(world->office.disk);
}

static void switch_off(struct world *world, struct seat *seat)
{
    agent_node_end(world, seat);
    till_node_end(world, seat);
}

static void switch_on(struct world *world, const struct seat *seat)
{
    world_schedule(world, world->now_ms + faults_pause(world), EVENT_START_TILL, seat->index, 0, 0);
    world_schedule(world, world->now_ms + faults_pause(world), EVENT_START_AGENT, seat->index, 0,
                   0);
}

/* What the seat holds from now on is what its disk says. */
static void rewind_seat(struct seat *seat)
{
    seat->journal.rewound = true;
    seat->journal.may_open = true;
    seat->operation.pending = false;
    seat->drawer_known = false;
    memset(&seat->seen, 0, sizeof seat->seen);
}

/* The whole disk, or till.db alone beside a sync.db that knows better. */
static void restore_till(struct world *world, struct seat *seat)
{
    if (seat->backup == NULL)
        return;
    world_fault(world, FAULT_TILL_RESTORED);
    switch_off(world, seat);
    if (chance_below(&world->chance_fault, 2) == 0) {
        disk_restore(seat->machine.disk, seat->backup);
    } else {
        disk_restore_file(seat->machine.disk, seat->backup, TILL_FOLDER "/till.db");
        disk_restore_file(seat->machine.disk, seat->backup, TILL_FOLDER "/till.db-wal");
        disk_restore_file(seat->machine.disk, seat->backup, TILL_FOLDER "/till.db-shm");
    }
    rewind_seat(seat);
    switch_on(world, seat);
}

/* A second machine with the same disk: as it is now, or as it was at the last backup. */
static void clone_till(struct world *world, struct seat *seat)
{
    struct seat *clone = &world->seat[world->seats];
    struct disk_image *image = NULL;
    bool behind = seat->backup != NULL && chance_below(&world->chance_fault, 2) == 0;

    if (world->seats == SIM_SEATS)
        return;
    world_fault(world, FAULT_TILL_CLONED);
    *clone = (struct seat){.index = world->seats, .store = seat->store, .origin = seat->origin};
    clone->journal.told = -1;
    (void)snprintf(clone->machine.name, sizeof clone->machine.name, "T%02d-%c", seat->origin + 1,
                   'a' + world->seats);
    clone->machine.entropy = chance_start(world->seed, 100 + (uint64_t)clone->index);
    clone->machine.wall_off_ms = seat->machine.wall_off_ms;
    if (!behind)
        image = disk_freeze(seat->machine.disk);
    clone->machine.disk = disk_create(clone->machine.name, behind ? seat->backup : image);
    disk_image_release(image);
    clone->till_node.machine = clone->agent_node.machine = &clone->machine;
    rewind_seat(clone);
    for (int i = 0; i < world->seats; i++) {
        if (world->seat[i].origin == seat->origin)
            world->seat[i].journal.may_open = true;
    }
    world->seats++;
    switch_on(world, clone);
    world_schedule(world, world->now_ms + 3000, EVENT_TILL_TURN, clone->index, 0, 0);
}

/* The database comes back from a copy; what lies beside it stays. */
static void restore_ledger(struct world *world)
{
    if (world->backup == NULL)
        return;
    world_fault(world, FAULT_LEDGER_RESTORED);
    ledger_node_end(world);
    disk_restore_file(world->office.disk, world->backup, LEDGER_PATH);
    disk_restore_file(world->office.disk, world->backup, LEDGER_PATH "-wal");
    disk_restore_file(world->office.disk, world->backup, LEDGER_PATH "-shm");
    world->ledger_rewound = true;
    world_schedule(world, world->now_ms + faults_pause(world), EVENT_START_LEDGER, 0, 0, 0);
    /* Tills that held a head of the lost part may open another epoch. */
    for (int i = 0; i < world->seats; i++)
        world->seat[i].journal.may_open = true;
}

/* A record of the seat's current epoch that is neither new nor damaged yet; -1: none. */
static int any_record(struct world *world, const struct seat *seat)
{
    const struct model *model = &world->model;
    int at = seat->journal.count == 0 ? -1 : seat->journal.epochs[seat->journal.count - 1].head;
    int64_t back;

    if (at < 0 || model->records[at].seq < 2 + 2 * TAIL)
        return -1;
    back = chance_between(&world->chance_fault, TAIL, model->records[at].seq - 2);
    while (back-- > 0 && at >= 0)
        at = model->records[at].prev;
    return at < 0 || model->records[at].seq < 2 || model->records[at].tampered ? -1 : at;
}

/* The text of `prev` is in one entry only. A flipped bit in the main file is seen by nobody but
 * who checks hashes. */
static void damage_entry(struct world *world, struct seat *seat)
{
    int index = any_record(world, seat);
    char hex[HASH_HEX_SIZE];

    if (index < 0)
        return;
    struct fact *record = &world->model.records[index];
    hex_write(world->model.records[record->prev].hash.bytes, HASH_SIZE, hex);
    if (!disk_flip_in(seat->machine.disk, TILL_FOLDER "/till.db", hex, HASH_HEX_SIZE - 1, 5))
        return;
    world_fault(world, FAULT_ENTRY_DAMAGED);
    trace_line(&world->trace, world->now_ms, "%s entry %lld is damaged on its disk",
               seat->machine.name, (long long)record->seq);
    record->tampered = true;
    seat->tampered = true;
}

static enum status run_on_journal(struct seat *seat, const char *sql, const struct fact *record)
{
    struct disk_process *process = disk_process_start(seat->machine.disk, "vandal");
    struct db_statement *statement;
    struct db *db = NULL;
    struct error error;
    enum status status;

    (void)disk_enter(process);
    status = db_open(TILL_FOLDER "/till.db", DB_OWNER_FULL, &db, &error);
    if (status == STATUS_OK) {
        (void)sqlite3_db_config(db_handle(db), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        status = db_prepare(db, sql, &statement, &error);
    }
    if (status == STATUS_OK) {
        db_bind_blob(statement, 1, record->hash.bytes, HASH_SIZE);
        status = db_run(statement, &error);
    }
    db_close(db);
    (void)disk_enter(NULL);
    disk_process_end(process);
    return status;
}

/* While the till does not run: an entry grown beyond all limits, or gone with its row. */
static void lose_entry(struct world *world, struct seat *seat)
{
    int index = any_record(world, seat);
    bool gone = false;
    enum status status;

    if (index < 0)
        return;
    struct fact *record = &world->model.records[index];
    switch_off(world, seat);
    status = run_on_journal(seat,
                            gone ? "DELETE FROM entry WHERE hash = ?1"
                                 : "UPDATE entry SET bytes = zeroblob(300000) WHERE hash = ?1",
                            record);
    if (status == STATUS_OK) {
        world_fault(world, FAULT_ENTRY_LOST);
        trace_line(&world->trace, world->now_ms, "%s entry %lld is %s", seat->machine.name,
                   (long long)record->seq, gone ? "gone" : "too large");
        record->tampered = true;
        seat->tampered = true;
    }
    switch_on(world, seat);
}

void restores_strike(struct world *world, struct seat *seat, enum fault fault)
{
    if (fault == FAULT_TILL_RESTORED)
        restore_till(world, seat);
    else if (fault == FAULT_TILL_CLONED)
        clone_till(world, seat);
    else if (fault == FAULT_LEDGER_RESTORED)
        restore_ledger(world);
    else if (fault == FAULT_ENTRY_DAMAGED)
        damage_entry(world, seat);
    else
        lose_entry(world, seat);
}
