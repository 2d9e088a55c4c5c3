/*
 * The ids of rooms in the live exchange (storaged/live/rooms.h) that a session's own clients follow. A
 * widget's visitor has its id; the session of an API client has one by SHA-256, before it has a conversation
 * and in every process.
 */
#ifndef PROTO_IPC_ROOM_ID_H
#define PROTO_IPC_ROOM_ID_H

#include "proto/base/ids.h"

struct id room_id_of_session(
    const struct id *org, const struct id *widget, struct slice session);

#endif
