/*
 * One request while it runs: what a handler gets, and the three things that it may do with it:
 * answer, refuse, and say what becomes of turns and visitors in memory (effects.h).
 *
 * A handler is `int name(struct txn *, struct call *)`. It looks at everything before it changes
 * anything, so that a request that is refused leaves the rest of its batch whole. It returns
 *	0             it has answered
 *	CALL_REFUSED  by call_refuse(); nothing was changed
 *	CALL_WRITES   it has to write here, and may not (call_may_write()); nothing was changed
 *	else          another error (txn.h); after a change, the transaction is lost
 * An answer, and what is said about turns, counts only once the transaction is committed; a
 * handler may run again for the same request if that fails.
 */
#ifndef STORAGED_REQUEST_CALL_H
#define STORAGED_REQUEST_CALL_H

#include "storaged/request/activity.h"
#include "storaged/request/effects.h"

/* As RECORD_DAMAGED, no numbers of LMDB's nor of errno. */
#define CALL_REFUSED (-1)
#define CALL_WRITES  (-3)

struct peers;

struct call {
	const union msg *m;
	uint64_t request;
	struct client *from;
	const struct open_turns
	    *open;               /* as it was before this batch; turn_writer.h knows more */
	const struct live *live; /* the same */
	const struct activity *activity;
	const struct peers *peers; /* NULL where there are none */
	struct effects *effects;
	enum store_error refused;
	const char *detail;
	bool overflow; /* the answer did not fit into the client's out */
};

/* Queues the answer. One that does not fit marks the call: its peer is too far behind. */
void call_answer(struct call *c, enum msg_type type, const void *answer);
void call_ok(struct call *c);

/* Says why nothing was done; detail is a constant. Always CALL_REFUSED. */
[[gnu::warn_unused_result]] int call_refuse(
    struct call *c, enum store_error code, const char *detail);

/* Whether a request that may do without writing may write: not while the store takes no writes. */
bool call_may_write(const struct txn *t);

/* Refuses (STALE) to change a record that was stored at another moment than the one that the sender has
 * read and changed. A record that changes gets a later moment each time (clock_wall_after()). */
[[gnu::warn_unused_result]] int call_check_read(
    struct call *c, uint64_t read_at, uint64_t stored_at);

/* The turn is run by whoever sent this request, begun anew by it or not; or by nobody any more, since
 * it has ended, or was erased under whoever runs it. A request may say so of several turns. */
void call_claim(
    struct call *c, const struct id *turn, const struct id *conversation, bool anew);
void call_release(struct call *c, const struct id *turn);
void call_erase(struct call *c, const struct id *turn);

/* The tokens of a widget's visitors, or of one visitor, are good for nothing any more; or what was said is
 * gone. Whoever follows them asks. */
void call_end_widget(struct call *c, const struct id *widget);
void call_end_visitor(struct call *c, const struct id *visitor);

/* A request's limit: 0 asks for the most there is. */
uint32_t call_limit(uint32_t asked, uint32_t most);

#endif
