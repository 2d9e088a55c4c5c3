/*
 * How it stands with open turns as a request of a batch sees it: what was true in memory before the
 * batch, and what the requests before this one have changed since (effects.h). Looks through all of
 * those: for requests that are rare.
 */
#ifndef STORAGED_REQUEST_TURN_WRITER_H
#define STORAGED_REQUEST_TURN_WRITER_H

#include "storaged/request/call.h"

/* Who writes a turn that is open in the store. */
enum writer {
	WRITER_SELF,    /* whoever asks */
	WRITER_OTHER,   /* another client */
	WRITER_AWAITED, /* its worker may come back and claim it */
	WRITER_LOST,    /* nobody: it is about to be interrupted */
	WRITER_NONE,    /* nobody, and it cannot even be ended: damaged */
};

enum writer standing_writer(const struct call *c, const struct id *turn);

/* Whether whoever asks follows this turn. */
bool standing_follows(const struct call *c, const struct id *turn);

/*
 * Calls each for the open turns of a conversation, until it does not return 0, which is returned
 * then. Some may have ended within this batch, and some come twice: the store knows. each may
 * change the store and note effects.
 */
typedef int standing_fn(void *arg, const struct id *turn);
[[gnu::warn_unused_result]] int standing_each(
    const struct call *c, const struct id *conversation, standing_fn *each, void *arg);

#endif
