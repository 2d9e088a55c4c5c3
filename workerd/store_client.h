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
#ifndef WORKERD_STORE_CLIENT_H
#define WORKERD_STORE_CLIENT_H

#include <event2/event.h>

#include "proto/messages.h"
#include "proto/scoreboard.h"

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

/* Is called whenever a new line stands, with its descriptor, before that is watched; requests that
 * had no answer are queued again already. */
void store_client_on_connect(struct store_client *sc, void (*fn)(void *, int fd), void *arg);

/*
 * Sends a request and calls fn(arg) with its answer, or when timeout_ms have passed. The message's
 * slices are copied. NULL when too much waits already (fn is not called): say 503.
 */
[[gnu::warn_unused_result]] struct store_call *store_call(struct store_client *sc,
    enum msg_type type, const void *msg, unsigned timeout_ms, store_answer_fn *fn, void *arg);

/* Whoever waited is gone: fn will not be called. The request itself is still sent and done. */
void store_call_forget(struct store_call *call);

/* Once per loop turn: writes all that was queued in one go. */
void store_client_turn_end(struct store_client *sc);

/* Whether an answer is storaged's refusal with this code. */
bool store_refused(uint16_t type, const union msg *m, enum store_error code);

#endif
