/*
 * What a listener of a reply receives: the reply's ids, its text token by token, and how it ended.
 * A sink knows neither HTTP nor JSON; the sinks of the API are in workerd/api/.
 */
#ifndef WORKERD_TURN_TURN_SINK_H
#define WORKERD_TURN_TURN_SINK_H

#include "proto/ipc/messages.h"

#define TURN_REPLY_MAX (512u * 1024) /* bytes of a reply's text */

enum turn_failure {
	TURN_STORE_DOWN,    /* storaged did not answer */
	TURN_STORE_FULL,    /* the store has reached its size limit */
	TURN_STORE_REFUSED, /* storaged cannot do it: damaged records, or it dies on the request */
	TURN_MODEL_DOWN,    /* no connection, an HTTP error, or an invalid response */
	TURN_MODEL_SLOW,    /* a timeout */
	TURN_MODEL_BUSY,    /* 429 or 503; retry_after_ms may say when to retry */
	TURN_MODEL_UNAVAILABLE, /* its circuit breaker is open for retry_after_ms */
	TURN_TOO_LONG,          /* the reply exceeds TURN_REPLY_MAX */
	TURN_SHUTDOWN,          /* the service shuts down */
	TURN_ERASED,            /* the conversation was deleted, with the reply */
	TURN_INTERRUPTED,       /* sending the message again with its client id restarts it */
	TURN_CONFLICT,          /* the client id belongs to a message with another text */
	TURN_NOT_FOUND,         /* the session has no such reply */
	TURN_VISITOR_GONE,      /* the visitor token is invalid or expired */
	TURN_CONTACT_REQUIRED,  /* the widget requires contact details first */
	TURN_CAPPED,            /* the widget's message limit of this UTC day is reached */
	TURN_BUDGET,            /* a budget of tokens is spent */
	TURN_SHARE,             /* the visitor has used its share of one for this UTC day */
	TURN_SHARE_WAITS, /* its replies that run, of any conversation, have reserved the rest of it */
	TURN_NO_FILE, /* a file of the message is unknown, incomplete, or in another message */
	TURN_FILES_MANY, /* the conversation has too many files */
	TURN_ANSWER_WRONG, /* an answer does not fit what it answers; the text says why (answer_parts.h) */
	TURN_ANSWER_UNKNOWN, /* the conversation has no such message to answer */
	TURN_AGENT_DISABLED,
	TURN_BLOCKED,      /* the visitor may not write */
	TURN_TOO_MANY,     /* too many replies of the address or the conversation run */
	TURN_OVERLOADED,   /* too many replies run, or they need too much memory */
	TURN_ABANDONED,    /* it had no listener for too long */
	TURN_MESSAGE_LONG, /* the message alone is more than the model's context */
};

struct turn_error {
	enum turn_failure failure;
	unsigned retry_after_ms; /* 0: the default */
	struct slice text; /* for the visitor, in the widget's own words; empty: the default */
	/* The reply is complete, but not stored yet. Those who follow the conversation learn from the store when it is
	 * (ROOM_CHANGED). */
	bool unsaved;
};

struct turn_ids {
	struct id conversation;
	struct id message; /* of the reply; also the turn's id */
	struct id run;     /* the attempt that writes it; zero after its end */
};

/* A place in a reply that cites a source. */
struct turn_source {
	uint8_t n;       /* the source's number, from 1 in the order of the first citations */
	size_t position; /* in UTF-16 units of the text */
	struct slice title, url; /* the address is http or https, or empty */
};

/* What a reply ends with that waits for a decision. */
struct turn_waiting {
	struct id step;
	enum tool_class class;
	struct slice name, text; /* of the tool; what will be done */
	struct hash256 shown;
};

struct turn_reply {
	struct slice text;          /* trimmed; empty only if the reply was stopped */
	enum message_status status; /* complete, stopped, length, filtered or waiting */
	uint32_t prompt_tokens, completion_tokens;
	/*
	 * STATE_WAITING: the model has asked for a person. STATE_PERSON: a person has the conversation and
	 * answers later; the text is the agent's for that case, and not stored, and the message in the ids is
	 * the visitor's own. Otherwise STATE_OPEN.
	 */
	enum conversation_state handover;
	struct slice operator_name, operator_picture; /* of STATE_PERSON; may be empty */
	bool closed;          /* of STATE_WAITING: people do not work now */
	uint64_t opens_at;    /* when they do again, ms since 1970; 0: unknown */
	struct slice sources; /* a SOURCES_RECORD; empty: nothing was looked up */
	const struct turn_waiting
	    *waiting; /* of MESSAGE_WAITING, if this worker has written it; else NULL */
};

/*
 * The callbacks of a listener. start comes at most once: when the model begins to answer, or at once
 * for a listener that joins later. position is the offset of the first token in the reply, in UTF-16
 * units. Then come tokens, then done or error, either of which may come without a start; the listener
 * is freed before that last call. No callback runs inside turn_begin(), turn_try(), turn_join(),
 * turn_stop() or turn_leave(). Slices are valid during the call; tokens are whole characters of valid
 * UTF-8.
 */
struct turn_sink {
	void (*start)(void *arg, const struct turn_ids *ids, size_t position);
	void (*token)(void *arg, struct slice text);
	void (*done)(void *arg, const struct turn_ids *ids, const struct turn_reply *reply);
	void (*error)(void *arg, const struct turn_error *error);
	/* Optional: the text cites a source, at the end of the tokens so far or before it. A listener that joins
	 * gets all places from its position on, behind its first token. */
	void (*source)(void *arg, const struct turn_source *source);
	/* Optional, of the listener of turn_begin(): its message was stored now, before start. */
	void (*stored)(void *arg, const struct turn_ids *ids);
};

#endif
