/*
 * An answer that is a stream of JSON objects: one a line (NDJSON), or server-sent events (WHATWG HTML,
 * section 9.2).
 *
 *	event_stream_begin() or event_stream_begin_endless()
 *	event_stream_open(), members, event_stream_send() for each event, or event_stream_send_frame()
 *	event_stream_end(), or event_stream_clear() before the exchange ends
 *
 * During a long silence server-sent events get a comment, so that proxies do not close the connection. NDJSON
 * has no comments: a stream with an end of its own gets an empty line, which readers of lines skip, and an endless
 * one {"type":"ping"}.
 *
 * The third format is for clients that no stream reaches: the first events answer a poll (event_poll.h). Such a stream
 * is always an endless one; it is over with its first events.
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
	bool poll;  /* not a stream, but the answer to a poll */
	bool busy;  /* of a poll: more events follow soon */
	bool begun; /* the answer's head was sent */
	/* Both may be NULL. */
	metric_cell *gauge; /* of open streams, in place of that of replies */
	/* event_stream_write()s during a silence, in place of what the format says. */
	void (*silent)(struct event_stream *s);
	/* Private. */
	struct event *heartbeat;
	uint64_t at;    /* the id of the last frame, or as the client was told since */
	bool spoke;     /* something was sent since the heartbeat's last tick */
	unsigned ticks; /* until an endless stream is over */
	void (*over)(void *arg);
	void *arg;
	struct event_poll *gathered;   /* of a poll */
	bool replayed;                 /* a long frame was sent */
	LIST_ENTRY(event_stream) link; /* of an endless stream */
};

/* Whether the client prefers server-sent events to NDJSON. */
bool event_stream_prefers_sse(const struct http_request *req);

/* The reverse, for an endpoint whose usual format is server-sent events. */
bool event_stream_prefers_ndjson(const struct http_request *req);

/* Sends the head of the answer. api, x and sse are set. */
void event_stream_begin(struct event_stream *s);

/* The head follows later: silent(s) is called if it has not been sent within the longest silence, and has to send
 * it. */
void event_stream_wait(struct event_stream *s);

/* The same for a stream without an end of its own. over(arg) is called once, from the event loop: end the
 * stream then. */
void event_stream_begin_endless(struct event_stream *s, void (*over)(void *arg), void *arg);

/* An endless stream is over after so many ms at the latest, about; a poll ignores it. It has begun. */
void event_stream_limit(struct event_stream *s, uint64_t ms);

/* A poll without events goes on behind the event with this id. It has begun; a stream ignores it. */
void event_stream_continue(struct event_stream *s, struct slice id);

/* The client goes on there, behind what was sent last: the next event may take long, or never come. It has begun. */
void event_stream_continue_at(struct event_stream *s, uint64_t id);

/* Begins an event with this type (NULL: none), in api_scratch(). id: for server-sent events; NULL: none. */
struct json_writer event_stream_open(
    struct event_stream *s, const uint64_t *id, const char *type);

/* The same with an id that is not a number; empty: none. In a poll's answer it is the text `next`. */
struct json_writer event_stream_open_as(
    struct event_stream *s, struct slice id, const char *type);

/* Ends the event; the bytes are valid until the next one. */
struct slice event_stream_close(struct event_stream *s, struct json_writer *j);

/* Ends and sends it. A client that does not read is dropped by the connection. */
void event_stream_send(struct event_stream *s, struct json_writer *j);

/* Sends what the format says for a silence. */
void event_stream_write_silence(struct event_stream *s);

/* Sends what is no event. */
void event_stream_write(struct event_stream *s, struct slice bytes);

/* Begins an answer with the headers of a stream: for HEAD. */
void event_stream_send_headers(struct http_exchange *x);

/* Sends a JSON object as it is, with a number as its id: SSE has it before the event, NDJSON as the member `next`, and
 * a poll's answer behind the last one. is_long: it may be longer than what may wait for a slow client. */
void event_stream_send_frame(
    struct event_stream *s, uint64_t id, struct slice frame, bool is_long);

/* Whether a poll has so much that nothing more should be read for it. */
bool event_stream_is_full(const struct event_stream *s);

/* Whether it is a poll that has no events yet, and so could be answered with an error. */
bool event_stream_is_silent_poll(const struct event_stream *s);

/* Ends the answer, which has begun, and with it the exchange; the owner's on_close is not called. */
void event_stream_end(struct event_stream *s);

/* Stops heartbeat and life; does nothing before the head. */
void event_stream_clear(struct event_stream *s);

/* The worker drains: endless streams are over now, and those that begin later soon. */
void event_streams_drain(struct api *api);

#endif
