/*
 * The connection of a worker, or of crawld, to storaged: requests are pipelined, replies matched by request id.
 *
 * The client connects and reconnects by itself; storaged may start later, restart or move to another machine,
 * behind a proxy, at any time. A request without a reply is sent again on the next connection (all requests
 * can be repeated: see "Repeated requests" in storaged/README.md). If two storaged processes died on it,
 * it may be the cause: a third one does not receive it, and the client answers it with STORE_POISONED. One
 * without a reply within its timeout ends as unanswered, and so does one that must not be executed twice when its
 * connection ends. In all these cases it is unknown whether storaged did it.
 *
 * One event loop, no threads. The queue is bounded in number and bytes.
 */
#ifndef WORKERD_STORE_STORE_CLIENT_H
#define WORKERD_STORE_STORE_CLIENT_H

#include <event2/event.h>

#include "proto/ipc/messages.h"
#include "proto/ipc/scoreboard.h"

/* How long a visitor waits for the store. An HTTP client has its 503 within 5 s. */
#define STORE_TIMEOUT_MS 4500

struct store_client;
struct store_call;

/*
 * Called once for each request, from the event loop, never from within store_call(). type is the
 * type of the reply (MSG_ERROR: refused) and m its content, borrowed; type 0 and m NULL:
 * unanswered.
 */
typedef void store_answer_fn(void *arg, uint16_t type, const union msg *m);

/* Starts to connect to the socket at path; counts requests on the board. Both are borrowed. */
struct store_client *store_client_new(
    struct event_base *base, const char *path, struct scoreboard_worker *board);

/* The same for a daemon with another role, which counts nothing. */
struct store_client *store_client_new_as(
    struct event_base *base, const char *path, enum role role);
void store_client_free(struct store_client *sc);

/* Events of the connection; any callback may be NULL. */
struct store_events {
	/* Connected. Requests without an answer are queued again already. */
	void (*connected)(void *arg);
	/* Disconnected. Requests may be made: they are queued for the next connection. */
	void (*lost)(void *arg);
	/* Before `connected`: the process of the connection before, with this number, ended without LEAVING. */
	void (*died)(void *arg, uint64_t process);
	/* An unsolicited LIVE_… message of storaged; m is borrowed. Every listener gets all of
	 * them, and ignores those for others. */
	void (*notification)(void *arg, uint16_t type, const union msg *m);
	/* Once per loop turn, before its requests are written: for requests that wait until there
	 * are fewer others. */
	void (*turn_end)(void *arg);
};

#define STORE_LISTENERS_MAX 10

/* Adds a listener after the existing ones; events and arg must outlive the client. At most
 * STORE_LISTENERS_MAX. */
void store_client_listen(struct store_client *sc, const struct store_events *events, void *arg);

/*
 * Sends a request and calls fn(arg) with its reply, or after timeout_ms (0: no timeout). fn may be
 * NULL. The message's slices are copied. NULL when the queue is full (fn is not called): reply 503.
 */
[[gnu::warn_unused_result]] struct store_call *store_call(struct store_client *sc,
    enum msg_type type, const void *msg, unsigned timeout_ms, store_answer_fn *fn, void *arg);

/*
 * The same for a list or numbers that somebody of this organization asked for over the API. One of them is at storaged at
 * a time, and further ones wait for its turn (net/fair_turns.h), so that one organization does not delay the others. NULL
 * also when too many of it wait. Not for what chats, webhooks or requests without authentication need.
 */
[[gnu::warn_unused_result]] struct store_call *store_call_read(struct store_client *sc,
    const struct id *org, enum msg_type type, const void *msg, unsigned timeout_ms,
    store_answer_fn *fn, void *arg);

/* Sends a message without a reply, which may be lost. 0, or -1 when not connected or the queue is
 * full. */
[[gnu::warn_unused_result]] int store_send(
    struct store_client *sc, enum msg_type type, const void *msg);

/* For a store_answer_fn, before it makes another request: whether its request was sent more than
 * once, so that storaged may have done it before. */
bool store_client_repeated(const struct store_client *sc);

/* Cancels the callback: fn will not be called. The request is still sent and done. */
void store_call_forget(struct store_call *call);

/* To be called once per loop turn: writes all queued requests. */
void store_client_turn_end(struct store_client *sc);

/* Whether a reply is storaged's refusal with this code. */
bool store_refused(uint16_t type, const union msg *m, enum store_error code);

/* Whether it refused because nothing can be written now: the file is damaged, or the disk refuses writes. */
bool store_is_read_only(uint16_t type, const union msg *m);

#endif
