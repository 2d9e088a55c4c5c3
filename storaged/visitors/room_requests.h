/*
 * The requests about rooms (storaged/live/rooms.h): follow a conversation or a session, leave, and typing. A
 * worker follows a widget's visitor by its token (visitors.h).
 */
#ifndef STORAGED_VISITORS_ROOM_REQUESTS_H
#define STORAGED_VISITORS_ROOM_REQUESTS_H

#include "storaged/request/call.h"

[[gnu::warn_unused_result]] int handle_room_follow(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_room_leave(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_typing(struct txn *t, struct call *c);

/* Answered by OK. */
[[gnu::warn_unused_result]] int handle_presence(struct txn *t, struct call *c);

#endif
