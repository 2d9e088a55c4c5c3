/*
 * The struct of a follower, for the files of this folder that run it (live_follower.h).
 */
#ifndef WORKERD_API_LIVE_LIVE_FOLLOWER_INTERNAL_H
#define WORKERD_API_LIVE_LIVE_FOLLOWER_INTERNAL_H

#include "workerd/api/guard/guard_watch.h"
#include "workerd/api/live/live_author.h"
#include "workerd/api/live/live_core.h"
#include "workerd/api/live/live_cursor.h"
#include "workerd/api/live/live_thread.h"
#include "workerd/api/request/event_stream.h"

struct live_follower;

/* A reply that is being written. */
struct live_reply {
	struct live_follower *f;
	struct turn_listener *listener; /* NULL: it waits for the end of the sync */
	struct id id;
	size_t units; /* UTF-16 units of its text that the client has */
	LIST_ENTRY(live_reply) link;
};

struct live_follower {
	struct live_core core; /* first */
	struct event_stream stream;
	struct guard_watch *watch; /* of an owner's login or key */
	enum live_viewer viewer;
	bool sources; /* the client wants to know what replies are based on */
	struct live_thread thread;
	bool resumed; /* it had a Last-Event-ID, or the first sync is over */
	LIST_HEAD(, live_reply) replies;
	size_t replies_n;
	bool told_state; /* as in the last `state` event: */
	uint8_t state;
	struct id conversation;
	uint32_t operator;          /* live_cursor_operator() */
	struct live_cursor *cursor; /* of a poll: what the client had at first; NULL: nothing */
	uint8_t session[];          /* of the core */
};

/* In live_follower.c: reads what the client lacks; then joins the replies that wait. */
void live_follower_sync(struct live_follower *f);

/* The store refused a request, or (type 0) does not answer: ends the stream. Frees it. */
void live_follower_fail(struct live_core *core, uint16_t type, const union msg *m);

/* In live_reply.c. */

/* Notes a reply, unless it is known; NULL: there are too many. */
struct live_reply *live_reply_add(struct live_follower *f, const struct id *id, size_t units);

struct live_reply *live_reply_find(struct live_follower *f, const struct id *id);

/* Listens to the reply, unless it does already. */
void live_reply_join(struct live_reply *r);

/* Stops listening and frees it. */
void live_reply_drop(struct live_reply *r);
void live_reply_drop_all(struct live_follower *f);

/* The sync is over: joins the replies that wait. */
void live_reply_join_waiting(struct live_follower *f);

/* Events, in live_event.c; the head of the answer must have been sent. */

/* people: of the message's page. */
void live_event_message(
    struct live_follower *f, const struct msg_message_record *r, struct slice people);
void live_event_question(struct live_follower *f, const struct msg_live_turn *turn);
void live_event_start(struct live_reply *r, size_t position);
void live_event_source(struct live_reply *r, const struct turn_source *source);
void live_event_token(struct live_reply *r, struct slice token);
void live_event_done(
    struct live_follower *f, const struct id *reply, const struct turn_reply *end);
void live_event_typing(struct live_follower *f);
void live_event_presence(struct live_follower *f, struct slice operator);
void live_event_erased(struct live_follower *f);

/* Sends the state if it has changed. r NULL: the session has no conversation. people: of the page with r. */
void live_event_state(
    struct live_follower *f, const struct msg_conversation_record *r, struct slice people);

#endif
