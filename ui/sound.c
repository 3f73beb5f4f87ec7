/* Integer sine waves at 48 kHz, faded in and out over 4 ms so that nothing clicks. */
#include "ui/sound.h"

#include "terminal/base/buf.h"

#include <SDL.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

enum { RATE = 48000, FADE = RATE / 250, LONGEST = RATE / 2, GONE_MS = 1000 };

struct sound {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t bell;
    bool running, wanted;
    enum tone tone;
    int16_t samples[LONGEST];
};

static int wave(int16_t *out, int hertz, int milliseconds, int loud)
{
    int count = RATE * milliseconds / 1000;

    for (int i = 0; i < count; i++) {
        int edge = i < count - i ? i : count - i;
        int gain = edge < FADE ? loud * edge / FADE : loud;
        double turn = 6.283185307179586 * hertz * i / RATE;
        out[i] = (int16_t)(sin(turn) * gain);
    }
    return count;
}

static int compose(int16_t *out, enum tone tone)
{
    int used;

    if (tone == TONE_LINE) {
        return wave(out, 1760, 60, 9000);
    }
    used = wave(out, 196, 140, 20000);
    used += wave(out + used, 196, 60, 0);
    return used + wave(out + used, 165, 200, 20000);
}

static void play(struct sound *sound, enum tone tone)
{
    SDL_AudioSpec want = {.freq = RATE, .format = AUDIO_S16SYS, .channels = 1, .samples = 512};
    SDL_AudioDeviceID device = SDL_OpenAudioDevice(NULL, 0, &want, NULL, 0);
    int count = compose(sound->samples, tone);

    if (device == 0) {
        return;
    }
    SDL_QueueAudio(device, sound->samples, (Uint32)count * sizeof *sound->samples);
    SDL_PauseAudioDevice(device, 0);
    for (int waited = 0; SDL_GetQueuedAudioSize(device) > 0 && waited < GONE_MS; waited += 10) {
        SDL_Delay(10);
    }
    SDL_Delay(30); /* what the device still holds */
    SDL_CloseAudioDevice(device);
}

static void *player(void *context)
{
    struct sound *sound = context;

    pthread_mutex_lock(&sound->mutex);
    while (sound->running) {
        if (!sound->wanted) {
            pthread_cond_wait(&sound->bell, &sound->mutex);
            continue;
        }
        enum tone tone = sound->tone;
        sound->wanted = false;
        pthread_mutex_unlock(&sound->mutex);
        play(sound, tone);
        pthread_mutex_lock(&sound->mutex);
    }
    pthread_mutex_unlock(&sound->mutex);
    return NULL;
}

struct sound *sound_create(void)
{
    struct sound *sound = mem_alloc(sizeof *sound);

    INVARIANT(pthread_mutex_init(&sound->mutex, NULL) == 0);
    INVARIANT(pthread_cond_init(&sound->bell, NULL) == 0);
    sound->running = SDL_InitSubSystem(SDL_INIT_AUDIO) == 0 &&
                     pthread_create(&sound->thread, NULL, player, sound) == 0;
    return sound;
}

void sound_free(struct sound *sound)
{
    if (!sound) {
        return;
    }
    pthread_mutex_lock(&sound->mutex);
    bool running = sound->running;
    sound->running = false;
    pthread_cond_signal(&sound->bell);
    pthread_mutex_unlock(&sound->mutex);
    if (running) {
        pthread_join(sound->thread, NULL);
        SDL_QuitSubSystem(SDL_INIT_AUDIO);
    }
    pthread_cond_destroy(&sound->bell);
    pthread_mutex_destroy(&sound->mutex);
    free(sound);
}

void sound_play(struct sound *sound, enum tone tone)
{
    pthread_mutex_lock(&sound->mutex);
    /* Trouble is never drowned by a good tone that follows at once. */
    if (!(sound->wanted && sound->tone == TONE_TROUBLE)) {
        sound->tone = tone;
    }
    sound->wanted = true;
    pthread_cond_signal(&sound->bell);
    pthread_mutex_unlock(&sound->mutex);
}
