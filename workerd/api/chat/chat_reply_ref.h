/*
 * Which reply a request is about: the message's id in its path, and the session that it must be of.
 */
#ifndef WORKERD_API_CHAT_CHAT_REPLY_REF_H
#define WORKERD_API_CHAT_CHAT_REPLY_REF_H

#include "workerd/api/request/api_call.h"
#include "workerd/turn/turn.h"

/* Fills in all but the session. false: 400 was answered. */
[[gnu::warn_unused_result]] bool chat_reply_ref_read(
    const struct api_call *c, struct reply_ref *reference);

#endif
