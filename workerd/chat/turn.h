/*
 * One reply, from the visitor's message to the stored answer:
 *
 *	begin (store) → ask (model) → tokens → finish (store) → done
 *
 * The visitor's message is on disk before the model is asked, the reply before anyone hears
 * "done". A turn outlives its listener: a visitor who leaves does not stop the reply. A worker
 * that dies leaves the pieces that were kept each second; storaged closes the turn then.
 *
 * A turn speaks to a sink and knows neither HTTP nor JSON. Sinks live in api/.
 */
#ifndef WORKERD_CHAT_TURN_H
#define WORKERD_CHAT_TURN_H

#include "proto/messages.h"
#include "workerd/chat/chat.h"

#define TURN_REPLY_MAX (512u * 1024) /* bytes of a reply's text */
#define TURN_NAME_MAX  128

enum turn_failure {
	TURN_STORE_DOWN, /* storaged did not answer */
	TURN_STORE_FULL, /* there is no room for more */
	TURN_MODEL_DOWN, /* no connection, an error, or an answer that is none */
	TURN_MODEL_SLOW, /* a time limit */
	TURN_MODEL_BUSY, /* it refuses for now; retry_after_ms may say how long */
	TURN_MODEL_AWAY, /* it failed so often that it is left alone, for retry_after_ms */
	TURN_TOO_LONG,   /* the reply passed TURN_REPLY_MAX */
	TURN_CUT,        /* the service stops */
	TURN_ERASED,     /* its conversation was deleted; nothing of it is kept */
};

struct turn_ids {
	struct id conversation;
	struct id message; /* of the reply; the turn's own id */
};

struct turn_reply {
	struct slice text; /* trimmed; never empty */
	uint32_t prompt_tokens, completion_tokens;
};

/*
 * Who listens. start comes once, when the model has begun to answer; then tokens; then one of done
 * and error, after which the sink is forgotten. An error may come without a start. None is called
 * from within turn_begin(). Slices are valid during the call.
 */
struct turn_sink {
	void (*start)(void *arg, const struct turn_ids *ids);
	void (*token)(void *arg, struct slice text);
	void (*done)(void *arg, const struct turn_ids *ids, const struct turn_reply *reply);
	void (*error)(void *arg, enum turn_failure failure, unsigned retry_after_ms);
};

struct turn_request {
	struct id org, widget;
	struct slice session; /* 1 to 128 bytes */
	struct slice text;    /* 1 to 4000 UTF-16 units of valid UTF-8 */
	struct slice
	    name; /* the log's for the request that began it; 0 to TURN_NAME_MAX bytes */
};

struct turn;

/* Starts a turn; the request is copied. NULL when too much is under way already: say 503. */
[[gnu::warn_unused_result]] struct turn *turn_begin(struct chat *chat,
    const struct turn_request *request, const struct turn_sink *sink, void *arg);

/* The listener is gone; its sink is not called again. The turn goes on. */
void turn_detach(struct turn *turn);

#endif
