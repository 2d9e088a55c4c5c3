/*
 * A reply as it comes, to whoever asked for it: one JSON object a line (NDJSON), or the same objects
 * as server-sent events (WHATWG HTML, section 9.2), for a client that prefers these.
 *
 * The id of an event is the length of the reply's text up to there, in UTF-16 units, so that the
 * Last-Event-ID of a client that comes back is where it goes on.
 */
#ifndef WORKERD_API_CHAT_CHAT_STREAM_H
#define WORKERD_API_CHAT_CHAT_STREAM_H

#include "workerd/api/chat/chat_listener.h"

/* What turns call a stream with. */
extern const struct turn_sink chat_stream_sink;

/* A stream, its form by the request's Accept. resumed: its start tells the position too. */
struct chat_listener *chat_stream_new(const struct api_call *c, bool resumed);

#endif
