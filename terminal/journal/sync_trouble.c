#include "terminal/journal/sync_trouble.h"

#include <string.h>

static const char *const words[SYNC_TROUBLES] = {
    [SYNC_WELL] = "",           [SYNC_NO_ANSWER] = "no_answer",
    [SYNC_BUSY] = "busy",       [SYNC_DENIED] = "denied",
    [SYNC_REVOKED] = "revoked", [SYNC_VERSION] = "version",
    [SYNC_FORKED] = "forked",   [SYNC_ODD] = "odd",
    [SYNC_HERE] = "here",       [SYNC_STOPPED] = "stopped",
};

const char *sync_trouble_word(enum sync_trouble trouble)
{
    return words[trouble];
}

enum sync_trouble sync_trouble_read(const char *word)
{
    for (int i = 0; i < SYNC_TROUBLES; i++) {
        if (strcmp(words[i], word) == 0)
            return (enum sync_trouble)i;
    }
    return SYNC_ODD;
}
