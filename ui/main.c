/* The till. The only place where everything is wired: data folder, devices, window, screens. */
#include "drivers/printer_file.h"
#include "drivers/profile.h"
#include "drivers/scanner_socket.h"
#include "drivers/spool.h"
#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "terminal/base/file.h"
#include "terminal/base/log.h"
#include "terminal/till.h"
#include "ui/app.h"
#include "ui/language.h"
#include "ui/look_file.h"
#include "ui/options.h"
#include "ui/pokes.h"
#include "ui/print_source.h"
#include "ui/queue.h"
#include "ui/script.h"
#include "ui/sound.h"
#include "ui/stage.h"

#include <SDL.h>
#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct parts {
    char *assets;
    char *look_path;
    struct till *till;
    struct SDL_Window *window;
    Uint32 wake_event;
    struct queue *queue;
    struct pokes *pokes;
    struct stage *stage;
    struct sound *sound;
    struct scanner *scanner;
    struct printer *printer;
    struct spool *spool;
    struct app *app;
};

/* Signals only ring; the loop ends the program. */
static struct queue *signal_queue;

static void on_signal(int number)
{
    (void)number;
    if (signal_queue) {
        queue_ring(signal_queue);
    }
}

static char *find_assets(void)
{
    const char *named = getenv("HOLDFAST_ASSETS");
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

    if (named && *named) {
        return mem_copy_text(named);
    }
    if (length <= 0) {
        return mem_copy_text("share/holdfast");
    }
    self[length] = '\0';
    return path_join(dirname(self), "../share/holdfast");
}

/* A till in mid-air is worse than one that does not start: the person sees why on the terminal. */
static int refuse(const struct error *error)
{
    fprintf(stderr, "holdfast: %s\n", error->text);
    return EXIT_FAILURE;
}

static enum status open_window(struct parts *parts, const struct options *options,
                               struct error *error)
{
    Uint32 flags = SDL_WINDOW_RESIZABLE;

    if (!options->windowed && !options->script) {
        flags |= SDL_WINDOW_FULLSCREEN_DESKTOP;
    }
    canvas_hints();
    if (SDL_Init(SDL_INIT_VIDEO | SDL_INIT_EVENTS) != 0) {
        return error_set(error, STATUS_IO, "no screen: %s (try --headless)", SDL_GetError());
    }
    parts->window = SDL_CreateWindow("Holdfast", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                                     options->width, options->height, flags);
    if (!parts->window) {
        return error_set(error, STATUS_IO, "no window: %s", SDL_GetError());
    }
    parts->wake_event = SDL_RegisterEvents(1);
    SDL_StartTextInput();
    return STATUS_OK;
}

/* Any thread: SDL_PushEvent is thread-safe and ends SDL_WaitEventTimeout. */
static void wake_window(void *context)
{
    struct parts *parts = context;
    SDL_Event event = {.type = parts->wake_event};

    if (parts->window) {
        SDL_PushEvent(&event);
    }
}

static enum status open_till(struct parts *parts, const struct options *options,
                             struct error *error)
{
    char *masks = path_join(parts->assets, "barcode-masks.json");
    struct till_options wanted = {.folder = options->data,
                                  .program = "holdfast",
                                  .mode = TILL_WRITER,
                                  .clock = clock_system(),
                                  .entropy = entropy_system(),
                                  .masks_path = masks};

    enum status status = till_open(&wanted, &parts->till, error);
    free(masks);
    return status;
}

static enum status open_stage(struct parts *parts, const struct options *options, struct look *look,
                              struct error *error)
{
    struct stage_setup setup = {.assets = parts->assets,
                                .window = parts->window,
                                .width = options->width,
                                .height = options->height,
                                .panel_mm = options->panel_mm};

    if (parts->window) {
        SDL_GetWindowSize(parts->window, &setup.width, &setup.height);
        if (!setup.panel_mm && !options->windowed) {
            setup.panel_mm = (int)till_panel_mm(parts->till);
        }
    }
    *look = look_default();
    if (!options->script) {
        look_read(parts->look_path, look);
    }
    if (options->theme) {
        snprintf(look->theme, sizeof look->theme, "%s", options->theme);
    }
    if (options->language) {
        snprintf(look->language, sizeof look->language, "%s", options->language);
    }
    look->text_percent = options->text_percent ? options->text_percent : look->text_percent;
    look->mute |= options->mute;
    setup.look = *look;
    language_start(parts->assets);
    return stage_create(&setup, &parts->stage, error);
}

/* Devices that cannot be had are told, and the till sells without them. */
static void open_devices(struct parts *parts, const char *data)
{
    struct device_sink sink = queue_sink(parts->queue);
    struct error error = {0};
    struct profile profile = profile_default();
    char *scans = path_join(data, "scanner.sock");
    char *receipts = path_join(data, "receipts");

    if (scanner_socket_driver.create(scans, sink, &parts->scanner, &error) != STATUS_OK) {
        log_line(LOG_LEVEL_WARN, "main", "no scanner: %s", error.text);
    }
    if (printer_file_driver.create(receipts, sink, &parts->printer, &error) != STATUS_OK ||
        spool_create(&printer_file_driver, parts->printer, &profile, print_source(parts->till),
                     &parts->spool, &error) != STATUS_OK) {
        log_line(LOG_LEVEL_WARN, "main", "no printer: %s", error.text);
    }
    free(scans);
    free(receipts);
}

static void close_parts(struct parts *parts)
{
    signal_queue = NULL;
    app_free(parts->app);
    if (parts->spool) {
        spool_destroy(parts->spool);
    }
    if (parts->printer) {
        printer_file_driver.destroy(parts->printer);
    }
    if (parts->scanner) {
        scanner_socket_driver.destroy(parts->scanner);
    }
    pokes_free(parts->pokes);
    sound_free(parts->sound);
    stage_free(parts->stage);
    till_close(parts->till);
    queue_free(parts->queue);
    if (parts->window) {
        SDL_DestroyWindow(parts->window);
    }
    SDL_Quit();
    free(parts->look_path);
    free(parts->assets);
}

static enum status start(struct parts *parts, const struct options *options, struct error *error)
{
    struct look look;
    parts->look_path = path_join(options->data, "look.json");
    enum status status = open_till(parts, options, error);

    if (status == STATUS_OK && !options->headless) {
        status = open_window(parts, options, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    parts->queue = queue_create(wake_window, parts);
    status = open_stage(parts, options, &look, error);
    if (status == STATUS_OK) {
        status = pokes_create(options->data, parts->queue, &parts->pokes, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    open_devices(parts, options->data);
    parts->sound = options->headless ? NULL : sound_create();
    parts->app =
        app_create(&(struct app_setup){.till = parts->till,
                                       .stage = parts->stage,
                                       .queue = parts->queue,
                                       .pokes = parts->pokes,
                                       .spool = parts->spool,
                                       .sound = parts->sound,
                                       .window = parts->window,
                                       .clock = clock_system(),
                                       .assets = parts->assets,
                                       .look = look,
                                       .look_path = options->script ? NULL : parts->look_path});
    return STATUS_OK;
}

static void listen_to_signals(struct parts *parts)
{
    struct sigaction action = {.sa_handler = on_signal};

    if (parts->window) {
        return; /* SDL turns them into SDL_QUIT */
    }
    signal_queue = parts->queue;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

int main(int argc, char **argv)
{
    struct options options;
    struct error error = {0};
    struct parts parts = {0};

    if (options_read(argc, argv, &options, &error) != STATUS_OK) {
        refuse(&error);
        return 2;
    }
    if (options.help) {
        fputs(options_help(), stdout);
        return EXIT_SUCCESS;
    }
    if (options.version) {
        puts("holdfast " HOLDFAST_VERSION);
        return EXIT_SUCCESS;
    }
    (void)umask(0077); /* databases, keys and receipts are their owner's */
    crypto_start();
    parts.assets = find_assets();
    enum status status = start(&parts, &options, &error);
    if (status == STATUS_OK) {
        listen_to_signals(&parts);
        if (options.script) {
            status = script_run(parts.app, options.script, options.shots, &error);
        } else {
            app_run(parts.app);
        }
    }
    close_parts(&parts);
    return status == STATUS_OK ? EXIT_SUCCESS : refuse(&error);
}
