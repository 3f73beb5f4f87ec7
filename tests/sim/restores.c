#include "tests/sim/restores.h"

#include "terminal/base/buf.h"
#include "terminal/base/db.h"
#include "terminal/base/fs.h"
#include "tests/sim/faults.h"
#include "tests/sim/node.h"
#include "tests/sim/observe.h"

#include <stdio.h>
#include <string.h>

#define LEDGER_BACKUP "/ledger/backup.db"
#define TAIL          2 /* the newest entries are checked at every start: those stay whole */

void restores_backup_seat(struct world *world, struct seat *seat)
{
    disk_image_release(seat->backup);
    seat->backup = disk_freeze(seat->machine.disk);
    seat->backup_tampered = seat->tampered;
    model_copy_damage(&world->model, FACT_ON_DISK(seat->index), FACT_IN_BACKUP(seat->index));
}

/* By the product's own command, as a process of its own beside the ledger that serves. */
static enum status run_store(struct world *world, bool restore)
{
    struct disk_process *process = disk_process_start(world->office.disk, "store");
    struct error error;
    enum status status;

    (void)disk_enter(process);
    if (restore) {
        status = store_restore("sqlite:" LEDGER_PATH, LEDGER_BACKUP, &error);
    } else {
        (void)fs_unlink(LEDGER_BACKUP);
        status = store_backup("sqlite:" LEDGER_PATH, LEDGER_BACKUP, &error);
    }
    (void)disk_enter(NULL);
    disk_process_end(process);
    return status;
}

static bool disk_is_well(const struct machine *machine)
{
    static const struct disk_faults none;

    return memcmp(&machine->faults, &none, sizeof none) == 0 && !machine->small;
}

void restores_backup_ledger(struct world *world)
{
    if (world->ledger == NULL || !disk_is_well(&world->office))
        return;
    world->has_backup = run_store(world, false) == STATUS_OK;
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
    seat->copied = true;
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
    seat->tampered = seat->backup_tampered;
    model_copy_damage(&world->model, FACT_IN_BACKUP(seat->index), FACT_ON_DISK(seat->index));
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
    clone->tampered = behind ? seat->backup_tampered : seat->tampered;
    model_copy_damage(&world->model,
                      (uint16_t)(behind ? FACT_IN_BACKUP(seat->index) : FACT_ON_DISK(seat->index)),
                      FACT_ON_DISK(clone->index));
    for (int i = 0; i < world->seats; i++) {
        if (world->seat[i].origin == seat->origin)
            world->seat[i].journal.may_open = world->seat[i].copied = true;
    }
    world->seats++;
    switch_on(world, clone);
    world_schedule(world, world->now_ms + 3000, EVENT_TILL_TURN, clone->index, 0, 0);
}

/* The database comes back from the backup; what lies beside it stays. */
static void restore_ledger(struct world *world)
{
    if (!world->has_backup || !disk_is_well(&world->office))
        return;
    world_fault(world, FAULT_LEDGER_RESTORED);
    ledger_node_end(world);
    if (run_store(world, true) != STATUS_OK)
        world_fail(world, 2, "the ledger can't be restored from its backup");
    world->ledger_rewound = true;
    world_schedule(world, world->now_ms + faults_pause(world), EVENT_START_LEDGER, 0, 0, 0);
    /* Tills that held a head of the lost part may open another epoch. */
    for (int i = 0; i < world->seats; i++)
        world->seat[i].journal.may_open = true;
}

/* A record of the seat's current epoch that is neither new nor damaged yet; -1: none. */
static int any_fact(struct world *world, const struct seat *seat)
{
    const struct model *model = &world->model;
    int at = seat->journal.count == 0 ? -1 : seat->journal.epochs[seat->journal.count - 1].head;
    int64_t back;

    if (at < 0 || model->facts[at].seq < 2 + 2 * TAIL)
        return -1;
    back = chance_between(&world->chance_fault, TAIL, model->facts[at].seq - 2);
    while (back-- > 0 && at >= 0)
        at = model->facts[at].prev;
    return at < 0 || model->facts[at].seq < 2 || model->facts[at].tampered ? -1 : at;
}

static enum status run_on_journal(struct seat *seat, const char *sql, const struct fact *fact)
{
    static const struct disk_faults none;
    struct disk_process *process = disk_process_start(seat->machine.disk, "vandal");
    struct db_statement *statement;
    struct db *db = NULL;
    int64_t changed = 0;
    struct error error;
    enum status status;

    disk_set_faults(seat->machine.disk, &none);
    (void)disk_enter(process);
    status = db_open(TILL_FOLDER "/till.db", DB_OWNER_FULL, &db, &error);
    if (status == STATUS_OK) {
        (void)sqlite3_db_config(db_handle(db), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        status = db_prepare(db, sql, &statement, &error);
    }
    if (status == STATUS_OK) {
        db_bind_blob(statement, 1, fact->hash.bytes, HASH_SIZE);
        status = db_run(statement, &error);
        changed = db_changes(db);
    }
    db_close(db);
    (void)disk_enter(NULL);
    disk_process_end(process);
    disk_set_faults(seat->machine.disk, &seat->machine.faults);
    return status == STATUS_OK && changed == 0 ? STATUS_NOT_FOUND : status;
}

/* While the till does not run: a letter of an entry becomes another, or the entry grows beyond all
 * limits, or its row is gone. */
static void spoil_entry(struct world *world, struct seat *seat, enum fault fault)
{
    static const char letter[] = "UPDATE entry SET bytes = CAST(replace(CAST(bytes AS TEXT), "
                                 "'\"business', '\"musiness') AS BLOB) WHERE hash = ?1";
    static const char growth[] = "UPDATE entry SET bytes = zeroblob(300000) WHERE hash = ?1";
    static const char gone[] = "DELETE FROM entry WHERE hash = ?1";
    bool grows = chance_below(&world->chance_fault, 2) == 0;
    int index = any_fact(world, seat);

    if (index < 0 || seat->journal.rewound)
        return;
    struct fact *fact = &world->model.facts[index];
    switch_off(world, seat);
    if (run_on_journal(seat,
                       fault == FAULT_ENTRY_LOST ? gone
                       : grows                   ? growth
                                                 : letter,
                       fact) == STATUS_OK) {
        world_fault(world, fault);
        trace_line(&world->trace, world->now_ms, "%s entry %lld is spoilt", seat->machine.name,
                   (long long)fact->seq);
        fact->tampered = true;
        if (fault == FAULT_ENTRY_LOST)
            fact->gone |= FACT_ON_DISK(seat->index);
        else
            fact->spoilt |= FACT_ON_DISK(seat->index);
        seat->tampered = true;
        seat->journal.may_open = true; /* it may be the acknowledged one */
        world->tampered++;
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
    else
        spoil_entry(world, seat, fault);
}
