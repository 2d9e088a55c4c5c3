/*
 * Sessions of channels.
 */
#include "workerd/webhooks/channel_session.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/ipc/room_id.h"

bool
channel_peer_is_valid(struct slice peer)
{
	if (peer.len == 0 || peer.len > CHANNEL_PEER_MAX)
		return false;
	for (size_t i = 0; i < peer.len; i++) {
		const uint8_t c = peer.p[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			(c >= '0' && c <= '9')) &&
		    (c == '\0' || strchr("._:+@-", c) == NULL))
			return false;
	}
	return true;
}

void
channel_session_front(char out[CHANNEL_SESSION_SIZE], const struct id *channel)
{
	char id[ID_TEXT_LEN + 1];

	id_format(channel, id);
	(void)snprintf(out, CHANNEL_SESSION_SIZE, "%c%s:", ROOM_SESSION_OF_CHANNEL, id);
}

void
channel_session(char out[CHANNEL_SESSION_SIZE], const struct id *channel, struct slice peer)
{
	size_t n;

	must(channel_peer_is_valid(peer));
	channel_session_front(out, channel);
	n = strlen(out);
	(void)snprintf(
	    out + n, CHANNEL_SESSION_SIZE - n, "%.*s", (int)peer.len, (const char *)peer.p);
}

struct slice
channel_session_peer(struct slice session, const struct id *channel)
{
	const size_t front = 1 + ID_TEXT_LEN + 1;
	const struct slice none = {0};
	struct slice peer;
	struct id id;

	if (session.len <= front || !room_session_is_of_channel(session) ||
	    session.p[front - 1] != ':' ||
	    id_parse((struct slice){session.p + 1, ID_TEXT_LEN}, &id) != 0)
		return none;
	peer = (struct slice){session.p + front, session.len - front};
	if ((channel != NULL && !id_equal(&id, channel)) || !channel_peer_is_valid(peer))
		return none;
	return peer;
}
