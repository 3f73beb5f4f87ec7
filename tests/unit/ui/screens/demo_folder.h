/* A till's data folder made from assets/demo: what enrolment and the first download would leave.
 * For tests; include it in one file.
 */
#ifndef HOLDFAST_TESTS_DEMO_FOLDER_H
#define HOLDFAST_TESTS_DEMO_FOLDER_H

#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "terminal/base/file.h"
#include "terminal/base/json.h"
#include "terminal/catalogue/replica.h"
#include "terminal/catalogue/search.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEMO_MUST(call)                                                                            \
    do {                                                                                           \
        struct error demo_error = {0};                                                             \
        (void)demo_error;                                                                          \
        if ((call) != STATUS_OK) {                                                                 \
            fprintf(stderr, "%s: %s\n", #call, demo_error.text);                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define DEMO_INCARNATION "00112233445566778899aabbccddeeff"

static void demo_put_row(struct reference_writer *writer, const json_t *change,
                         const char *location)
{
    struct reference_row row;
    bool deleted;

    DEMO_MUST(reference_change_from_json(change, &row, &deleted, &demo_error));
    if (row.table->scope == REFERENCE_LOCATION && strcmp(row.values[0].text, location) != 0) {
        return;
    }
    DEMO_MUST(reference_put(writer, &row, &demo_error));
}

static void demo_put_file(struct reference_writer *writer, const char *path, const char *location)
{
    struct buf bytes;
    json_t *file, *rows;
    size_t index;
    json_t *change;

    buf_init(&bytes, 16 << 20);
    DEMO_MUST(file_read(path, &bytes, &demo_error));
    DEMO_MUST(json_read(bytes.data, bytes.used, &file, &demo_error));
    rows = json_object_get(file, "rows");
    json_array_foreach(rows, index, change)
    {
        demo_put_row(writer, change, location);
    }
    json_decref(file);
    buf_finish(&bytes);
}

/* id, name, role, pin, badge, language; the PINs are hashed at the least cost there is. */
static void demo_put_staff(struct reference_writer *writer, const char *path)
{
    FILE *file = fopen(path, "r");
    char line[512];

    while (file && fgets(line, sizeof line, file)) {
        char hash[PIN_HASH_SIZE];
        char *at = line, *cell[6] = {0};
        struct reference_row row;

        if (*line == '#') {
            continue;
        }
        line[strcspn(line, "\n")] = '\0';
        for (int i = 0; i < 6 && at; i++) {
            cell[i] = strsep(&at, "\t");
        }
        DEMO_MUST(pin_hash(cell[3], (struct pin_cost){.operations = 1, .memory = 8192}, hash));
        reference_row_init(&row, reference_table_find("staff"));
        reference_row_set_text(&row, "id", cell[0]);
        reference_row_set_text(&row, "name", cell[1]);
        reference_row_set_text(&row, "role", cell[2]);
        reference_row_set_text(&row, "pin_hash", hash);
        reference_row_set_text(&row, "badge", cell[4]);
        reference_row_set_text(&row, "language", cell[5]);
        reference_row_set_int(&row, "active", 1);
        DEMO_MUST(reference_put(writer, &row, &demo_error));
    }
    if (file) {
        fclose(file);
    }
}

static void demo_cursors(struct db *db, const char *location, int64_t now_ms)
{
    static const char *const scopes[] = {"catalogue", "prices", "staff", "customers"};
    struct replica_cursor cursor = {
        .incarnation = DEMO_INCARNATION, .position = 1, .as_of_ms = now_ms};
    char own[64];

    for (size_t i = 0; i < 4; i++) {
        DEMO_MUST(replica_set_cursor(db, scopes[i], &cursor, &demo_error));
    }
    snprintf(own, sizeof own, "location:%s", location);
    DEMO_MUST(replica_set_cursor(db, own, &cursor, &demo_error));
    DEMO_MUST(replica_set_meta(db, "incarnation", DEMO_INCARNATION, &demo_error));
    DEMO_MUST(replica_set_meta(db, "location", location, &demo_error));
}

static void demo_device(const char *folder, const char *till, const char *location)
{
    struct entropy entropy = entropy_system();
    struct public_key key, ledger;
    struct secret_key secret, other;
    struct id device = id_random(&entropy);
    json_t *json = json_object();
    struct buf bytes;
    char *path = path_join(folder, "device.json");

    key_pair(&entropy, &key, &secret);
    key_pair(&entropy, &ledger, &other);
    json_put_int(json, "v", 1);
    json_put_hex(json, "device", device.bytes, ID_SIZE);
    json_put_text(json, "till", till);
    json_put_text(json, "location", location);
    json_put_text(json, "url", "http://127.0.0.1:1");
    json_put_text(json, "incarnation", DEMO_INCARNATION);
    json_put_hex(json, "ledger_key", ledger.bytes, PUBLIC_KEY_SIZE);
    json_put_hex(json, "device_key", key.bytes, PUBLIC_KEY_SIZE);
    json_put_hex(json, "device_secret", secret.bytes, SECRET_KEY_SIZE);
    buf_init(&bytes, 1 << 16);
    DEMO_MUST(json_write(json, &bytes));
    DEMO_MUST(file_write_durable(path, bytes.data, bytes.used, 0600, &demo_error));
    buf_finish(&bytes);
    json_decref(json);
    free(path);
}

/* Makes `folder` (which must exist and be empty) a till of `location`, from the rows in `demo`. */
static void demo_folder(const char *folder, const char *demo, const char *till,
                        const char *location)
{
    char *path = path_join(folder, "replica-1.db");
    char *pattern = path_join(demo, "*.json");
    char *staff = path_join(demo, "staff.tsv");
    struct db *db;
    struct reference_writer *writer;
    struct search_writer *search;
    glob_t found;

    demo_device(folder, till, location);
    DEMO_MUST(db_open(path, DB_OWNER_NORMAL, &db, &demo_error));
    DEMO_MUST(replica_create(db, &demo_error));
    DEMO_MUST(db_begin(db, &demo_error));
    DEMO_MUST(reference_writer_open(db, &writer, &demo_error));
    if (glob(pattern, 0, NULL, &found) != 0) {
        abort();
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        demo_put_file(writer, found.gl_pathv[i], location);
    }
    globfree(&found);
    demo_put_staff(writer, staff);
    demo_cursors(db, location, (int64_t)time(NULL) * 1000);
    reference_writer_close(writer);
    DEMO_MUST(db_commit(db, &demo_error));
    DEMO_MUST(search_writer_open(db, &search, &demo_error));
    DEMO_MUST(search_build(search, &demo_error));
    search_writer_close(search);
    DEMO_MUST(db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", &demo_error));
    DEMO_MUST(db_exec(db, "PRAGMA journal_mode=DELETE", &demo_error));
    db_close(db);
    DEMO_MUST(replica_pointer_write(folder, "replica-1.db", &demo_error));
    free(path);
    free(pattern);
    free(staff);
}

#endif
