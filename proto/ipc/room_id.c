#include "proto/ipc/room_id.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/secrets.h"
#include "proto/ipc/messages.h"

#define SESSION_MAX 128u

/* The visitor of a session that a widget made. The sessions of API clients have no "~". */
static bool
room_id_of_visitor(struct slice session, struct id *visitor)
{
	const size_t n = sizeof(VISITOR_SESSION) - 1;

	return session.len > n && memcmp(session.p, VISITOR_SESSION, n) == 0 &&
	    id_parse((struct slice){session.p + n, session.len - n}, visitor) == 0;
}

struct hash256
room_hash_of_session(const struct id *org, const struct id *widget, struct slice session)
{
	uint8_t text[2 * sizeof(struct id) + SESSION_MAX];

	memcpy(text, org->b, sizeof(org->b));
	memcpy(text + sizeof(org->b), widget->b, sizeof(widget->b));
	must(slice_copy(session, text + 2 * sizeof(org->b), SESSION_MAX));
	return secret_hash((struct slice){text, 2 * sizeof(org->b) + session.len});
}

struct id
room_id_of_session(const struct id *org, const struct id *widget, struct slice session)
{
	struct hash256 hash;
	struct id room;

	if (room_id_of_visitor(session, &room))
		return room;
	hash = room_hash_of_session(org, widget, session);
	memcpy(room.b, hash.b, sizeof(room.b));
	return room;
}
