/*
 * What one who follows a conversation does when the listener of a reply gets an error: a socket, a feed and a stream of
 * events do the same.
 */
#ifndef WORKERD_API_LIVE_LIVE_FAILURE_H
#define WORKERD_API_LIVE_LIVE_FAILURE_H

#include "workerd/turn/turn_sink.h"

enum live_failure {
	LIVE_BROKE_OFF, /* a sync finds the text that is stored, or the run that writes it again */
	LIVE_FAILED, /* the reply may stay open, so syncs must not join it; storaged tells the room when it ends */
	LIVE_LOST, /* nothing is known of the reply: the client must reconnect */
};

static inline enum live_failure
live_failure_of(const struct turn_error *error)
{
	switch (error->failure) {
	case TURN_INTERRUPTED:
		return LIVE_BROKE_OFF;
	case TURN_SHUTDOWN:
		return LIVE_LOST;
	case TURN_STORE_DOWN:
	case TURN_STORE_FULL:
		return error->unsaved ? LIVE_FAILED : LIVE_LOST;
	default:
		return LIVE_FAILED;
	}
}

#endif
