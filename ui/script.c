/* The commands. Words are cut in script_words.c. */
#include "ui/script.h"

#include "terminal/base/buf.h"
#include "terminal/base/file.h"
#include "ui/script_words.h"
#include "ui/widgets/audit.h"

#include <SDL.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPECT_MS = 5000, WAIT_MS = 60000, STEP_MS = 200, FAULTS = 64, SCRIPT_BYTES = 1 << 20 };

struct script {
    struct app *app;
    const char *file, *shots;
    int line;
    size_t faults;
    struct words words;
    struct error *error;
};

static enum status fail(struct script *script, const char *why)
{
    return error_set(script->error, STATUS_INVALID, "%s:%d: %s", script->file, script->line, why);
}

static enum status fail_about(struct script *script, const char *what, const char *why)
{
    return error_set(script->error, STATUS_INVALID, "%s:%d: %s: %s (screen %s)", script->file,
                     script->line, what, why, screen_name(desk_screen(app_desk(script->app))));
}

/* Lets everything that is under way come to its end. */
static enum status settle(struct script *script)
{
    int64_t started = (int64_t)SDL_GetTicks64();

    do {
        if (!app_step(script->app, app_is_quiet(script->app) ? 0 : STEP_MS)) {
            return fail(script, "the till ended");
        }
        if ((int64_t)SDL_GetTicks64() - started > WAIT_MS) {
            return fail(script, "the till does not come to rest");
        }
    } while (!app_is_quiet(script->app));
    return STATUS_OK;
}

/* ---- acting ---------------------------------------------------------------------------------- */

/* The node of an id; "parked/" and a star is the first whose id begins so. */
static const struct ui_node *find(struct script *script, const char *id)
{
    struct ui *ui = app_ui(script->app);
    size_t length = strlen(id), count;
    const struct ui_node *nodes = ui_nodes(ui, &count);

    if (length == 0 || id[length - 1] != '*') {
        return ui_node(ui, id);
    }
    for (size_t i = 0; i < count; i++) {
        if (strncmp(nodes[i].id, id, length - 1) == 0) {
            return &nodes[i];
        }
    }
    return NULL;
}

static enum status press(struct script *script)
{
    struct words *words = &script->words;
    char id[128];
    struct ui *ui = app_ui(script->app);
    const struct ui_node *node = find(script, words->at[words->count - 1]);

    snprintf(id, sizeof id, "%s", node ? node->id : words->at[words->count - 1]);

    if (words->count < 2 || words->count > 3) {
        return fail(script, "press [ROLE] ID");
    }
    if (!node) {
        return fail_about(script, id, "is not there");
    }
    if (words->count == 3 && strcmp(ui_role_name(node->role), words->at[1]) != 0) {
        return fail_about(script, id, ui_role_name(node->role));
    }
    enum ui_role role = node->role;
    enum status status = ui_press(ui, id, role);
    if (status == STATUS_CONFLICT) {
        ui_reveal(ui, id);
        app_touch(script->app);
        status = settle(script);
        if (status != STATUS_OK) {
            return status;
        }
        status = ui_press(ui, id, role);
    }
    if (status != STATUS_OK) {
        return fail_about(script, id,
                          status == STATUS_DENIED ? "is disabled or behind a sheet"
                                                  : status_name(status));
    }
    return STATUS_OK;
}

static enum status touch(struct script *script)
{
    const char *id = script->words.at[1];
    struct ui *ui = app_ui(script->app);
    const struct ui_node *node = ui_node(ui, id);

    if (script->words.count != 2 || !node || rect_empty(node->seen)) {
        return fail_about(script, script->words.count == 2 ? id : "touch", "cannot be seen");
    }
    struct ui_input input = {.kind = UI_INPUT_DOWN,
                             .at_ms = (int64_t)SDL_GetTicks64(),
                             .x = node->seen.x + node->seen.w / 2,
                             .y = node->seen.y + node->seen.h / 2,
                             .pointer = 1};
    ui_feed(ui, &input);
    input.kind = UI_INPUT_UP;
    ui_feed(ui, &input);
    return STATUS_OK;
}

static enum status type(struct script *script)
{
    struct words *words = &script->words;

    if (words->count != 3) {
        return fail(script, "type ID \"TEXT\"");
    }
    enum status status = ui_type(app_ui(script->app), words->at[1], words->at[2]);
    return status == STATUS_OK ? STATUS_OK
                               : fail_about(script, words->at[1], "is no field in reach");
}

static enum status key(struct script *script)
{
    if (script->words.count != 2) {
        return fail(script, "key NAME");
    }
    ui_key(app_ui(script->app), script->words.at[1]);
    return STATUS_OK;
}

static enum status digits(struct script *script)
{
    const char *at = script->words.at[1];

    if (script->words.count != 2) {
        return fail(script, "digits NUMBER");
    }
    for (; *at; at++) {
        char one[2] = {*at, '\0'};
        ui_key(app_ui(script->app), one);
        app_touch(script->app);
        enum status status = settle(script);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status scan(struct script *script)
{
    const char *code = script->words.at[1];

    if (script->words.count != 2) {
        return fail(script, "scan CODE");
    }
    desk_scan(app_desk(script->app), (const uint8_t *)code, strlen(code));
    return STATUS_OK;
}

/* ---- seeing ---------------------------------------------------------------------------------- */

static bool holds(const struct ui_node *node, const char *text)
{
    return node && (strstr(node->label, text) || strstr(node->value, text));
}

static bool state_is(const struct ui_node *node, const char *state, bool *known)
{
    static const struct {
        const char *name;
        unsigned bit;
        bool set;
    } states[] = {{"enabled", UI_DISABLED, false},
                  {"disabled", UI_DISABLED, true},
                  {"selected", UI_SELECTED, true},
                  {"checked", UI_CHECKED, true},
                  {"focused", UI_FOCUSED, true}};

    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strcmp(states[i].name, state) == 0) {
            *known = true;
            return node && ((node->state & states[i].bit) != 0) == states[i].set;
        }
    }
    *known = false;
    return false;
}

static bool is_so(struct script *script)
{
    struct words *words = &script->words;
    struct desk *desk = app_desk(script->app);
    struct ui *ui = app_ui(script->app);
    const char *what = words->at[1], *than = words->count > 2 ? words->at[2] : "";
    bool known;

    if (words->count == 2) {
        const struct till_status *status = &desk->status;
        desk_update(desk);
        return strcmp(what, "printed") == 0  ? status->prints_waiting == 0
               : strcmp(what, "sent") == 0   ? status->unsent == 0
               : strcmp(what, "online") == 0 ? status->online
                                             : ui_node(ui, what) != NULL;
    }
    if (strcmp(what, "screen") == 0) {
        return strcmp(screen_name(desk_screen(desk)), than) == 0;
    }
    if (strcmp(what, "text") == 0) {
        return ui_node_saying(ui, than) != NULL;
    }
    if (strcmp(what, "gone") == 0) {
        return ui_node(ui, than) == NULL;
    }
    bool so = state_is(ui_node(ui, than), what, &known);
    return known ? so : holds(ui_node(ui, what), than);
}

static enum status look_for(struct script *script, int patience_ms)
{
    struct words *words = &script->words;
    int64_t started = (int64_t)SDL_GetTicks64();

    if (words->count < 2 || words->count > 3) {
        return fail(script, "expect ID \"TEXT\"");
    }
    while (!is_so(script)) {
        if ((int64_t)SDL_GetTicks64() - started > patience_ms) {
            const struct ui_node *node = ui_node(app_ui(script->app), words->at[1]);
            char why[256];
            snprintf(why, sizeof why, "not \"%.60s\"; it is \"%.80s\" \"%.60s\"",
                     words->count > 2 ? words->at[2] : "", node ? node->label : "not there",
                     node ? node->value : "");
            return fail_about(script, words->at[1], why);
        }
        if (!app_step(script->app, STEP_MS)) {
            return fail(script, "the till ended");
        }
    }
    return STATUS_OK;
}

static enum status expect(struct script *script)
{
    return look_for(script, EXPECT_MS);
}

static enum status wait_for(struct script *script)
{
    return look_for(script, WAIT_MS);
}

static enum status shot(struct script *script)
{
    char name[128];
    struct error error = {0};

    if (script->words.count != 2 || strchr(script->words.at[1], '/')) {
        return fail(script, "shot NAME");
    }
    snprintf(name, sizeof name, "%s.png", script->words.at[1]);
    char *path = path_join(script->shots, name);
    enum status status = canvas_save(stage_canvas(app_stage(script->app)), path, &error);
    free(path);
    return status == STATUS_OK ? status : fail(script, error.text);
}

static enum status judge(struct script *script)
{
    static struct audit_fault faults[FAULTS];
    struct stage *stage = app_stage(script->app);
    size_t count;
    const struct ui_node *nodes = ui_nodes(stage_ui(stage), &count);
    size_t found = audit(nodes, count, stage_metrics(stage), faults, FAULTS);

    for (size_t i = 0; i < found && i < FAULTS; i++) {
        printf("%s:%d: %s: %s\n", script->file, script->line,
               screen_name(desk_screen(app_desk(script->app))), faults[i].text);
    }
    script->faults += found;
    return STATUS_OK;
}

/* ---- the look -------------------------------------------------------------------------------- */

static enum status language(struct script *script)
{
    struct look *look = &app_desk(script->app)->look;

    snprintf(look->language, sizeof look->language, "%s", script->words.at[1]);
    app_look_changed(script->app);
    return STATUS_OK;
}

static enum status theme(struct script *script)
{
    struct look *look = &app_desk(script->app)->look;

    snprintf(look->theme, sizeof look->theme, "%s", script->words.at[1]);
    app_look_changed(script->app);
    return STATUS_OK;
}

/* The word as a number from 0 to 99999; -1 when it is none. */
static int number(const struct script *script, int word)
{
    char *end;
    long value = strtol(script->words.at[word], &end, 10);

    return *end == '\0' && value >= 0 && value <= 99999 ? (int)value : -1;
}

static enum status text(struct script *script)
{
    int percent = number(script, 1);

    if (percent < 100 || percent > 150) {
        return fail(script, "text 100..150");
    }
    app_desk(script->app)->look.text_percent = percent;
    app_look_changed(script->app);
    return STATUS_OK;
}

static enum status size(struct script *script)
{
    struct error error = {0};
    struct words *words = &script->words;

    if (words->count < 3 ||
        app_resize(script->app, number(script, 1), number(script, 2),
                   words->count > 3 ? number(script, 3) : 0, &error) != STATUS_OK) {
        return fail(script, *error.text ? error.text : "size W H [PANEL_MM]");
    }
    return STATUS_OK;
}

static enum status left(struct script *script)
{
    app_desk(script->app)->look.left_handed = strcmp(script->words.at[1], "left") == 0;
    return STATUS_OK;
}

static enum status note(struct script *script)
{
    printf("%s\n", script->words.at[1]);
    fflush(stdout);
    return STATUS_OK;
}

/* ---- running --------------------------------------------------------------------------------- */

static enum status obey(struct script *script)
{
    static const struct {
        const char *name;
        enum status (*run)(struct script *script);
    } commands[] = {
        {"press", press},   {"touch", touch}, {"type", type},         {"key", key},
        {"digits", digits}, {"scan", scan},   {"expect", expect},     {"wait", wait_for},
        {"shot", shot},     {"audit", judge}, {"language", language}, {"theme", theme},
        {"text", text},     {"size", size},   {"note", note},         {"hand", left}};

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, script->words.at[0]) == 0) {
            if (script->words.count < 2 && commands[i].run != judge) {
                return fail(script, "the command needs more words");
            }
            enum status status = commands[i].run(script);
            app_touch(script->app);
            return status == STATUS_OK ? settle(script) : status;
        }
    }
    return fail_about(script, script->words.at[0], "unknown command");
}

static enum status obey_all(struct script *script, char *at)
{
    enum status status = settle(script);

    while (status == STATUS_OK && at && *at) {
        char *next = strchr(at, '\n');
        if (next) {
            *next++ = '\0';
        }
        script->line++;
        if (!words_cut(at, &script->words)) {
            return fail(script, "too many words, or a quote that never ends");
        }
        if (script->words.count > 0) {
            status = obey(script);
        }
        at = next;
    }
    return status;
}

enum status script_run(struct app *app, const char *file, const char *shots, struct error *error)
{
    struct script script = {.app = app, .file = file, .shots = shots, .error = error};
    struct buf bytes;

    buf_init(&bytes, SCRIPT_BYTES);
    enum status status = file_read(file, &bytes, error);
    if (status == STATUS_OK) {
        status = obey_all(&script, bytes.data);
    }
    buf_finish(&bytes);
    if (status == STATUS_OK && script.faults > 0) {
        return error_set(error, STATUS_INVALID, "%s: %zu faults found by audits", file,
                         script.faults);
    }
    return status;
}
