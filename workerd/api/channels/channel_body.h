/*
 * The body of a message that comes by a channel.
 */
#ifndef WORKERD_API_CHANNELS_CHANNEL_BODY_H
#define WORKERD_API_CHANNELS_CHANNEL_BODY_H

#include "workerd/api/identity/identity.h"

#define CHANNEL_MESSAGE_ID_MAX 128
#define CHANNEL_FILES_MAX      10

struct json_t;

struct channel_body {
	struct json_t *json; /* owns the slices */
	struct slice id;     /* the channel's own of the message */
	struct slice peer;   /* who writes (channel_session.h) */
	struct identity contact;
	bool asks_person;
	struct buf text;    /* 1 to 4000 UTF-16 units, with a line for each file */
	struct buf context; /* chat_context.h; empty: not given */
};

/*
 * Reads {"id","from":{"id","name"?,"email"?,"phone"?,"userId"?},"text"?,"files"?:[{"url","name"?}],"person"?,"context"?}; there must
 * be a text or a file. Other members are ignored. NULL on success: clear the body when done. Else a static sentence that says
 * what would be valid, and nothing to clear.
 */
[[gnu::warn_unused_result]] const char *channel_body_read(
    struct slice json, struct channel_body *body);

void channel_body_clear(struct channel_body *body);

#endif
