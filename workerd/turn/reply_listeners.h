/*
 * The text of a reply so far and the listeners that receive it, each from its own position.
 *
 * Embedded in the object that produces the text: a turn of this worker (turn_internal.h) or a reply
 * that another worker writes (remote_reply.c). This module knows neither.
 *
 * Only this module calls sinks. During such a call any listener may leave (reply_listener_leave()), and others may be
 * added: such a one is started at once, and gets what the others are getting with its text so far.
 */
#ifndef WORKERD_TURN_REPLY_LISTENERS_H
#define WORKERD_TURN_REPLY_LISTENERS_H

#include <sys/queue.h>

#include "workerd/knowledge/citations.h"
#include "workerd/turn/reply_ref.h"
#include "workerd/turn/turn_sink.h"

struct turn_listener {
	const struct turn_sink *sink;
	void *arg;
	struct reply_listeners *listeners; /* the reply it listens to; NULL: not found yet */
	/* While storaged is asked for the reply: cancels that request. NULL otherwise. */
	void (*cancel_lookup)(void *lookup);
	void *lookup;
	struct event *stop_deadline; /* of a listener that stops the reply; else NULL */
	struct reply_ref *stop_ref;  /* the reply that it stops; else NULL */
	size_t after;                /* start position that it asked for, in UTF-16 units */
	bool started;
	bool end_only; /* receives only done or error */
	LIST_ENTRY(turn_listener) link;
};

struct reply_listeners {
	struct turn_ids ids;
	struct buf text;
	struct citations *sources; /* NULL: nothing was looked up */
	size_t n_cited;            /* marks of the sources that the listeners have */
	/* The reply was restarted: positions may refer to the text of an earlier run. */
	bool restarted;
	bool started; /* new listeners are started at once */
	LIST_HEAD(, turn_listener) list;
	struct reply_walk *walk; /* the innermost loop that calls listeners; NULL: none */
	/* The last listener left, outside of a call to listeners. May be NULL. */
	void (*on_empty)(struct reply_listeners *ls);
	LIST_ENTRY(reply_listeners) link;
};

/* Finds the listeners of a reply by its message id. */
struct reply_listeners_index;

void reply_listeners_init(
    struct reply_listeners *ls, void (*on_empty)(struct reply_listeners *));

/* Frees the text and the remaining listeners without calling them. */
void reply_listeners_clear(struct reply_listeners *ls);

/* A listener without a reply. */
struct turn_listener *reply_listener_new(const struct turn_sink *sink, void *arg);

/* Frees a listener that is in no list and no lookup, without calling it. */
void reply_listener_free(struct turn_listener *l);

/* Removes a listener from its reply or lookup, frees it and reports the failure. */
void reply_listener_fail(struct turn_listener *l, enum turn_failure failure);

/* Removes and frees a listener without calling it. One that stops a reply which is still looked up
 * stays, without its sink, so that the stop takes effect. */
void reply_listener_leave(struct turn_listener *l);

/* Adds a listener. start: it receives the text so far at once, otherwise with reply_listeners_start(). The
 * listener may be gone afterwards. */
void reply_listeners_add(struct reply_listeners *ls, struct turn_listener *l, bool start);

/* Removes and returns a listener without calling it; NULL when there is none. */
struct turn_listener *reply_listeners_take(struct reply_listeners *ls);

/* Removes each listener that wants the reply stopped and passes it to fn, which takes it over. */
void reply_listeners_take_stops(
    struct reply_listeners *ls, void (*fn)(void *arg, struct turn_listener *), void *arg);

/* Tells all listeners that the message is stored. */
void reply_listeners_stored(struct reply_listeners *ls);

/* Starts all listeners that have not started. */
void reply_listeners_start(struct reply_listeners *ls);

/* Appends whole characters of valid UTF-8 to the text and sends them to all started listeners. -1 and
 * no effect when the text would exceed TURN_REPLY_MAX. */
[[gnu::warn_unused_result]] int reply_listeners_append(
    struct reply_listeners *ls, struct slice text);

/* Takes over what the reply is based on, in place of what was known before. */
void reply_listeners_set_sources(struct reply_listeners *ls, struct citations *sources);

/* Sends the marks of the sources that are new. */
void reply_listeners_cite(struct reply_listeners *ls);

/* How many places cite sources so far. */
size_t reply_listeners_n_marks(const struct reply_listeners *ls);

/* Appends the SOURCES_RECORD for the first bytes of the text; nothing if nothing was looked up. */
void reply_listeners_write_sources(
    const struct reply_listeners *ls, size_t text, struct buf *out);

/* Reports the end to all listeners and frees them. */
void reply_listeners_done(struct reply_listeners *ls, const struct turn_reply *reply);
void reply_listeners_error(struct reply_listeners *ls, const struct turn_error *error);
void reply_listeners_fail(struct reply_listeners *ls, enum turn_failure failure);

/* Sends the rest of a reply that storaged has closed, and reports its end, to all listeners. */
void reply_listeners_close(struct reply_listeners *ls, const struct msg_turn_state *state);

bool reply_listeners_is_empty(const struct reply_listeners *ls);

/* Whether any listener receives the text. */
bool reply_listeners_has_started(const struct reply_listeners *ls);

struct reply_listeners_index *reply_listeners_index_new(void);

/* The index must be empty. */
void reply_listeners_index_free(struct reply_listeners_index *index);

/* Adds an entry under ids.message, which must not change while it is in the index. */
void reply_listeners_index_add(struct reply_listeners_index *index, struct reply_listeners *ls);
void reply_listeners_index_remove(struct reply_listeners *ls);

/* The entry added last under this id, or NULL. */
struct reply_listeners *reply_listeners_index_find(
    const struct reply_listeners_index *index, const struct id *message);

#endif
