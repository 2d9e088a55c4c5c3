/*
 * The ids of rooms in the live exchange (storaged/live/rooms.h) that a session's own clients follow. A
 * widget's visitor has its id; the session of an API client has one by SHA-256, before it has a conversation
 * and in every process.
 */
#ifndef PROTO_IPC_ROOM_ID_H
#define PROTO_IPC_ROOM_ID_H

#include "proto/base/ids.h"
#include "proto/base/secrets.h"

/* Of a session of an API client; the room's id are its first bytes. No token of a visitor has this hash: tokens are
 * shorter than two ids. */
struct hash256 room_hash_of_session(
    const struct id *org, const struct id *widget, struct slice session);

struct id room_id_of_session(
    const struct id *org, const struct id *widget, struct slice session);

/* How the sessions of people begin who write by a channel (workerd/webhooks/channel_session.h); no client can choose one. */
#define ROOM_SESSION_OF_CHANNEL '@'

static inline bool
room_session_is_of_channel(struct slice session)
{
	return session.len > 0 && session.p[0] == ROOM_SESSION_OF_CHANNEL;
}

#endif
