/*
 * An HTTP client that follows a conversation as a stream of events: one of its owners, or a client of its
 * session (in whichever conversation that has).
 *
 *	live_follower.c  life, the room's events, reading what is missing
 *	live_reply.c     the replies that are being written
 *	live_event.c     the events
 *
 * An event has one of these types:
 *	state    first, and when the state or the operator changes
 *	message  a complete message; it replaces what came before for its id
 *	start, token…, source…, done  a reply that is being written; source: a place that cites one
 *	typing   the other side writes
 *	erased   the conversation was deleted
 *
 * The stream begins with the messages after Last-Event-ID (live_cursor.h), or without one with those that
 * are stored after its first event. A client that reads too slowly is disconnected, and resumes.
 */
#ifndef WORKERD_API_LIVE_LIVE_FOLLOWER_H
#define WORKERD_API_LIVE_LIVE_FOLLOWER_H

#include "workerd/api/live/live_author.h"
#include "workerd/api/request/api_call.h"

struct live_follow {
	struct id conversation;  /* of the organization; zero: the session's */
	struct slice session;    /* of the call's widget; copied */
	enum live_viewer viewer; /* VIEWER_OWNER for a conversation, and only then */
	bool sources;            /* the client wants to know what replies are based on */
	bool sse, poll;          /* the format (event_stream.h) */
};

/* Answers the call with a stream, or with an error. The organization is the call's. */
void live_follower_start(const struct api_call *c, const struct live_follow *follow);

#endif
