/*
 * A worker's line to storaged: requests go out pipelined, answers come back by request id.
 *
 * The connection is made and remade by itself, with backoff; storaged may start later or be
 * restarted at any time. A request that had no answer when the line broke is sent again on the
 * next one (every request is made so that a repeat is harmless). One that has no answer within
 * its time ends as unanswered, and then nobody knows whether it was done.
 *
 * Used by chat/ and api/. One event loop, no threads. What waits is bounded in number and bytes.
 */
#ifndef WORKERD_STORE_STORE_CLIENT_H
#define WORKERD_STORE_STORE_CLIENT_H

#include <event2/event.h>

#include "proto/ipc/messages.h"
#include "proto/ipc/scoreboard.h"

#define STORE_TIMEOUT_MS 5000 /* how long a visitor waits for the store */

struct store_client;
struct store_call;

/*
 * Called once for each request, from the event loop, never from within store_call(). type is the
 * answer's (MSG_ERROR for a refusal) and m its content, borrowed; type 0 and m NULL: unanswered.
 */
typedef void store_answer_fn(void *arg, uint16_t type, const union msg *m);

/* Starts connecting to the socket at path; requests are counted on the board. Both are borrowed. */
struct store_client *store_client_new(
    struct event_base *base, const char *path, struct scoreboard_worker *board);
void store_client_free(struct store_client *sc);

/* What one who listens hears of the line; any may be NULL. */
struct store_events {
	/* Connected. Requests without an answer are queued again already. */
	void (*connected)(void *arg);
	/* The line broke. Requests may be made: they are queued for the next. */
	void (*lost)(void *arg);
	/* What storaged says of its own accord, on a LIVE_… message; m is borrowed. Each who listens
	 * hears all of it, and passes over what is another's. */
	void (*news)(void *arg, uint16_t type, const union msg *m);
};

#define STORE_LISTENERS_MAX 4

/* One more who hears of the line from now on, after those before it; events and arg must outlive the
 * client. At most STORE_LISTENERS_MAX. */
void store_client_listen(struct store_client *sc, const struct store_events *events, void *arg);

/*
 * Sends a request and calls fn(arg) with its answer, or when timeout_ms have passed (0: it waits for
 * as long as it takes). fn may be NULL when nobody cares. The message's slices are copied. NULL when
 * too much waits already (fn is not called): say 503.
 */
[[gnu::warn_unused_result]] struct store_call *store_call(struct store_client *sc,
    enum msg_type type, const void *msg, unsigned timeout_ms, store_answer_fn *fn, void *arg);

/* Sends a message that has no answer and may be lost with the line. 0, or -1 when there is no line or
 * too much waits for it. */
[[gnu::warn_unused_result]] int store_send(
    struct store_client *sc, enum msg_type type, const void *msg);

/* For a store_answer_fn, before it asks anything else: whether its request was sent more than once, so
 * that it may have been done before. */
bool store_client_repeated(const struct store_client *sc);

/* Whoever waited is gone: fn will not be called. The request itself is still sent and done. */
void store_call_forget(struct store_call *call);

/* Once per loop turn: writes all that was queued in one go. */
void store_client_turn_end(struct store_client *sc);

/* Whether an answer is storaged's refusal with this code. */
bool store_refused(uint16_t type, const union msg *m, enum store_error code);

#endif
