/*
 * An answer to a poll: {"frames":[…],"next":…}, for clients that no stream reaches. It waits until there is something,
 * and gathers what follows soon.
 */
#ifndef WORKERD_API_REQUEST_EVENT_POLL_H
#define WORKERD_API_REQUEST_EVENT_POLL_H

#include "workerd/api/request/api_state.h"
#include "workerd/http/reply.h"

/* How long a poll waits at most: a client takes its connection for dead after 19 s without an answer. */
#define EVENT_POLL_WAIT_MS 15000u

struct event_poll;

/* due(arg) is called from the event loop when the answer is to be sent, perhaps several times. */
struct event_poll *event_poll_new(struct api *api, void (*due)(void *arg), void *arg);

void event_poll_free(struct event_poll *p);

/* Adds a frame, which is JSON. busy: more frames follow soon. */
void event_poll_add(struct event_poll *p, struct slice frame, bool busy);

/* Where the next poll goes on: JSON. */
void event_poll_set_next(struct event_poll *p, struct slice next);

bool event_poll_is_empty(const struct event_poll *p);

/* Whether it has so much that it must be sent before more is added. */
bool event_poll_is_full(const struct event_poll *p);

/* Answers with the frames. */
void event_poll_reply(struct event_poll *p, struct http_exchange *x);

#endif
