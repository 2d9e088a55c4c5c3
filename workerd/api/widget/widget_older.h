/*
 * A page of older history, for both ways to ask for it: a WebSocket, and a posted frame.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_OLDER_H
#define WORKERD_API_WIDGET_WIDGET_OLDER_H

#include "workerd/api/widget/widget_send.h"

/* The error for an id that the conversation does not have (STORE_STALE). */
#define WIDGET_OLDER_UNKNOWN "The conversation has no message with this id"

/* The request to the store; the caller sets org, widget and session. */
struct msg_session_history widget_older_ask(const struct id *before);

/* Sends the answer. False: the store refused the request, or did not answer. */
[[gnu::warn_unused_result]] bool widget_older_send(
    struct widget_outlet *o, const struct id *before, uint16_t type, const union msg *m);

#endif
