/*
 * One visitor's WebSocket (API.md, section 7), shared by these files:
 *
 *	widget_socket.c    opening, frames in, closing
 *	widget_history.c   messages from before the connection, or missed during a reconnect to the store
 *	widget_older.c     messages before those, as the visitor scrolls up
 *	widget_steps.c     steps that wait for the visitor's decision
 *	widget_replies.c   the queue of replies, one delivered after the other
 *	widget_identify.c  the visitor submits contact details
 *	widget_operator.c  what the visitor sees of operators
 *
 * A socket is a member of its visitor's room (live_room.h) from its first frame to its end. Frames are
 * answered in order: a message that arrives during a reply waits until that reply has ended, since frames
 * do not say which reply they belong to. Messages that still wait when the connection ends are sent and
 * answered anyway, and appear in the history; if contact details are being stored, after that.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_SOCKET_H
#define WORKERD_API_WIDGET_WIDGET_SOCKET_H

#include "workerd/api/live/live_core.h"
#include "workerd/api/live/live_thread.h"
#include "workerd/api/request/api_call.h"
#include "workerd/api/widget/widget_frame.h"
#include "workerd/api/widget/widget_send.h"

struct widget_reply;
struct widget_identification;

/* Which part of the conversation the client has (widget_history.c). */
struct widget_history {
	struct live_thread thread;
	bool erased; /* the conversation was deleted: the next sync starts over */
};

struct widget_socket {
	struct live_core core; /* first */
	struct http_exchange *
	    x; /* its context has the address and the request id; NULL, as out.ws: the connection has ended */
	struct hash256 token;             /* zero: a session of a key */
	uint32_t vouched;                 /* in no room: as in VISITOR_FOLLOW */
	struct id visitor;                /* zero: a session of a key */
	struct ip_address client, sender; /* as in turn_request */
	char *browser;                    /* its User-Agent */
	struct buf page;    /* the PAGE_RECORD of its last page frame; empty: none yet */
	struct buf context; /* of its last context frame; empty: none yet */
	struct buf
	    user_id; /* of a session of a key: the one that the site proved last; empty: none */
	struct widget_outlet out;

	/* widget_history.c */
	struct widget_history history;
	bool has_history; /* the client received its history */

	/* widget_older.c */
	struct store_call *older; /* reads a page of older messages; NULL: none is asked for */
	struct id older_before;

	/* widget_steps.c */
	bool has_steps;           /* the client wants to know them */
	struct store_call *steps; /* reads them; NULL: nothing is asked for, as the next one */
	struct store_call *decision;
	bool steps_again; /* they may have changed since */
	bool decides;     /* a decision waits until it is known who the visitor is */
	struct msg_step_decide deciding; /* that one; its texts are empty */

	/* widget_replies.c */
	TAILQ_HEAD(, widget_reply) replies;
	size_t n_replies, n_waiting;

	/* widget_identify.c */
	struct widget_identification *identification; /* under way */
	bool identified_here; /* by this socket: ignore the room's event about it */
	bool is_identified;   /* the client knows that the visitor has contact details */

	/* widget_operator.c */
	struct event *operator_timer; /* an operator writes, until then; NULL: none does */
	uint8_t
	    state; /* as the client knows it: STATE_OPEN, also if resolved, _WAITING, _PERSON */
	struct id operator;

	unsigned refused; /* invalid frames in a row */
	LIST_ENTRY(widget_socket) closing;
	char session[]; /* of the core */
};

/* History, in widget_history.c. */

/* The messages of a history frame, and the page size of later syncs. */
#define WIDGET_HISTORY_MESSAGES 200
#define WIDGET_PAGE_MESSAGES    64

/* Asks the store for messages that the client does not have (all of them at first and after a deletion)
 * and sends them; then calls widget_replies_synced(). Called by widget_replies_next() alone. */
void widget_history_sync(struct widget_socket *s);

/* Whether the client has a message that is not settled yet. */
bool widget_history_has(const struct widget_socket *s, const struct id *message);

/* Notes that the client received a message; interrupted: a reply that broke off. */
void widget_history_add(struct widget_socket *s, const struct id *message, bool interrupted);

/* So many messages are not settled that a sync is due, to forget most of them. */
bool widget_history_is_long(const struct widget_socket *s);

/* As in live_core.h. */
enum live_sync_next widget_history_on_page(struct live_core *core,
    const struct msg_message_page *page, const struct msg_conversation_record *conversation);
void widget_history_on_end(struct live_core *core, const struct msg_message_page *page);
void widget_history_on_none(struct live_core *core);

/* Older history, in widget_older.c. */

/* Reads a page of the messages before this one, and sends it. */
void widget_older_read(struct widget_socket *s, const struct id *before);

/* The connection has ended. */
void widget_older_end(struct widget_socket *s);

/* Steps, in widget_steps.c. */

/* Reads the steps of the session, and sends them; again, if that is asked for meanwhile. */
void widget_steps_read(struct widget_socket *s);

/* The visitor decides; the client gets the step. */
void widget_steps_decide(struct widget_socket *s, const struct msg_step_decide *decide);

/* Sends the decision that waits, unless an identification is under way. */
void widget_steps_go_on(struct widget_socket *s);

/* The connection has ended. */
void widget_steps_end(struct widget_socket *s);

/* Replies, in widget_replies.c. */

/* Queues the visitor's message: it is sent when those before it are answered. One that asks for a person stops the
 * reply that is being written. */
void widget_replies_send(struct widget_socket *s, const struct widget_frame *frame);

/* Queues a reply that another connection started. Not while widget_replies_is_syncing(). */
void widget_replies_join(struct widget_socket *s, const struct id *reply);

/* Queues a sync (widget_history_sync()), unless one waits already. */
void widget_replies_sync(struct widget_socket *s);

/* Whether a reply is on its way to the visitor; a history that is being read is none. */
bool widget_replies_run(const struct widget_socket *s);

/* The conversation was deleted: a sync runs after the current reply, before the messages that wait. */
void widget_replies_erased(struct widget_socket *s);

/* Whether a sync is under way or waits. */
bool widget_replies_is_syncing(const struct widget_socket *s);

/* The sync has ended. active: the reply being written (zero: none), delivered next unless it has just
 * failed; open: others may be running too, so sync again after it. */
void widget_replies_synced(struct widget_socket *s, const struct id *active, bool open);

/* Starts the next entry of the queue if nothing is under way. */
void widget_replies_next(struct widget_socket *s);

/* The store says that this reply is being written. False: it is not in the queue. */
bool widget_replies_has(struct widget_socket *s, const struct id *reply);

/* A reply is run again after it broke off: the entry that delivers it, or that sent its message again,
 * follows the new run. False: it is not in the queue. */
bool widget_replies_rerun(struct widget_socket *s, const struct msg_live_turn *turn);

/* Whether this message, by the client's id and text, waits in the queue here as well. */
bool widget_replies_is_sending(struct widget_socket *s, struct slice id, struct slice message);

/* Stops the current reply, if there is one. */
void widget_replies_stop(struct widget_socket *s);

/* The connection has ended: stops listening to the current reply. */
void widget_replies_leave(struct widget_socket *s);

/* Empties the queue after that; sends: the messages that wait are sent first. */
void widget_replies_end(struct widget_socket *s, bool sends);

/* Operators, in widget_operator.c. */

/* An operator writes: shown for some seconds, or until its message. */
void widget_operator_start_typing(struct widget_socket *s);

/* Whether typing was shown; no typing_stop is sent. */
bool widget_operator_stop_typing(struct widget_socket *s);

/* Tells a client that knows operators when another one has the conversation. people: of the page with its record. */
void widget_operator_set_state(struct widget_socket *s,
    const struct msg_conversation_record *conversation, struct slice people);

/* Contact details, in widget_identify.c. */

/* Takes ownership of the frame's contents. */
void widget_identify(struct widget_socket *s, struct widget_frame *frame);

/* Drops the submission that is under way. */
void widget_identify_cancel(struct widget_socket *s);

/* In widget_socket.c. */

/* The store does not answer: closes the connection so that the client reconnects. */
void widget_socket_give_up(struct widget_socket *s);

/* The contact details are stored or refused: goes on with what waits, also if the connection has ended.
 * s may be freed. */
void widget_socket_resume(struct widget_socket *s);

/* As in VISITOR_FOLLOW, for the visitor of this socket now. */
uint32_t widget_socket_vouched(const struct widget_socket *s);

#endif
