/*
 * A chat request whose site says who the visitor is: the proof is checked, and the contact stored, before the turn.
 */
#ifndef WORKERD_API_CHAT_CHAT_IDENTIFY_H
#define WORKERD_API_CHAT_CHAT_IDENTIFY_H

#include "workerd/api/chat/chat_body.h"
#include "workerd/api/request/api_call.h"

/* Goes on with the request; the body is borrowed. */
typedef void chat_identified_fn(const struct api_call *c, const struct chat_body *body);

/* Calls then, now or when the contact is stored; without an identity there is nothing to store. Otherwise answers
 * with the error: 422 for an invalid one. Takes over the body. */
void chat_identify(const struct api_call *c, struct chat_body *body, chat_identified_fn *then);

/* The same, but stores nothing: the conversation keeps its contact. */
void chat_identify_check(
    const struct api_call *c, struct chat_body *body, chat_identified_fn *then);

#endif
