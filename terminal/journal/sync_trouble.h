/* Why nothing goes to the ledger, or comes from it: one word in sync.db's agent_state ("trouble"),
 * written by the sync agent, read by the till, which says it in the person's language. The agent's
 * own line beside it ("reason") is for whoever mends it.
 */
#ifndef HOLDFAST_JOURNAL_SYNC_TROUBLE_H
#define HOLDFAST_JOURNAL_SYNC_TROUBLE_H

enum sync_trouble {
    SYNC_WELL,
    SYNC_NO_ANSWER, /* no network, no name, no TLS, or nobody listens there */
    SYNC_BUSY,      /* the ledger asks for patience */
    SYNC_DENIED,    /* the ledger does not believe this till's signature */
    SYNC_REVOKED,   /* the ledger does not want this till any more */
    SYNC_VERSION,   /* the programs or files of both are too far apart in age */
    SYNC_FORKED,    /* a copy of this till went on selling as well */
    SYNC_ODD,       /* the ledger's answer can't be used */
    SYNC_HERE,      /* this till's own files can't be read or written */
    SYNC_STOPPED,   /* the agent does not run: never written, the till's own finding */
    SYNC_TROUBLES
};

/* "" for SYNC_WELL. */
const char *sync_trouble_word(enum sync_trouble trouble);
/* A word of a later version is SYNC_ODD. */
enum sync_trouble sync_trouble_read(const char *word);

#endif
