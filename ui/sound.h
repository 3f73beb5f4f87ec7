/* Two tones: a short high one for a line, a low double one for trouble. They are made here, played
 * on a thread of their own, and the audio device is open only while one sounds, so that silence
 * costs nothing.
 */
#ifndef HOLDFAST_UI_SOUND_H
#define HOLDFAST_UI_SOUND_H

#include "ui/screens/desk.h"

struct sound;

/* Never fails: without an audio device the tones are silent. */
struct sound *sound_create(void);
void sound_free(struct sound *sound);

/* Returns at once; a tone that is still sounding gives way. */
void sound_play(struct sound *sound, enum tone tone);

#endif
