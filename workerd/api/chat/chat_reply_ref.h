/*
 * The reply that a request is about: the message id in the path, and the session it must belong to.
 */
#ifndef WORKERD_API_CHAT_CHAT_REPLY_REF_H
#define WORKERD_API_CHAT_CHAT_REPLY_REF_H

#include "workerd/api/request/api_call.h"
#include "workerd/turn/turn.h"

/* Sets everything except the session. False: 400 was sent. */
[[gnu::warn_unused_result]] bool chat_reply_ref_read(
    const struct api_call *c, struct reply_ref *reference);

#endif
