/*
 * An HTTP exchange that listens to a reply. Exchange and turn listener refer to each other until one of
 * them ends.
 *
 *	chat_send.c     POST: a message, and its whole reply
 *	chat_stream.c   the reply as a stream, as NDJSON or server-sent events
 *	chat_resume.c   GET: the same reply again, from any position
 *	chat_stop.c     POST: stops the reply
 *
 * A sink that needs more state embeds a struct chat_listener as the first member of its struct.
 */
#ifndef WORKERD_API_CHAT_CHAT_LISTENER_H
#define WORKERD_API_CHAT_CHAT_LISTENER_H

#include "workerd/api/request/api_call.h"
#include "workerd/api/request/json_writer.h"
#include "workerd/turn/turn.h"

struct chat_listener {
	struct api *api;
	struct http_exchange *x;
	struct turn_listener *turn;
	bool
	    operators; /* the client knows people: it gets a handover in place of the agent's text */
	bool sources; /* the client wants to know what the reply is based on */
	bool steps;   /* the client knows steps that wait for a decision */
	/* Frees what the owner added; may be NULL. */
	void (*on_end)(struct chat_listener *l);
};

/* A listener of size bytes, zero behind the struct. */
void *chat_listener_new(const struct api_call *c, size_t size);

/* Starts listening; the sink is called with l. turn NULL: answers with the failure why and frees l. */
void chat_listener_start(
    struct chat_listener *l, struct turn_listener *turn, enum turn_failure why);

/* Writes "state", "operator", "picture", "open" and "opensAt" of a handover as members. */
void chat_listener_write_handover(struct json_writer *j, const struct turn_reply *reply);

/* The text of a reply for the client: one that knows people needs none while a person answers. */
struct slice chat_listener_text(const struct chat_listener *l, const struct turn_reply *reply);

/* The turn has ended or was left: frees the listener. The caller must end the exchange. */
struct http_exchange *chat_listener_done(struct chat_listener *l);

#endif
