/*
 * The sessions of people who write by a channel: "@", the channel's id, ":" and the channel's own name of the person. No
 * client can choose one (client_id.h), so nobody else reads or continues their conversations.
 */
#ifndef WORKERD_WEBHOOKS_CHANNEL_SESSION_H
#define WORKERD_WEBHOOKS_CHANNEL_SESSION_H

#include <stdbool.h>

#include "proto/base/buf.h"
#include "proto/base/ids.h"

#define CHANNEL_PEER_MAX 80 /* characters */

/* What the name of a person must be, for error messages. */
#define CHANNEL_PEER_RULE "1 to 80 of the characters A-Z a-z 0-9 . _ : + @ -"

#define CHANNEL_SESSION_SIZE (1 + ID_TEXT_LEN + 1 + CHANNEL_PEER_MAX + 1)

bool channel_peer_is_valid(struct slice peer);

/* Writes how the sessions of a channel's people begin, with its NUL. */
void channel_session_front(char out[CHANNEL_SESSION_SIZE], const struct id *channel);

/* Writes the session of a valid peer, with its NUL. */
void channel_session(
    char out[CHANNEL_SESSION_SIZE], const struct id *channel, struct slice peer);

/* The person's name, borrowed from a session of this channel (NULL: of any); p is NULL if it is none. */
struct slice channel_session_peer(struct slice session, const struct id *channel);

#endif
