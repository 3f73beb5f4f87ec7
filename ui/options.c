/* getopt_long and the ceilings of numbers. */
#include "ui/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE_MAX = 99999 }; /* pixels */

const char *options_help(void)
{
    return "holdfast: the till.\n"
           "\n"
           "  --data DIR         the till's folder, made by `holdfast-admin enroll` (required)\n"
           "  --script FILE      drive the till by a script, then end; status 1 when it fails\n"
           "  --shots DIR        where the script's pictures go (default: the current folder)\n"
           "  --headless         no window; frames are drawn in memory\n"
           "  --windowed         a window instead of the full screen\n"
           "  --size WxH         pixels of the window or of the headless screen (1366x768)\n"
           "  --panel-mm N       width of the panel in millimetres\n"
           "  --language XX      en, de, ar, ... instead of the person's language\n"
           "  --theme NAME       light, dark or contrast\n"
           "  --text-scale N     100 to 150 per cent\n"
           "  --mute             no tones\n"
           "  --help, --version\n"
           "\n"
           "HOLDFAST_ASSETS names the assets when they are not at ../share/holdfast.\n";
}

enum {
    DATA = 1,
    SCRIPT,
    SHOTS,
    HEADLESS,
    WINDOWED,
    SIZE,
    PANEL,
    LANGUAGE,
    THEME,
    SCALE,
    MUTE,
    HELP,
    VERSION
};

static const struct option long_options[] = {{"data", required_argument, NULL, DATA},
                                             {"script", required_argument, NULL, SCRIPT},
                                             {"shots", required_argument, NULL, SHOTS},
                                             {"headless", no_argument, NULL, HEADLESS},
                                             {"windowed", no_argument, NULL, WINDOWED},
                                             {"size", required_argument, NULL, SIZE},
                                             {"panel-mm", required_argument, NULL, PANEL},
                                             {"language", required_argument, NULL, LANGUAGE},
                                             {"theme", required_argument, NULL, THEME},
                                             {"text-scale", required_argument, NULL, SCALE},
                                             {"mute", no_argument, NULL, MUTE},
                                             {"help", no_argument, NULL, HELP},
                                             {"version", no_argument, NULL, VERSION},
                                             {NULL, 0, NULL, 0}};

static enum status number(const char *name, const char *text, int min, int max, int *out,
                          struct error *error)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < min || value > max) {
        return error_set(error, STATUS_INVALID, "--%s wants a number from %d to %d, not \"%s\"",
                         name, min, max, text);
    }
    *out = (int)value;
    return STATUS_OK;
}

static enum status take(int which, const char *value, struct options *out, struct error *error)
{
    switch (which) {
    case DATA:
        out->data = value;
        return STATUS_OK;
    case SCRIPT:
        out->script = value;
        return STATUS_OK;
    case SHOTS:
        out->shots = value;
        return STATUS_OK;
    case HEADLESS:
        out->headless = true;
        return STATUS_OK;
    case WINDOWED:
        out->windowed = true;
        return STATUS_OK;
    case SIZE: {
        char *end;
        long width = strtol(value, &end, 10);
        long height = *end == 'x' ? strtol(end + 1, &end, 10) : 0;
        if (*end != '\0' || width < 1 || width > SIDE_MAX || height < 1 || height > SIDE_MAX) {
            return error_set(error, STATUS_INVALID, "--size wants WxH, not \"%s\"", value);
        }
        out->width = (int)width;
        out->height = (int)height;
        return STATUS_OK;
    }
    case PANEL:
        return number("panel-mm", value, 50, 3000, &out->panel_mm, error);
    case LANGUAGE:
        out->language = value;
        return STATUS_OK;
    case THEME:
        out->theme = value;
        return STATUS_OK;
    case SCALE:
        return number("text-scale", value, 100, 150, &out->text_percent, error);
    case MUTE:
        out->mute = true;
        return STATUS_OK;
    case HELP:
        out->help = true;
        return STATUS_OK;
    case VERSION:
        out->version = true;
        return STATUS_OK;
    default:
        return error_set(error, STATUS_INVALID, "unknown option; see holdfast --help");
    }
}

enum status options_read(int argc, char **argv, struct options *out, struct error *error)
{
    *out = (struct options){.shots = ".", .width = 1366, .height = 768};
    opterr = 0;
    optind = 1;
    for (;;) {
        int which = getopt_long(argc, argv, "", long_options, NULL);

        if (which < 0) {
            break;
        }
        enum status status = take(which, optarg, out, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (optind < argc) {
        return error_set(error, STATUS_INVALID, "what is \"%s\"? See holdfast --help",
                         argv[optind]);
    }
    if (!out->data && !out->help && !out->version) {
        return error_set(error, STATUS_INVALID, "--data DIR is missing; see holdfast --help");
    }
    return STATUS_OK;
}
