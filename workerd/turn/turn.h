/*
 * One reply, from the visitor's message to the stored reply:
 *
 *	begin (storaged) → request (model) → tokens → finish (storaged) → done
 *
 * storaged has the visitor's message on disk before the model receives it, and the reply before any
 * listener receives done. A turn continues without listeners: a visitor who leaves does not stop the
 * reply. When a worker dies, storaged keeps the checkpoints of each second and closes the turn.
 *
 * Any number of listeners may join, from any position, also while another worker writes the reply and
 * after its end.
 */
#ifndef WORKERD_TURN_TURN_H
#define WORKERD_TURN_TURN_H

#include "proto/base/network.h"
#include "workerd/turn/reply_ref.h"
#include "workerd/turn/turn_sink.h"
#include "workerd/turn/turns.h"

#define TURN_NAME_MAX 128

struct turn_request {
	struct id org, widget;
	struct slice session;          /* 1 to 128 bytes */
	struct slice text;             /* 1 to 4000 UTF-16 units of valid UTF-8 */
	struct slice files;            /* ids, one after the other; then text may be empty */
	struct slice answer;           /* ANSWER_PARTs, in place of a text and a client_id */
	struct slice client_id;        /* the client's id of the message, 0 to 128 bytes */
	struct slice name;             /* request= in the log, 0 to TURN_NAME_MAX bytes */
	const struct hash256 *visitor; /* hash of the widget visitor's token; NULL: API key */
	uint32_t vouched;              /* with a token: as in VISITOR_FOLLOW */
	struct id message, reply;      /* ids of a new message and its reply; zero: any */
	struct slice page;    /* a PAGE_RECORD of where the visitor is; empty: not known */
	struct slice context; /* what the site says (chat_context.h); empty: nothing new */
	struct slice user_id; /* verified, of a contact that is stored; empty: not known */
	uint64_t source;      /* key of the client's address; 0: it has no limit */
	struct ip_address
	    client; /* of a visitor, for its share of budgets; none: not limited */
	struct ip_address sender; /* of whoever writes, for blocks; none: not known */
	bool accepted;            /* the message was accepted earlier: no limit refuses it */
	bool alone; /* TURN_TOO_MANY while another reply of the conversation runs */
	bool
	    asks_person; /* the visitor asks for a person: the agent's text is the reply, not the model's, and the
	                         conversation waits, unless a person has it already */
};

/* A request whose messages and reply are not stored. */
struct turn_trial {
	const struct msg_agent_record *agent; /* copied */
	struct slice messages;                /* list of MESSAGE_RECORD, oldest first; copied */
	struct slice name;                    /* as in turn_request */
};

/* Receives a reply until done, error or turn_leave(). */
struct turn_listener;

/*
 * Sends a message and listens to its reply; the request is copied. A message whose client_id is known
 * is not sent again: the listener joins its reply from the start, or restarts it if it was interrupted.
 * NULL, with the failure in *why, when too many replies run or too many requests wait for storaged.
 */
[[gnu::warn_unused_result]] struct turn_listener *turn_begin(struct turns *turns,
    const struct turn_request *request, const struct turn_sink *sink, void *arg,
    enum turn_failure *why);

/* Begins the reply to a message that a silent operator has left, without a listener. Does nothing when too many
 * replies run: storaged asks again. */
void turn_begin_left(struct turns *turns, const struct msg_live_left *left);

/* Begins the reply that sees what came of a step, without a listener. Does nothing when too many replies run: storaged asks
 * again. */
void turn_begin_step(struct turns *turns, const struct msg_step_taken *taken);

/* Tries an agent. The sink's ids refer to nothing. The trial ends when the listener leaves. NULL when
 * too many trials run: answer 503. */
[[gnu::warn_unused_result]] struct turn_listener *turn_try(struct turns *turns,
    const struct turn_trial *trial, const struct turn_sink *sink, void *arg);

/*
 * Listens to a reply from a position, whichever worker writes it. after is in UTF-16 units; it is
 * rounded down to the start of a character and to the length of the text. While a restarted reply is
 * written it counts as 0, because the position may refer to the text of an earlier run. NULL when too
 * many requests wait for storaged: answer 503.
 */
[[gnu::warn_unused_result]] struct turn_listener *turn_join(struct turns *turns,
    const struct reply_ref *ref, size_t after, const struct turn_sink *sink, void *arg);

/* Stops a reply. The listener receives only done or error, within STORE_TIMEOUT_MS. NULL as in
 * turn_join(). */
[[gnu::warn_unused_result]] struct turn_listener *turn_stop(
    struct turns *turns, const struct reply_ref *ref, const struct turn_sink *sink, void *arg);

/* Frees the listener; its sink is not called again. The turn continues. A stop that the listener
 * requested still takes effect. */
void turn_leave(struct turn_listener *listener);

#endif
