/*
 * A visitor's rating of a reply, as HTTP clients and widgets send it.
 */
#ifndef WORKERD_API_CHAT_CHAT_RATING_H
#define WORKERD_API_CHAT_CHAT_RATING_H

#include "proto/ipc/messages.h"

struct json_t;

/* "up", "down" or "none". */
struct slice chat_rating_name(enum message_rating rating);

/* Reads {"rating":"up|down|none","comment"?}. NULL on success, else a sentence that says what would be valid
 * (static). The comment is borrowed from the object. */
[[gnu::warn_unused_result]] const char *chat_rating_read(
    const struct json_t *object, struct msg_rating_set *rating);

#endif
