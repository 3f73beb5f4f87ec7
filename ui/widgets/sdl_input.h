/* SDL's events as ours. Touch and mouse are kept apart (canvas_hints); a finger's place is scaled
 * to the window.
 */
#ifndef HOLDFAST_WIDGETS_SDL_INPUT_H
#define HOLDFAST_WIDGETS_SDL_INPUT_H

#include "ui/draw/geometry.h"
#include "ui/widgets/input.h"

#include <stdbool.h>

union SDL_Event;

/* True when the event means something to the widgets; *out is filled then. at_ms is the event's
 * own time stamp (milliseconds since SDL_Init). */
bool sdl_input(const union SDL_Event *event, struct size window, struct ui_input *out);

#endif
