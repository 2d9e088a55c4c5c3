/*
 * A reply as a stream: one JSON object per line (NDJSON), or the same objects as server-sent events
 * (WHATWG HTML, section 9.2) if the client prefers these.
 *
 * The id of an event is the length of the reply's text so far, in UTF-16 units, so that a client's
 * Last-Event-ID is the position from which it resumes.
 */
#ifndef WORKERD_API_CHAT_CHAT_STREAM_H
#define WORKERD_API_CHAT_CHAT_STREAM_H

#include "workerd/api/chat/chat_listener.h"

/* The sink of turns; its argument is the listener. */
extern const struct turn_sink chat_stream_sink;

/* A stream in the format of the request's Accept. resumed: its start event has the position. */
struct chat_listener *chat_stream_new(const struct api_call *c, bool resumed);

#endif
