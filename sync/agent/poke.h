/* One word between till and agent, over unix datagram sockets in the data folder. A lost word only
 * costs time: both sides also look by themselves every few seconds.
 */
#ifndef HOLDFAST_AGENT_POKE_H
#define HOLDFAST_AGENT_POKE_H

#include "sync/agent/agent.h"
#include "terminal/base/status.h"

#include <stdbool.h>

struct poke;

/* Binds agent.sock (mode 0600), in place of one that an earlier run left. Call it only while
 * holding the agent's lock. */
enum status poke_open(const char *folder, struct poke **out, struct error *error) MUST_USE;
void poke_close(struct poke *poke); /* removes agent.sock; NULL is fine */

int poke_fd(const struct poke *poke); /* readable when a word is there */

/* Sends the word to till.sock; nothing happens when nobody listens. Never blocks. */
void poke_send(struct poke *poke, const char *word);

/* The next word that came; false when there is none. Unknown words count as AGENT_POKE_STATE. */
bool poke_receive(struct poke *poke, enum agent_poke *out);

#endif
