/*
 * A frame of a visitor that came as a request (API.md, section 8): what the WebSocket would answer to it is the body of
 * the 202, and what it would refuse with an error frame is an error here. All else comes with the feed.
 */
#ifndef WORKERD_API_FEED_FEED_POST_H
#define WORKERD_API_FEED_FEED_POST_H

#include "workerd/api/request/store_query.h"
#include "workerd/api/widget/widget_frame.h"
#include "workerd/api/widget/widget_send.h"
#include "workerd/api/widget/widget_visit.h"
#include "workerd/turn/turn.h"

struct feed_post {
	struct store_query q; /* first. Its answer is {"frames":[… so far */
	struct widget_outlet out;
	struct widget_visit visit;
	struct widget_frame frame;
	struct buf page;          /* of a message: the PAGE_RECORD that came with it */
	struct buf context;       /* of a context frame, or of a message that came with it */
	unsigned takes, required; /* contact fields (enum contact_field) of the widget */
	bool is_proved;           /* the site proves the frame's user id */
	/* Of a message, in feed_message.c. */
	struct turn_listener *listener; /* of the message's turn, or of the reply before it */
	struct event *deadline, *pause; /* NULL: none was set yet */
	struct id message;
	bool waits;       /* the deadline is that of waiting for the replies before it */
	struct id joined; /* the reply to a message that was sent before; zero: none */
	uint64_t source;
	struct ip_address client;
};

/* 202 with the frames. reply: to the message; NULL: the frame is no message; zero: there is none. */
void feed_post_accept(struct feed_post *p, const struct id *reply);

/* Stores the message, when the replies before it have ended. */
void feed_message_send(struct feed_post *p);

/* Frees what feed_message.c added. */
void feed_message_clear(struct feed_post *p);

#endif
