/* Who acts: signing in, what they may do, and whom they asked.
 */
#include "terminal/till_internal.h"

#include <stdlib.h>
#include <string.h>

#define PIN_MIN 4
#define PIN_MAX 12

/* The role's name; its id when the replica has no such role. */
static void role_name(struct till *till, const char *role, char *out, size_t size)
{
    struct db_statement *statement;
    bool row = false;

    copy_text(out, size, role);
    if (db_prepare(catalogue_db(till->catalogue), "SELECT name FROM role WHERE id = ?", &statement,
                   NULL) != STATUS_OK)
        return;
    db_bind_text(statement, 1, role);
    if (db_step(statement, &row, NULL) == STATUS_OK && row && db_text(statement, 0)[0] != '\0')
        copy_text(out, size, db_text(statement, 0));
    db_reset(statement);
}

enum status till_staff(struct till *till, struct staff_view *out, int max, int *count,
                       struct error *error)
{
    struct staff *staff = NULL;
    size_t found = 0;
    enum status status = till_want_replica(till, error);

    *count = 0;
    if (status == STATUS_OK)
        status = people_list(catalogue_db(till->catalogue), &staff, &found, error);
    for (size_t i = 0; status == STATUS_OK && i < found && *count < max; i++) {
        struct staff_view *view = &out[(*count)++];
        int64_t retry = 0;

        memset(view, 0, sizeof *view);
        copy_text(view->id, sizeof view->id, staff[i].id);
        copy_text(view->name, sizeof view->name, staff[i].name);
        copy_text(view->language, sizeof view->language, staff[i].language);
        view->permissions = staff[i].permissions;
        role_name(till, staff[i].role, view->role, sizeof view->role);
        if (people_locked(till->db, staff[i].id, till_wall(till), &retry, error) == STATUS_OK &&
            retry > 0)
            view->locked_until_ms = till_wall(till) + retry;
    }
    free(staff);
    return status;
}

enum status till_badge(struct till *till, const char *code, char staff[KEY_SIZE],
                       struct error *error)
{
    struct code parsed;
    struct staff person;
    enum status status = till_want_replica(till, error);

    if (status == STATUS_OK && code_parse(code, strlen(code), SYMBOLOGY_UNKNOWN, NULL,
                                          till_now(till).year, &parsed, error) != STATUS_OK)
        return error_set(error, STATUS_NOT_FOUND, "not a code");
    if (status == STATUS_OK)
        status = people_by_badge(catalogue_db(till->catalogue), parsed.text, &person, error);
    if (status == STATUS_OK)
        copy_text(staff, KEY_SIZE, person.id);
    return status;
}

static bool pin_valid(const char *pin)
{
    size_t length = strlen(pin);

    return length >= PIN_MIN && length <= PIN_MAX && strspn(pin, "0123456789") == length;
}

enum status till_pin_begin(struct till *till, const char *staff, const char *pin,
                           struct pin_check *out, struct error *error)
{
    int64_t retry = 0;
    enum status status = till_want_writer(till, error);

    memset(out, 0, sizeof *out);
    till->denied = 0;
    if (status == STATUS_OK)
        status = till_want_replica(till, error);
    if (status != STATUS_OK)
        return status;
    if (!pin_valid(pin))
        return error_set(error, STATUS_INVALID, "a PIN has %d to %d digits", PIN_MIN, PIN_MAX);
    status = people_attempt_start(till->db, catalogue_db(till->catalogue), staff, till_wall(till),
                                  &out->attempt, &retry, error);
    if (status == STATUS_OK)
        memcpy(out->pin, pin, strlen(pin) + 1);
    return till_after(till, status, error);
}

void pin_check_run(struct pin_check *check)
{
    check->matches = people_attempt_check(&check->attempt, check->pin);
    check->done = true;
    secret_wipe(check->pin, sizeof check->pin);
}

static enum status finish_check(struct till *till, struct pin_check *check, struct error *error)
{
    int64_t retry = 0;
    enum status status = till_want_writer(till, error);

    till->denied = 0;
    if (status == STATUS_OK && !check->done)
        return error_set(error, STATUS_INVALID, "the PIN was not checked yet");
    if (status == STATUS_OK)
        status = till_want_replica(till, error);
    if (status != STATUS_OK)
        return status;
    status = people_attempt_finish(till->db, &check->attempt, check->matches, till_wall(till),
                                   &retry, error);
    check->done = false;
    return till_after(till, status, error);
}

enum status till_sign_in(struct till *till, struct pin_check *check, struct error *error)
{
    struct staff staff = check->attempt.staff;
    enum status status = finish_check(till, check, error);

    if (status != STATUS_OK)
        return status;
    till->staff = staff;
    till->signed_in = true;
    till->locked = false;
    till_approval_drop(till);
    role_name(till, staff.role, till->role_name, sizeof till->role_name);
    return STATUS_OK;
}

void till_sign_out(struct till *till)
{
    till->signed_in = false;
    till->locked = false;
    till_approval_drop(till);
    memset(&till->staff, 0, sizeof till->staff);
}

void till_lock(struct till *till)
{
    till->locked = till->signed_in;
    till_approval_drop(till);
}

bool till_may(const struct till *till, enum permission permission)
{
    return till->signed_in && people_may(&till->staff, permission);
}

enum permission till_denied(const struct till *till)
{
    return till->denied;
}

enum status till_approve(struct till *till, struct pin_check *check, enum permission permission,
                         struct error *error)
{
    struct staff staff = check->attempt.staff;
    enum status status = finish_check(till, check, error);

    if (status != STATUS_OK)
        return status;
    if (till->signed_in && strcmp(staff.id, till->staff.id) == 0)
        return error_set(error, STATUS_DENIED, "another person has to approve");
    if (!people_may(&staff, PERMISSION_APPROVE) || !people_may(&staff, permission))
        return error_set(error, STATUS_DENIED, "this person can't approve it");
    till->granted = permission;
    copy_text(till->granted_by, sizeof till->granted_by, staff.id);
    return STATUS_OK;
}

void till_approval_drop(struct till *till)
{
    till->granted = 0;
    till->granted_by[0] = '\0';
}

enum status till_want(struct till *till, enum permission permission,
                      char approved_by[STAFF_ID_SIZE], struct error *error)
{
    till->denied = 0;
    if (approved_by != NULL)
        approved_by[0] = '\0';
    if (!till->signed_in || (till->locked && permission != PERMISSION_SELL))
        return error_set(error, STATUS_DENIED, "nobody is signed in, or the till is locked");
    if (people_may(&till->staff, permission))
        return STATUS_OK;
    if (till->granted == permission) {
        if (approved_by != NULL)
            copy_text(approved_by, STAFF_ID_SIZE, till->granted_by);
        till_approval_drop(till);
        return STATUS_OK;
    }
    till->denied = permission;
    return error_set(error, STATUS_DENIED, "%s: permission %s is missing", till->staff.id,
                     permission_word(permission));
}

enum status till_staff_unlock(struct till *till, const char *staff, struct error *error)
{
    enum status status = till_want_writer(till, error);

    if (status == STATUS_OK)
        status = till_want(till, PERMISSION_UNLOCK, NULL, error);
    if (status == STATUS_OK)
        status = people_lift(till->db, &till->staff, staff, error);
    return till_after(till, status, error);
}
