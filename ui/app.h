/* The till's program: one loop over one queue. What happens outside becomes an event; an event may
 * change the desk; a change makes a frame. Without a cause nothing runs.
 *
 *   keyboard, finger ──SDL──┐
 *   scanner, printer ──sink─┼──► app_step ──► desk ──► frame, spool, poke to the agent
 *   agent ──────────till.sock┘
 *
 * The UI's thread only; nothing here blocks except the wait for the next event.
 */
#ifndef HOLDFAST_UI_APP_H
#define HOLDFAST_UI_APP_H

#include "drivers/spool.h"
#include "ui/pokes.h"
#include "ui/queue.h"
#include "ui/screens/desk.h"
#include "ui/sound.h"
#include "ui/stage.h"

#include <stdbool.h>

struct SDL_Window;
struct app;

/* All borrowed; they outlive the app. */
struct app_setup {
    struct till *till;
    struct stage *stage;
    struct queue *queue;
    struct pokes *pokes;
    struct spool *spool;       /* NULL: no printer */
    struct sound *sound;       /* NULL: silent */
    struct SDL_Window *window; /* NULL: headless */
    struct clock clock;
    const char *assets; /* the folder with keyboards/; NULL: no keys on the screen */
    struct look look;
    const char *look_path; /* where a changed look is kept; NULL: nowhere */
};

struct app *app_create(const struct app_setup *setup);
void app_free(struct app *app);

/* Until the person or a signal ends it. */
void app_run(struct app *app);

/* Takes everything that waits, shows a frame when something changed, and sleeps at most `wait_ms`
 * (0: not at all) for the next event. False when the program should end. */
bool app_step(struct app *app, int wait_ms);

struct desk *app_desk(struct app *app);
struct stage *app_stage(struct app *app);
struct ui *app_ui(struct app *app);

/* desk->look was changed from outside. */
void app_look_changed(struct app *app);
/* A frame is wanted. */
void app_touch(struct app *app);
/* Memory only: another screen. */
enum status app_resize(struct app *app, int width, int height, int panel_mm,
                       struct error *error) MUST_USE;

/* Nothing is under way: no PIN being checked, no frame due. */
bool app_is_quiet(const struct app *app);

#endif
