/* Datagrams: no connection to keep, nothing to wait for. A folder whose path is too long for a
 * socket address is reached through /proc/self/fd, which is short.
 */
#include "sync/agent/poke.h"
#include "terminal/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct poke {
    int fd;
    int folder; /* the data folder, for short addresses */
};

static struct sockaddr_un address(const struct poke *poke, const char *name)
{
    struct sockaddr_un out = {.sun_family = AF_UNIX};

    (void)snprintf(out.sun_path, sizeof out.sun_path, "/proc/self/fd/%d/%s", poke->folder, name);
    return out;
}

/* False: errno says why. */
static bool make_socket(struct poke *poke, const char *folder)
{
    struct sockaddr_un own;

    poke->fd = -1;
    poke->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (poke->folder < 0)
        return false;
    poke->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (poke->fd < 0)
        return false;
    own = address(poke, "agent.sock");
    (void)unlinkat(poke->folder, "agent.sock", 0);
    return bind(poke->fd, (const struct sockaddr *)&own, sizeof own) == 0 &&
           fchmodat(poke->folder, "agent.sock", 0600, 0) == 0;
}

enum status poke_open(const char *folder, struct poke **out, struct error *error)
{
    struct poke *poke = mem_alloc(sizeof *poke);

    *out = NULL;
    if (!make_socket(poke, folder)) {
        enum status status =
            error_set(error, STATUS_IO, "%s/agent.sock: %s", folder, strerror(errno));
        poke_close(poke);
        return status;
    }
    *out = poke;
    return STATUS_OK;
}

void poke_close(struct poke *poke)
{
    if (!poke)
        return;
    if (poke->fd >= 0)
        (void)close(poke->fd);
    if (poke->folder >= 0) {
        (void)unlinkat(poke->folder, "agent.sock", 0);
        (void)close(poke->folder);
    }
    free(poke);
}

int poke_fd(const struct poke *poke)
{
    return poke->fd;
}

void poke_send(struct poke *poke, const char *word)
{
    struct sockaddr_un till = address(poke, "till.sock");

    (void)sendto(poke->fd, word, strlen(word), MSG_DONTWAIT | MSG_NOSIGNAL,
                 (const struct sockaddr *)&till, sizeof till);
}

bool poke_receive(struct poke *poke, enum agent_poke *out)
{
    char word[32];
    ssize_t length = recv(poke->fd, word, sizeof word - 1, MSG_DONTWAIT);

    if (length < 0)
        return false;
    word[length] = '\0';
    *out = AGENT_POKE_STATE;
    if (strcmp(word, "entries") == 0)
        *out = AGENT_POKE_ENTRIES;
    else if (strcmp(word, "replica") == 0)
        *out = AGENT_POKE_REPLICA;
    return true;
}
