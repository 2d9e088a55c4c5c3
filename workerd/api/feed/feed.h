/*
 * A widget's visitor without a WebSocket (API.md, section 8): the server's frames as server-sent events, NDJSON, or
 * answers to polls. These files share it:
 *
 *	feed.c        opening, the room's events, the end
 *	feed_sync.c   messages of the store
 *	feed_reply.c  the reply that is being written
 *	feed_post.c, feed_message.c  frames of the client, each a request of its own
 *
 * A feed delivers the conversation's messages strictly by their positions: a reply that is being written holds back all
 * behind it. So one number says what the client has (live_place.h), and the next request continues exactly there, at any worker.
 */
#ifndef WORKERD_API_FEED_FEED_H
#define WORKERD_API_FEED_FEED_H

#include "workerd/api/live/live_core.h"
#include "workerd/api/live/live_place.h"
#include "workerd/api/request/event_stream.h"
#include "workerd/api/widget/widget_send.h"
#include "workerd/api/widget/widget_visit.h"

struct feed {
	struct live_core core; /* first */
	struct event_stream stream;
	struct widget_outlet out;
	struct widget_visit visit;
	struct live_place place;        /* what the client has */
	struct turn_listener *listener; /* of the reply; a sync waits for its end */
	struct id reply;
	uint64_t reply_at; /* its position: place.next, or one of place.broken */
	uint64_t
	    restarted; /* the first position before those of place.broken whose reply starts again; 0: none */
	struct event *typing_timer; /* NULL, or until place.operator_typing ends */
};

/* In feed.c. */

/* Ends the answer: the client asks again. */
void feed_end(void *arg);

/* The store does not answer. Frees the feed. */
void feed_fail(struct live_core *core, uint16_t type, const union msg *m);

/* An operator's typing becomes that of a message, or is over. */
void feed_forget_typing(struct feed *f);

/* In feed_sync.c. */

/* The messages of a first history, and the page size of later syncs. */
#define FEED_HISTORY_MESSAGES 200
#define FEED_PAGE_MESSAGES    64

/* Sends the messages that the client does not have, and then follows the reply behind them. */
void feed_sync(struct feed *f);

/* As in live_core.h. */
enum live_sync_next feed_sync_on_page(struct live_core *core,
    const struct msg_message_page *page, const struct msg_conversation_record *conversation);
void feed_sync_on_end(struct live_core *core, const struct msg_message_page *page);
void feed_sync_on_none(struct live_core *core);

/* In feed_reply.c. */

/* Listens to the open reply at this position, which is place.next or one of place.broken. May free the feed. */
void feed_reply_join(struct feed *f, const struct id *reply, uint64_t at);

void feed_reply_leave(struct feed *f);

#endif
