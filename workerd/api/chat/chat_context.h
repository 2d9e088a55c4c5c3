/*
 * What a site says about its visitor or page: a JSON object for the model and the operator.
 */
#ifndef WORKERD_API_CHAT_CHAT_CONTEXT_H
#define WORKERD_API_CHAT_CHAT_CONTEXT_H

#include "proto/base/buf.h"

struct json_t;

#define CHAT_CONTEXT_MAX 2048 /* bytes of its JSON */

/* The error for any other value. */
extern const char chat_context_wrong[];

/* Appends the JSON of an object to out, which is empty and has CHAT_CONTEXT_MAX bytes. NULL, a value that is JSON's null,
 * leaves it empty. False: it is not an object, or too long. */
[[gnu::warn_unused_result]] bool chat_context_encode(
    const struct json_t *value, struct buf *out);

#endif
