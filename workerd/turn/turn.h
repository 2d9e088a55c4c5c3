/*
 * One reply, from the visitor's message to the stored answer:
 *
 *	begin (store) → ask (model) → tokens → finish (store) → done
 *
 * The visitor's message is on disk before the model is asked, the reply before anyone hears
 * "done". A turn outlives its listeners: a visitor who leaves does not stop the reply. A worker
 * that dies leaves the pieces that were kept each second; storaged closes the turn then.
 *
 * Any number may listen to a reply, from its beginning or from anywhere in it, also while another
 * worker writes it or when it has ended. They speak through a sink, which knows neither HTTP nor
 * JSON. Sinks live in api/.
 */
#ifndef WORKERD_TURN_TURN_H
#define WORKERD_TURN_TURN_H

#include "proto/ipc/messages.h"
#include "workerd/turn/turns.h"

#define TURN_REPLY_MAX (512u * 1024) /* bytes of a reply's text */
#define TURN_NAME_MAX  128

enum turn_failure {
	TURN_STORE_DOWN,  /* storaged did not answer */
	TURN_STORE_FULL,  /* there is no room for more */
	TURN_MODEL_DOWN,  /* no connection, an error, or an answer that is none */
	TURN_MODEL_SLOW,  /* a time limit */
	TURN_MODEL_BUSY,  /* it refuses for now; retry_after_ms may say how long */
	TURN_MODEL_AWAY,  /* it failed so often that it is left alone, for retry_after_ms */
	TURN_TOO_LONG,    /* the reply passed TURN_REPLY_MAX */
	TURN_CUT,         /* the service stops */
	TURN_ERASED,      /* its conversation was deleted; nothing of it is kept */
	TURN_INTERRUPTED, /* it broke off; asking again with its id begins it anew */
	TURN_CONFLICT,    /* the client's id names another message */
	TURN_UNKNOWN,     /* the session has no such reply */
	TURN_GONE,        /* the visitor's token is good for nothing any more */
	TURN_CONTACT_REQUIRED, /* the widget wants to know first who writes */
	TURN_CAPPED,           /* the widget has had its messages of this UTC day */
	TURN_AGENT_DISABLED,   /* nobody answers */
};

struct turn_ids {
	struct id conversation;
	struct id message; /* of the reply; the turn's own id */
	struct id run;     /* who writes it; zero: it has ended */
};

struct turn_reply {
	struct slice text;          /* trimmed; empty only if it was stopped */
	enum message_status status; /* complete or stopped */
	uint32_t prompt_tokens, completion_tokens;
};

/*
 * What a listener hears. start comes at most once, when the model has begun to answer or, for who
 * joins, at once: position is where the first token begins in the reply, in UTF-16 units. Then
 * tokens; then one of done and error, after which the listener is gone. Either may come without a
 * start. None is called from within turn_begin(), turn_join() or turn_leave(). Slices are valid during
 * the call; tokens are whole characters of valid UTF-8.
 */
struct turn_sink {
	void (*start)(void *arg, const struct turn_ids *ids, size_t position);
	void (*token)(void *arg, struct slice text);
	void (*done)(void *arg, const struct turn_ids *ids, const struct turn_reply *reply);
	void (*error)(void *arg, enum turn_failure failure, unsigned retry_after_ms);
};

struct turn_request {
	struct id org, widget;
	struct slice session;   /* 1 to 128 bytes */
	struct slice text;      /* 1 to 4000 UTF-16 units of valid UTF-8 */
	struct slice client_id; /* the client's name for the message, 0 to 128 bytes */
	struct slice
	    name; /* the log's for the request that began it; 0 to TURN_NAME_MAX bytes */
	const struct hash256 *visitor; /* hash of a widget's visitor's token; NULL: by a key */
	struct id message, reply;      /* ids for both, if they are new; zero: any */
};

/* A question that is only tried: it is not stored, and nor is its reply. */
struct turn_trial {
	const struct msg_agent_record *agent; /* who answers; copied */
	struct slice
	    messages; /* a list of MESSAGE_RECORD, oldest first (copied), the question last */
	struct slice name; /* as a request's */
};

/* A reply that was begun before. */
struct turn_reference {
	struct id org, widget;
	struct slice session; /* 1 to 128 bytes; whose reply it must be */
	struct id message;
};

/* One who hears a reply, until its done, its error, or turn_leave(). */
struct turn_listener;

/*
 * Sends a message and listens to its reply; the request is copied. A message whose client_id was sent
 * before is not sent again: its reply is joined from its beginning or, if it was interrupted, begun
 * anew. NULL when too much is under way already: say 503.
 */
[[gnu::warn_unused_result]] struct turn_listener *turn_begin(struct chat *chat,
    const struct turn_request *request, const struct turn_sink *sink, void *arg);

/* Tries an agent. The ids that its sink is given name nothing; it ends when the listener leaves. NULL as
 * turn_begin(). */
[[gnu::warn_unused_result]] struct turn_listener *turn_try(
    struct chat *chat, const struct turn_trial *trial, const struct turn_sink *sink, void *arg);

/*
 * Listens to a reply from a place on: after is in UTF-16 units, rounded down to the beginning of a
 * character and to the length of what there is, and to 0 while a reply is written that was begun anew:
 * who names a place may have heard another text. Whoever writes it. NULL as turn_begin().
 */
[[gnu::warn_unused_result]] struct turn_listener *turn_join(struct chat *chat,
    const struct turn_reference *reference, size_t after, const struct turn_sink *sink,
    void *arg);

/* Stops a reply and listens for how it ended: only done or error are called, within STORE_TIMEOUT_MS.
 * NULL as turn_begin(). */
[[gnu::warn_unused_result]] struct turn_listener *turn_stop(struct chat *chat,
    const struct turn_reference *reference, const struct turn_sink *sink, void *arg);

/* The listener is gone; its sink is not called again. The turn goes on, unless the listener asked for
 * its stop: that is not taken back. */
void turn_leave(struct turn_listener *listener);

#endif
