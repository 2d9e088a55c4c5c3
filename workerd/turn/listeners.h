/*
 * A reply as it is heard: its text so far, and all who listen to it, each from its own place on.
 *
 * Embedded in whatever brings the text: a turn that runs here (turn_internal.h), or a reply that
 * another worker writes (remote_reply.c). A listener belongs to one audience until it is told the end, or
 * leaves; before that it may belong to the question how the reply is (resume.c).
 *
 * Listeners are called from here alone. A call may end its own listener or another (turn_leave()).
 */
#ifndef WORKERD_TURN_LISTENERS_H
#define WORKERD_TURN_LISTENERS_H

#include <sys/queue.h>

#include "workerd/turn/turn.h"

struct join;
struct reference;

struct turn_listener {
	const struct turn_sink *sink;
	void *arg;
	struct audience *audience; /* NULL: it has none yet */
	struct join *join;         /* looks for it; NULL: found */
	struct event *deadline;    /* of one who waits for a stop; else NULL */
	struct reference *stops;   /* the reply that it wants stopped; else NULL */
	size_t after;              /* UTF-16 units of the text that it does not want */
	bool started;
	bool quiet; /* waits for the end alone */
	LIST_ENTRY(turn_listener) link;
};

LIST_HEAD(turn_listeners, turn_listener);

struct audience {
	struct turn_ids ids;
	struct buf text;
	bool
	    anew; /* of a reply that was begun anew: a place may be one in another run's text */
	bool begun; /* the text, or the wait for it, has begun: all who come are started */
	struct turn_listeners listeners;
	/* Who is being called, and who is next: moved on when they leave. */
	struct turn_listener *now, *next;
	bool calling;
	/* The last one has left by itself, outside of a call; NULL: that means nothing. */
	void (*deserted)(struct audience *a);
	LIST_ENTRY(audience) bucket;
};

/* Those of many replies, by the ids of these. */
struct audiences;

void audience_init(struct audience *a, void (*deserted)(struct audience *));

/* Whoever still listens is forgotten untold, as a process does that ends. */
void audience_clear(struct audience *a);

/* One who listens, not in an audience yet. */
struct turn_listener *listener_new(const struct turn_sink *sink, void *arg);

/* Takes a listener out of wherever it is and tells it that nothing will come. */
void listener_fail(struct turn_listener *l, enum turn_failure failure);

/* Frees one that is nowhere any more, untold. */
void listener_free(struct turn_listener *l);

/* Adds one; now: it is told at once what there is, else that comes with audience_begin(). It may be
 * gone afterwards. */
void audience_add(struct audience *a, struct turn_listener *l, bool now);

/* Takes out one who listens, untold; NULL when nobody does. */
struct turn_listener *audience_take(struct audience *a);

/* The reply was begun anew by somebody else: those who want it stopped look for it again, the others are
 * left to the caller. */
void audience_send_stops(struct audience *a, struct chat *chat);

/* The text begins: starts all who were not. */
void audience_begin(struct audience *a);

/* Adds whole characters of valid UTF-8 to the text, and gives them to all who have started. 0, or -1
 * when the text would become longer than TURN_REPLY_MAX: then nothing happened. */
[[gnu::warn_unused_result]] int audience_text(struct audience *a, struct slice text);

/* Tells everyone the end, after which there are no listeners. */
void audience_done(struct audience *a, const struct turn_reply *reply);
void audience_fail(struct audience *a, enum turn_failure failure, unsigned retry_after_ms);

/* Tells everyone what is missing of a reply that the store has closed, and how it ended. */
void audience_close(struct audience *a, const struct msg_turn_state *state);

/* Whether anyone listens; and whether anyone hears the text. */
bool audience_is_empty(const struct audience *a);
bool audience_hears(const struct audience *a);

struct audiences *audiences_new(void);

/* The table must be empty. */
void audiences_free(struct audiences *all);

/* Adds one under ids.message, which must not change before it is removed. */
void audiences_add(struct audiences *all, struct audience *a);
void audiences_remove(struct audience *a);

/* The one that was added last under this id, or NULL. */
struct audience *audiences_find(const struct audiences *all, const struct id *message);

#endif
