/* The folder of snapshots, and the thread that fills it.
 *
 *   kept ──► { location, answer, cursors }   newest first for each location
 *   wanted ► locations that wait for a build
 */
#include "sync/ledger/snapshot.h"

#include "sync/ledger/snapshot_build.h"
#include "terminal/base/file.h"
#include "terminal/base/fs.h"
#include "terminal/base/json.h"
#include "terminal/base/log.h"
#include "terminal/journal/device.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RETRY_AFTER_FAILURE_MS 5000
#define MANIFEST_MAX           4096
#define KEPT_PER_LOCATION      2

struct kept {
    char location[LOCATION_ID_SIZE];
    struct snapshot_answer answer;
    struct scope_cursor cursors[SNAPSHOT_SCOPES];
};

struct wanted {
    char location[LOCATION_ID_SIZE];
};

struct snapshots {
    struct snapshot_options options;
    char *folder;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct kept *kept;
    size_t kept_count;
    struct wanted *wanted;
    size_t wanted_count; /* wanted[0] is in work while `building` */
    bool building;
    int holds;             /* imports that go in */
    int64_t not_before_us; /* after a failure, monotonic */
    atomic_bool stopping;
};

static char *join(const char *folder, const char *id, const char *suffix)
{
    struct buf name;
    char *path;

    buf_init(&name, SIZE_MAX - 1);
    enum status status = buf_printf(&name, "%s%s", id, suffix);
    INVARIANT(status == STATUS_OK);
    path = path_join(folder, buf_text(&name));
    buf_finish(&name);
    return path;
}

static void remove_file(const char *folder, const char *id, const char *suffix)
{
    char *path = join(folder, id, suffix);

    (void)fs_unlink(path);
    free(path);
}

/* The manifest goes first: without it the packed file is nothing, and swept at the next start. */
static void remove_snapshot(const struct snapshots *snapshots, const char *id)
{
    remove_file(snapshots->folder, id, ".json");
    remove_file(snapshots->folder, id, ".zst");
}

static enum status write_manifest(const struct snapshots *snapshots, const struct kept *kept,
                                  struct error *error)
{
    json_t *manifest = json_object(), *cursors = json_object();
    char *path = join(snapshots->folder, kept->answer.id, ".json");
    struct buf text;
    enum status status;

    json_put_text(manifest, "location", kept->location);
    json_put_hex(manifest, "incarnation", snapshots->options.incarnation.bytes, ID_SIZE);
    json_put_int(manifest, "size", kept->answer.size);
    json_put_int(manifest, "unpacked_size", kept->answer.unpacked_size);
    json_put_hex(manifest, "sha256", kept->answer.sha256.bytes, HASH_SIZE);
    json_put_hex(manifest, "sig", kept->answer.signature.bytes, SIGNATURE_SIZE);
    for (int i = 0; i < SNAPSHOT_SCOPES; i++)
        json_put_int(cursors, kept->cursors[i].scope, kept->cursors[i].position);
    json_put(manifest, "cursors", cursors);
    buf_init(&text, MANIFEST_MAX);
    status = json_write(manifest, &text);
    INVARIANT(status == STATUS_OK);
    status = file_write_durable(path, text.data, text.used, 0640, error);
    buf_finish(&text);
    free(path);
    json_decref(manifest);
    return status;
}

static enum status parse_manifest(const struct snapshots *snapshots, const json_t *manifest,
                                  struct kept *out)
{
    const char *location;
    struct id incarnation;
    json_t *cursors, *position;
    const char *scope;
    int count = 0;
    enum status status =
        json_want_text(manifest, "location", sizeof out->location - 1, &location, NULL);

    if (status == STATUS_OK)
        status = json_want_hex(manifest, "incarnation", incarnation.bytes, ID_SIZE, NULL);
    if (status == STATUS_OK)
        status = json_want_int(manifest, "size", 0, INT64_MAX, &out->answer.size, NULL);
    if (status == STATUS_OK)
        status = json_want_int(manifest, "unpacked_size", 0, INT64_MAX, &out->answer.unpacked_size,
                               NULL);
    if (status == STATUS_OK)
        status = json_want_hex(manifest, "sha256", out->answer.sha256.bytes, HASH_SIZE, NULL);
    if (status == STATUS_OK)
        status = json_want_hex(manifest, "sig", out->answer.signature.bytes, SIGNATURE_SIZE, NULL);
    if (status == STATUS_OK)
        status = json_want_object(manifest, "cursors", &cursors, NULL);
    if (status != STATUS_OK)
        return status;
    if (memcmp(incarnation.bytes, snapshots->options.incarnation.bytes, ID_SIZE) != 0 ||
        json_object_size(cursors) != SNAPSHOT_SCOPES)
        return STATUS_INVALID;
    strcpy(out->location, location);
    json_object_foreach(cursors, scope, position)
    {
        if (strlen(scope) >= sizeof out->cursors[count].scope || !json_is_integer(position))
            return STATUS_INVALID;
        strcpy(out->cursors[count].scope, scope);
        out->cursors[count++].position = json_integer_value(position);
    }
    return STATUS_OK;
}

static enum status read_manifest(const struct snapshots *snapshots, const char *id,
                                 struct kept *out)
{
    char *path = join(snapshots->folder, id, ".json");
    char *packed = join(snapshots->folder, id, ".zst");
    struct stat about;
    struct buf text;
    json_t *manifest = NULL;
    enum status status;

    memset(out, 0, sizeof *out);
    INVARIANT(strlen(id) < sizeof out->answer.id);
    strcpy(out->answer.id, id);
    buf_init(&text, MANIFEST_MAX);
    status = file_read(path, &text, NULL);
    if (status == STATUS_OK)
        status = json_read(buf_text(&text), text.used, &manifest, NULL);
    if (status == STATUS_OK)
        status = parse_manifest(snapshots, manifest, out);
    if (status == STATUS_OK && (fs_stat(packed, &about) != 0 || about.st_size != out->answer.size))
        status = STATUS_INVALID;
    json_decref(manifest);
    buf_finish(&text);
    free(path);
    free(packed);
    return status;
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t length = strlen(name), end = strlen(suffix);

    return length > end && strcmp(name + length - end, suffix) == 0;
}

static bool is_kept(const struct snapshots *snapshots, const char *name)
{
    for (size_t i = 0; i < snapshots->kept_count; i++) {
        const char *id = snapshots->kept[i].answer.id;
        size_t length = strlen(id);
        if (strncmp(name, id, length) == 0 &&
            (strcmp(name + length, ".zst") == 0 || strcmp(name + length, ".json") == 0))
            return true;
    }
    return false;
}

/* At most one per location is taken over: which of two is newer is not worth remembering. */
static void take_over(struct snapshots *snapshots, const char *name)
{
    char id[SNAPSHOT_ID_SIZE];
    struct kept kept;
    size_t length = strlen(name) - strlen(".json");

    if (length >= sizeof id)
        return;
    memcpy(id, name, length);
    id[length] = '\0';
    if (!countersign_snapshot_id_valid(id) || read_manifest(snapshots, id, &kept) != STATUS_OK)
        return;
    for (size_t i = 0; i < snapshots->kept_count; i++) {
        if (strcmp(snapshots->kept[i].location, kept.location) == 0)
            return;
    }
    snapshots->kept =
        mem_resize(snapshots->kept, (snapshots->kept_count + 1) * sizeof *snapshots->kept);
    snapshots->kept[snapshots->kept_count++] = kept;
}

static enum status each_file(struct snapshots *snapshots,
                             void (*visit)(void *snapshots, const char *name), struct error *error)
{
    if (fs_list(snapshots->folder, visit, snapshots) != 0)
        return error_set(error, STATUS_IO, "cannot read the folder %s", snapshots->folder);
    return STATUS_OK;
}

static void visit_manifest(void *visitor, const char *name)
{
    struct snapshots *snapshots = visitor;

    if (name[0] != '.' && has_suffix(name, ".json"))
        take_over(snapshots, name);
}

static void sweep_file(void *visitor, const char *name)
{
    const struct snapshots *snapshots = visitor;

    if (name[0] != '.' && !is_kept(snapshots, name))
        remove_file(snapshots->folder, name, "");
}

/* The feed still holds everything after it. */
static bool still_good(const struct snapshots *snapshots, const struct kept *kept)
{
    for (int i = 0; i < SNAPSHOT_SCOPES; i++) {
        struct feed_mark mark = feed_mark(snapshots->options.feed, kept->cursors[i].scope);
        if (kept->cursors[i].position < mark.floor || kept->cursors[i].position > mark.position)
            return false;
    }
    return true;
}

/* Puts the new one first and lets go of all but KEPT_PER_LOCATION. */
static void keep(struct snapshots *snapshots, const struct kept *fresh)
{
    size_t of_location = 1;

    snapshots->kept =
        mem_resize(snapshots->kept, (snapshots->kept_count + 1) * sizeof *snapshots->kept);
    memmove(snapshots->kept + 1, snapshots->kept, snapshots->kept_count * sizeof *fresh);
    snapshots->kept[0] = *fresh;
    snapshots->kept_count++;
    for (size_t i = 1; i < snapshots->kept_count;) {
        if (strcmp(snapshots->kept[i].location, fresh->location) != 0 ||
            of_location++ < KEPT_PER_LOCATION) {
            i++;
            continue;
        }
        remove_snapshot(snapshots, snapshots->kept[i].answer.id);
        snapshots->kept_count--;
        memmove(snapshots->kept + i, snapshots->kept + i + 1,
                (snapshots->kept_count - i) * sizeof *fresh);
    }
}

/* The path of a packed snapshot with today's catalogue, as new memory; NULL when there is none. The
 * builder's thread alone removes files. */
static char *find_donor(struct snapshots *snapshots, int64_t *catalogue)
{
    char *path = NULL;

    *catalogue = feed_mark(snapshots->options.feed, "catalogue").position;
    (void)pthread_mutex_lock(&snapshots->mutex);
    for (size_t i = 0; i < snapshots->kept_count && path == NULL; i++) {
        const struct kept *kept = &snapshots->kept[i];
        for (int j = 0; j < SNAPSHOT_SCOPES && path == NULL; j++) {
            if (strcmp(kept->cursors[j].scope, "catalogue") == 0 &&
                kept->cursors[j].position == *catalogue)
                path = join(snapshots->folder, kept->answer.id, ".zst");
        }
    }
    (void)pthread_mutex_unlock(&snapshots->mutex);
    return path;
}

/* Without the mutex. */
static bool build_one(struct snapshots *snapshots, const char *location, struct kept *out)
{
    struct snapshot_build build = {.options = &snapshots->options,
                                   .folder = snapshots->folder,
                                   .location = location,
                                   .stopping = &snapshots->stopping};
    struct error error;
    int64_t start = clock_monotonic_us(&snapshots->options.clock);
    char *donor = find_donor(snapshots, &build.donor_catalogue);
    enum status status;

    build.donor = donor;
    status = snapshot_build(&build, &error);
    free(donor);
    memset(out, 0, sizeof *out);
    strcpy(out->location, location);
    out->answer = build.answer;
    memcpy(out->cursors, build.cursors, sizeof out->cursors);
    if (status == STATUS_OK)
        status = write_manifest(snapshots, out, &error);
    if (status == STATUS_OK)
        log_line(LOG_LEVEL_INFO, "snapshot", "%s: %lld bytes, packed %lld, in %lld ms", location,
                 (long long)out->answer.unpacked_size, (long long)out->answer.size,
                 (long long)(clock_monotonic_us(&snapshots->options.clock) - start) / 1000);
    else if (status != STATUS_CANCELLED)
        log_line(LOG_LEVEL_ERROR, "snapshot", "%s: %s", location, error.text);
    return status == STATUS_OK;
}

/* Builds wanted[0]. Called with the mutex held, which is open during the build. */
static void build_first(struct snapshots *snapshots)
{
    struct wanted next = snapshots->wanted[0];
    struct kept fresh;
    bool built;

    snapshots->building = true;
    (void)pthread_mutex_unlock(&snapshots->mutex);
    built = build_one(snapshots, next.location, &fresh);
    (void)pthread_mutex_lock(&snapshots->mutex);
    snapshots->building = false;
    snapshots->wanted_count--;
    memmove(snapshots->wanted, snapshots->wanted + 1, snapshots->wanted_count * sizeof next);
    if (built)
        keep(snapshots, &fresh);
    else
        snapshots->not_before_us =
            clock_monotonic_us(&snapshots->options.clock) + RETRY_AFTER_FAILURE_MS * INT64_C(1000);
    (void)pthread_cond_broadcast(&snapshots->changed);
}

static void *builder_thread(void *argument)
{
    struct snapshots *snapshots = argument;

    (void)pthread_mutex_lock(&snapshots->mutex);
    while (!atomic_load(&snapshots->stopping)) {
        if (snapshots->wanted_count == 0 || snapshots->holds > 0)
            (void)pthread_cond_wait(&snapshots->changed, &snapshots->mutex);
        else
            build_first(snapshots);
    }
    (void)pthread_mutex_unlock(&snapshots->mutex);
    return NULL;
}

enum status snapshots_open(const struct snapshot_options *options, struct snapshots **out,
                           struct error *error)
{
    struct snapshots *snapshots = mem_alloc(sizeof *snapshots);
    struct buf folder;
    enum status status;

    snapshots->options = *options;
    buf_init(&folder, SIZE_MAX - 1);
    status = buf_printf(&folder, "%s.snapshots", store_path(options->store));
    INVARIANT(status == STATUS_OK);
    snapshots->folder = mem_copy_text(buf_text(&folder));
    buf_finish(&folder);
    if (!file_exists(snapshots->folder))
        status = file_make_folder(snapshots->folder, 0750, error);
    if (status == STATUS_OK)
        status = each_file(snapshots, visit_manifest, error);
    if (status == STATUS_OK)
        status = each_file(snapshots, sweep_file, error);
    if (status != STATUS_OK) {
        free(snapshots->kept);
        free(snapshots->folder);
        free(snapshots);
        return status;
    }
    (void)pthread_mutex_init(&snapshots->mutex, NULL);
    (void)pthread_cond_init(&snapshots->changed, NULL);
    if (!options->inline_work) {
        int result = pthread_create(&snapshots->thread, NULL, builder_thread, snapshots);
        INVARIANT(result == 0);
    }
    *out = snapshots;
    return STATUS_OK;
}

void snapshots_close(struct snapshots *snapshots)
{
    if (snapshots == NULL)
        return;
    (void)pthread_mutex_lock(&snapshots->mutex);
    atomic_store(&snapshots->stopping, true);
    (void)pthread_cond_broadcast(&snapshots->changed);
    (void)pthread_mutex_unlock(&snapshots->mutex);
    if (!snapshots->options.inline_work)
        (void)pthread_join(snapshots->thread, NULL);
    (void)pthread_cond_destroy(&snapshots->changed);
    (void)pthread_mutex_destroy(&snapshots->mutex);
    free(snapshots->kept);
    free(snapshots->wanted);
    free(snapshots->folder);
    free(snapshots);
}

static void want(struct snapshots *snapshots, const char *location)
{
    struct wanted *wanted;

    for (size_t i = 0; i < snapshots->wanted_count; i++) {
        if (strcmp(snapshots->wanted[i].location, location) == 0)
            return;
    }
    if (clock_monotonic_us(&snapshots->options.clock) < snapshots->not_before_us)
        return;
    snapshots->wanted =
        mem_resize(snapshots->wanted, (snapshots->wanted_count + 1) * sizeof *wanted);
    wanted = &snapshots->wanted[snapshots->wanted_count++];
    strcpy(wanted->location, location);
    (void)pthread_cond_broadcast(&snapshots->changed);
}

enum status snapshots_get(struct snapshots *snapshots, const char *location,
                          struct snapshot_answer *out, struct error *error)
{
    bool found = false;

    INVARIANT(strlen(location) < LOCATION_ID_SIZE);
    (void)pthread_mutex_lock(&snapshots->mutex);
    for (size_t i = 0; i < snapshots->kept_count && !found; i++) {
        const struct kept *kept = &snapshots->kept[i];
        found = strcmp(kept->location, location) == 0 && still_good(snapshots, kept);
        if (found)
            *out = kept->answer;
    }
    if (!found)
        want(snapshots, location);
    (void)pthread_mutex_unlock(&snapshots->mutex);
    return found ? STATUS_OK
                 : error_set(error, STATUS_BUSY, "the snapshot is being prepared: ask again");
}

void snapshots_hold(struct snapshots *snapshots)
{
    (void)pthread_mutex_lock(&snapshots->mutex);
    snapshots->holds++;
    (void)pthread_mutex_unlock(&snapshots->mutex);
}

void snapshots_release(struct snapshots *snapshots)
{
    (void)pthread_mutex_lock(&snapshots->mutex);
    INVARIANT(snapshots->holds > 0);
    snapshots->holds--;
    (void)pthread_cond_broadcast(&snapshots->changed);
    (void)pthread_mutex_unlock(&snapshots->mutex);
}

void snapshots_prepare(struct snapshots *snapshots, const char *location)
{
    struct snapshot_answer ready;
    struct error busy;

    if (snapshots_get(snapshots, location, &ready, &busy) != STATUS_OK)
        return; /* it is being prepared now: that is all that was wanted */
}

enum status snapshots_file(struct snapshots *snapshots, const char *location, const char *id,
                           int *fd, int64_t *size, struct error *error)
{
    enum status status = error_set(error, STATUS_NOT_FOUND, "there is no such snapshot");

    (void)pthread_mutex_lock(&snapshots->mutex);
    for (size_t i = 0; i < snapshots->kept_count; i++) {
        const struct kept *kept = &snapshots->kept[i];
        if (strcmp(kept->answer.id, id) != 0 || strcmp(kept->location, location) != 0)
            continue;
        char *path = join(snapshots->folder, id, ".zst");
        *fd = fs_open(path, O_RDONLY, 0);
        *size = kept->answer.size;
        status = *fd >= 0 ? STATUS_OK
                          : error_set(error, STATUS_NOT_FOUND, "the snapshot's file is gone");
        free(path);
        break;
    }
    (void)pthread_mutex_unlock(&snapshots->mutex);
    return status;
}

bool snapshots_work(struct snapshots *snapshots)
{
    bool more;

    INVARIANT(snapshots->options.inline_work);
    (void)pthread_mutex_lock(&snapshots->mutex);
    if (snapshots->wanted_count > 0)
        build_first(snapshots);
    more = snapshots->wanted_count > 0;
    (void)pthread_mutex_unlock(&snapshots->mutex);
    return more;
}

void snapshots_wait(struct snapshots *snapshots)
{
    INVARIANT(!snapshots->options.inline_work);
    (void)pthread_mutex_lock(&snapshots->mutex);
    while (snapshots->wanted_count > 0 && !atomic_load(&snapshots->stopping))
        (void)pthread_cond_wait(&snapshots->changed, &snapshots->mutex);
    (void)pthread_mutex_unlock(&snapshots->mutex);
}
