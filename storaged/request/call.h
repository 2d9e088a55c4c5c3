/*
 * One request while it runs: what a handler gets, and what it may do: answer, refuse, and note what becomes
 * of turns and visitors in memory (effects.h).
 *
 * A handler is `int handle_<message>(struct txn *, struct call *)`. It makes all checks before its first
 * change, so that a refused request leaves the rest of its batch intact. It returns
 *	0             it has answered
 *	CALL_REFUSED  by call_refuse(); nothing was changed
 *	CALL_WRITES   it must write here, and may not (call_may_write()); nothing was changed
 *	else          another error (txn.h); after a change, the transaction is lost
 * Answers and effects count only once the transaction is committed. If the commit fails, the handler may
 * run again for the same request.
 */
#ifndef STORAGED_REQUEST_CALL_H
#define STORAGED_REQUEST_CALL_H

#include "storaged/request/activity.h"
#include "storaged/request/effects.h"

/* Neither LMDB errors nor errno, like RECORD_DAMAGED (env.h). */
#define CALL_REFUSED (-1)
#define CALL_WRITES  (-3)

struct peers;

struct call {
	const union msg *m;
	uint64_t request;
	struct client *from;
	/* Both before this batch; turn_view.h adds what the batch has changed. */
	const struct open_turns *open;
	const struct live *live;
	/* These change at once, not after the commit. */
	struct lease *lease;     /* of the webhooks */
	struct lease *embedding; /* of the vectors */
	struct lease *mail;      /* of the mails */
	struct lease *media;     /* of the pictures */
	struct hand_over *hand_over;
	struct activity *activity;
	const struct peers *peers; /* NULL where there are none */
	struct effects *effects;
	enum store_error refused;
	const char *detail;
	struct slice text; /* of the refusal, for the visitor; in the map, usually empty */
	bool overflow;     /* the answer did not fit into the client's out */
};

/* Queues the answer. One that does not fit marks the call: its peer is too far behind. */
void call_answer(struct call *c, enum msg_type type, const void *answer);
void call_ok(struct call *c);

/* Queues a small answer that is sent when the search index contains the row of the change feed with this number,
 * and nothing that was erased up to it (index_wait.h). */
void call_answer_indexed(struct call *c, uint64_t seq, enum msg_type type, const void *answer);

/* Sets the reason for a refusal; detail is a constant. Always returns CALL_REFUSED. */
[[gnu::warn_unused_result]] int call_refuse(
    struct call *c, enum store_error code, const char *detail);

/* Why writes are refused now; 0: they are not. */
enum store_error call_write_refusal(const struct env *env);

/* Whether a request that does not always write may do so now: not while the store refuses writes. */
bool call_may_write(const struct txn *t);

/* Refuses (STALE) to change a record that was stored at another time than the one that the sender has read
 * and changed. A record that changes always gets a later time (clock_wall_after()). */
[[gnu::warn_unused_result]] int call_check_read(
    struct call *c, uint64_t read_at, uint64_t stored_at);

/* The sender runs this turn; or runs it from its beginning, for another run. */
void call_claim(struct call *c, const struct id *turn, const struct id *conversation);
void call_restart(struct call *c, const struct id *turn, const struct id *conversation);

/* The turn is closed; or it was erased while another client may run it. */
void call_release(struct call *c, const struct id *turn);
void call_erase(struct call *c, const struct id *turn);

/* The tokens of all visitors of a widget, or of one visitor (its room), are no longer valid, or a
 * conversation is gone: clients that follow them ask again. */
void call_end_widget(struct call *c, const struct id *widget);
void call_end_room(struct call *c, const struct id *room);
void call_end_conversation(struct call *c, const struct msg_conversation_record *conversation);

/* A conversation has another state, or messages that no TURN_BEGIN announced: clients that follow it read
 * it again. The texts of the record must be valid now, as for the function above. */
void call_conversation_changed(
    struct call *c, const struct msg_conversation_record *conversation);

/* An endpoint of webhooks has changed, or the lease is free: the workers that wait for that ask again. */
void call_change_webhooks(struct call *c);

/* There is new text, or the lease of the embeddings is free: the workers that wait for that ask again. */
void call_change_text(struct call *c);

/* A mail waits: maild asks again. */
void call_change_mail(struct call *c);

/* A picture waits: mediad asks again. */
void call_change_media(struct call *c);

/* Sources have changed, or there is an upload: crawld reads them again. */
void call_change_sources(struct call *c);

/* crawld has visited a page: enum page_visit. */
void call_count_visit(struct call *c, uint8_t result);

/* The sender waits for a change of sources. */
void call_follow_sources(struct call *c);

/* The sender has read the change feed up to this row, and waits for later ones. */
void call_follow_changes(struct call *c, uint64_t seq);

/* A request's limit: 0 asks for the maximum. */
uint32_t call_limit(uint32_t asked, uint32_t most);

#endif
