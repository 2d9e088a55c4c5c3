/*
 * An answer that is a stream of JSON objects: one a line (NDJSON), or server-sent events (WHATWG HTML,
 * section 9.2).
 *
 *	event_stream_begin() or event_stream_begin_endless()
 *	event_stream_open(), members, event_stream_send() for each event
 *	event_stream_clear() before the exchange ends
 *
 * During a long silence server-sent events get a comment, so that proxies do not close the connection. NDJSON
 * has no comments: an endless stream gets {"type":"ping"}.
 *
 * An endless stream is over when the worker drains, and after STREAM_LIFE_MS, so that the caller's login or key
 * is checked again: clients reconnect and resume.
 */
#ifndef WORKERD_API_REQUEST_EVENT_STREAM_H
#define WORKERD_API_REQUEST_EVENT_STREAM_H

#include <sys/queue.h>

#include "workerd/api/request/api_state.h"
#include "workerd/api/request/json_writer.h"
#include "workerd/http/reply.h"

#define STREAM_LIFE_MS 300000u

/* Embedded in what sends the events. */
struct event_stream {
	struct api *api;
	struct http_exchange *x;
	bool sse;
	bool begun; /* the answer's head was sent */
	/* Both may be NULL. */
	metric_cell *gauge; /* of open streams, in place of that of replies */
	void (*silent)(struct event_stream *s); /* event_stream_write()s during a silence */
	/* Private. */
	struct event *heartbeat;
	bool spoke;     /* something was sent since the heartbeat's last tick */
	unsigned ticks; /* until an endless stream is over */
	void (*over)(void *arg);
	void *arg;
	LIST_ENTRY(event_stream) link; /* of an endless stream */
};

/* Whether the client prefers server-sent events to NDJSON. */
bool event_stream_prefers_sse(const struct http_request *req);

/* Sends the head of the answer. api, x and sse are set. */
void event_stream_begin(struct event_stream *s);

/* The same for a stream without an end of its own. over(arg) is called once, from the event loop: end the
 * stream then. */
void event_stream_begin_endless(struct event_stream *s, void (*over)(void *arg), void *arg);

/* Begins an event with this type (NULL: none), in api_scratch(). id: for server-sent events; NULL: none. */
struct json_writer event_stream_open(
    struct event_stream *s, const uint64_t *id, const char *type);

/* The same with an id that is not a number; empty: none. */
struct json_writer event_stream_open_as(
    struct event_stream *s, struct slice id, const char *type);

/* Ends the event; the bytes are valid until the next one. */
struct slice event_stream_close(struct event_stream *s, struct json_writer *j);

/* Ends and sends it. A client that does not read is dropped by the connection. */
void event_stream_send(struct event_stream *s, struct json_writer *j);

/* Sends what is no event. */
void event_stream_write(struct event_stream *s, struct slice bytes);

/* Begins an answer with the headers of a stream: for HEAD. */
void event_stream_send_headers(struct http_exchange *x);

/* Stops heartbeat and life; does nothing before the head. */
void event_stream_clear(struct event_stream *s);

/* The worker drains: endless streams are over now, and those that begin later soon. */
void event_streams_drain(struct api *api);

#endif
