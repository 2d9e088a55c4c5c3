/*
 * Rooms: topics that are freed when nobody follows them.
 */
#include "storaged/live/rooms.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"

/* Bytes of a client's out that messages of rooms must leave free for answers. */
#define ROOM_LEFT ((size_t)1 << 20)

/* ... and ends of rooms. A widget that is disabled ends all its visitors at once. */
#define ROOM_END_LEFT ((size_t)256 << 10)

/* The members of a room receive a typing notice at most once in this time (ms). */
#define TYPING_MS 1000u

static void
rooms_unfollow(struct topics *rooms, struct following *following)
{
	struct topic *room = following->topic;

	topics_unfollow(rooms, following);
	if (LIST_EMPTY(&room->followers))
		topic_free(room);
}

static void
rooms_send_end(struct topics *rooms, struct following *following)
{
	client_notify(following->client, MSG_LIVE_ROOM_END,
	    &(struct msg_live_room_end){following->topic->id});
	rooms_unfollow(rooms, following);
}

static bool
rooms_may_send_end(const struct client *client)
{
	return buf_room(client->out) >= ROOM_END_LEFT;
}

static void
rooms_set_ended(struct following *following, bool ended)
{
	struct client *client = following->client;

	following->ended = ended;
	LIST_REMOVE(following, of_client);
	LIST_INSERT_HEAD(
	    ended ? &client->ended : &client->follows[TOPIC_ROOMS].list, following, of_client);
}

static void
rooms_end_follower(struct topics *rooms, struct following *following)
{
	if (following->ended)
		return;
	if (rooms_may_send_end(following->client))
		rooms_send_end(rooms, following);
	else
		rooms_set_ended(following, true);
}

void
rooms_send_ends(struct topics *rooms, struct client *client)
{
	while (!LIST_EMPTY(&client->ended) && rooms_may_send_end(client))
		rooms_send_end(rooms, LIST_FIRST(&client->ended));
}

static void
rooms_end_room(struct topics *rooms, struct topic *room)
{
	struct following *following = LIST_FIRST(&room->followers), *next;

	for (; following != NULL; following = next) {
		next = LIST_NEXT(following, of_topic);
		rooms_end_follower(rooms, following);
	}
}

bool
rooms_may_follow(const struct topics *rooms, const struct client *client, const struct id *id)
{
	const struct topic *room = topics_find(rooms, id);

	return (room != NULL && topic_following(room, client) != NULL) ||
	    topics_may_follow(rooms, client);
}

bool
rooms_have(const struct topics *rooms, const struct id *id)
{
	return topics_find(rooms, id) != NULL;
}

void
rooms_follow(
    struct topics *rooms, struct client *client, const struct id *id, const struct id *widget)
{
	struct topic *room = topics_find_or_add(rooms, id);
	struct following *following = topics_follow(rooms, room, client);

	room->widget = *widget;
	if (following->ended)
		rooms_set_ended(following, false);
}

void
rooms_leave(struct topics *rooms, struct client *client, const struct id *id)
{
	const struct topic *room = topics_find(rooms, id);
	struct following *following = room == NULL ? NULL : topic_following(room, client);

	if (following != NULL)
		rooms_unfollow(rooms, following);
}

/* A worker must not lose its connection, and with it all its turns, because many visitors write
 * at once. */
static bool
rooms_has_space(const struct client *client, size_t bytes)
{
	return buf_room(client->out) >= ROOM_LEFT + bytes;
}

/* Notifies a follower, or ends its following. bytes: of the message's texts. */
static void
rooms_tell_one(struct topics *rooms, struct following *following, enum msg_type type,
    const void *msg, size_t bytes)
{
	if (following->ended)
		return;
	if (rooms_has_space(following->client, bytes))
		client_notify(following->client, type, msg);
	else
		rooms_end_follower(rooms, following);
}

static void
rooms_tell(struct topics *rooms, const struct id *id, enum msg_type type, const void *msg,
    size_t bytes)
{
	const struct topic *room = topics_find(rooms, id);
	struct following *following = room == NULL ? NULL : LIST_FIRST(&room->followers), *next;

	for (; following != NULL; following = next) {
		next = LIST_NEXT(following, of_topic);
		rooms_tell_one(rooms, following, type, msg, bytes);
	}
}

void
rooms_turn(struct topics *rooms, const struct msg_live_turn *turn)
{
	rooms_tell(rooms, &turn->room, MSG_LIVE_TURN, turn, turn->text.len);
}

void
rooms_changed(struct topics *rooms, const struct id *id, const struct id *conversation)
{
	rooms_tell(rooms, id, MSG_LIVE_CHANGED,
	    &(struct msg_live_changed){.room = *id, .conversation = *conversation}, 0);
}

void
rooms_contact(struct topics *rooms, const struct id *id)
{
	rooms_tell(rooms, id, MSG_LIVE_CONTACT, &(struct msg_live_contact){*id}, 0);
}

/* Whether the room is to be told of typing now. A clock that was set back does not delay it. */
static bool
rooms_may_type(struct topic *room)
{
	uint64_t now = clock_wall_ms();

	if (now - room->typed_at < TYPING_MS)
		return false;
	room->typed_at = now;
	return true;
}

/* Sends a notification that may be lost. */
static void
rooms_hint(const struct topic *room, enum msg_type type, const void *msg)
{
	const struct following *following;

	LIST_FOREACH (following, &room->followers, of_topic)
		if (!following->ended && rooms_has_space(following->client, 0))
			client_notify(following->client, type, msg);
}

void
rooms_typing(struct topics *rooms, const struct id *id)
{
	struct topic *room = topics_find(rooms, id);

	if (room != NULL && rooms_may_type(room))
		rooms_hint(room, MSG_LIVE_TYPING, &(struct msg_live_typing){*id});
}

void
rooms_presence(struct topics *rooms, const struct id *id, struct slice operator)
{
	const struct topic *room = topics_find(rooms, id);

	if (room != NULL)
		rooms_hint(room, MSG_LIVE_PRESENCE,
		    &(struct msg_live_presence){.room = *id, .operator= operator});
}

void
rooms_end(struct topics *rooms, const struct id *id)
{
	struct topic *room = topics_find(rooms, id);

	if (room != NULL)
		rooms_end_room(rooms, room);
}

void
rooms_end_widget(struct topics *rooms, const struct id *widget)
{
	for (size_t i = 0; rooms->n > 0 && i < TOPICS_BUCKETS; i++) {
		struct topic *room = LIST_FIRST(&rooms->buckets[i]), *next;

		for (; room != NULL; room = next) {
			next = LIST_NEXT(room, bucket);
			if (id_equal(&room->widget, widget))
				rooms_end_room(rooms, room);
		}
	}
}

void
rooms_forget(struct topics *rooms, struct client *client)
{
	const struct followings *list = &client->follows[TOPIC_ROOMS].list;

	while (!LIST_EMPTY(list))
		rooms_unfollow(rooms, LIST_FIRST(list));
	while (!LIST_EMPTY(&client->ended))
		rooms_unfollow(rooms, LIST_FIRST(&client->ended));
}
