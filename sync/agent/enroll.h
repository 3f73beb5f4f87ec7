/* Making a data folder a till's: one question to the ledger, one file.
 */
#ifndef HOLDFAST_AGENT_ENROLL_H
#define HOLDFAST_AGENT_ENROLL_H

#include "sync/agent/line.h"
#include "terminal/base/status.h"

/* Makes a key pair, sends its public half with the one-time code to POST /v1/enroll, signed with
 * the key itself, and writes device.json from the answer. `url` is the ledger's
 * ("https://host:port"; a last '/' is dropped). `line` (NULL: as the system does) says how it is
 * reached; it is kept in the folder, where the agent finds it. The folder must be there. Blocks for
 * at most a minute.
 *
 * The keys are kept in enroll.pending (0600) before the question leaves: killed, cut off or out of
 * disk at any point, the same command with the same code gives the same device again.
 *
 * STATUS_EXISTS: the folder is a till's already. STATUS_DENIED: the ledger does not take the code.
 * STATUS_NETWORK: no answer. STATUS_INVALID: the url, or the answer. */
enum status enroll(const char *folder, const char *url, const char *code, const struct line *line,
                   struct error *error) MUST_USE;

#endif
