/*
 * Live turns: a topic is freed when nobody follows it, unless the turn is to be stopped.
 */
#include "storaged/live/live.h"

#include "proto/base/basics.h"

void
live_init(struct live *l, struct open_turns *open)
{
	*l = (struct live){.open = open};
	topics_init(&l->turns, TOPIC_TURNS);
	topics_init(&l->rooms, TOPIC_ROOMS);
	change_followers_init(&l->changes);
	index_wait_init(&l->index);
	lease_init(&l->lease, WAITING_WEBHOOKS);
	lease_init(&l->embedding, WAITING_EMBEDDING);
	lease_init(&l->mail, WAITING_MAIL);
	lease_init(&l->media, WAITING_MEDIA);
	waiters_init(&l->sources, WAITING_SOURCES);
}

/* The remaining topics are turns to be stopped whose followers have left. */
void
live_clear(struct live *l)
{
	topics_clear(&l->turns);
	topics_clear(&l->rooms);
	index_wait_clear(&l->index);
	sightings_clear(&l->sightings);
}

static void
live_forget_if_idle(struct topic *turn)
{
	if (LIST_EMPTY(&turn->followers) && !turn->stop)
		topic_free(turn);
}

static void
live_notify(struct live *l, struct client *client, enum msg_type type, const void *msg)
{
	client_notify(client, type, msg);
	l->notified = true;
}

/* The client that writes the turn; NULL: none. */
static struct client *
live_owner_of(const struct live *l, const struct id *turn)
{
	const struct open_turn *open = open_turns_find(l->open, turn);

	return open == NULL ? NULL : open->owner;
}

/* Ends a following while the turn continues; the owner is notified after the last one. */
static void
live_unfollow(struct live *l, struct following *following)
{
	struct topic *turn = following->topic;
	struct client *owner;

	topics_unfollow(&l->turns, following);
	if (!LIST_EMPTY(&turn->followers))
		return;
	owner = live_owner_of(l, &turn->id);
	if (owner != NULL)
		live_notify(l, owner, MSG_LIVE_UNWANTED, &(struct msg_live_unwanted){turn->id});
	live_forget_if_idle(turn);
}

/* Ends a following with LIVE_END. */
static void
live_end_following(struct live *l, struct following *following)
{
	live_notify(
	    l, following->client, MSG_LIVE_END, &(struct msg_live_end){following->topic->id});
	topics_unfollow(&l->turns, following);
}

bool
live_may_follow(const struct live *l, const struct client *client)
{
	return topics_may_follow(&l->turns, client);
}

bool
live_follows(const struct live *l, const struct client *client, const struct id *turn)
{
	const struct topic *followed = topics_find(&l->turns, turn);

	return followed != NULL && topic_following(followed, client) != NULL;
}

void
live_follow(struct live *l, struct client *client, const struct id *turn, uint32_t from)
{
	const struct open_turn *open = open_turns_find(l->open, turn);
	struct following *following;
	struct topic *followed;

	must(open != NULL && open->owner != client);
	followed = topics_find_or_add(&l->turns, turn);
	following = topics_follow(&l->turns, followed, client);
	following->has = from;
	if (open->owner != NULL)
		live_notify(l, open->owner, MSG_LIVE_WANTED,
		    &(struct msg_live_wanted){.turn = *turn, .from = from});
}

void
live_leave(struct live *l, struct client *client, const struct id *turn)
{
	struct topic *followed = topics_find(&l->turns, turn);
	struct following *following =
	    followed == NULL ? NULL : topic_following(followed, client);

	if (following != NULL)
		live_unfollow(l, following);
}

void
live_stop(struct live *l, const struct id *turn)
{
	const struct open_turn *open = open_turns_find(l->open, turn);

	if (open == NULL)
		return;
	topics_find_or_add(&l->turns, turn)->stop = true;
	if (open->owner != NULL)
		live_notify(l, open->owner, MSG_LIVE_STOP, &(struct msg_live_stop){*turn});
}

/* A worker that stalls for a moment must not lose its connection, and with it all its own turns,
 * because of the text of others. */
static bool
live_piece_fits(const struct following *to, size_t bytes)
{
	return buf_room(to->client->out) >= LIVE_ROOM_LEFT + bytes;
}

/* Whether the client has all that a piece tells. An empty piece says that there is no text yet. */
static bool
live_has_piece(const struct following *to, const struct msg_live_text *piece)
{
	return piece->text.len > 0 && piece->offset + piece->text.len <= to->has &&
	    piece->sources.len == 0;
}

static void
live_send_piece(struct live *l, struct following *to, const struct msg_live_text *piece)
{
	uint32_t end = piece->offset + (uint32_t)piece->text.len;

	if (live_has_piece(to, piece) ||
	    !live_piece_fits(to, piece->text.len + piece->sources.len))
		return;
	live_notify(l, to->client, MSG_LIVE_TEXT, piece);
	if (piece->offset <= to->has && end > to->has)
		to->has = end;
}

/* The open turn that a client publishes, if somebody follows it; otherwise NULL. Publishing
 * another client's turn is a fault. */
static const struct topic *
live_find_published(struct live *l, struct client *from, const struct id *turn)
{
	const struct open_turn *open = open_turns_find(l->open, turn);

	if (open != NULL && open->owner != from)
		from->fault = "publishes a turn of another client";
	return open == NULL || from->fault != NULL ? NULL : topics_find(&l->turns, turn);
}

void
live_publish(struct live *l, struct client *from, const struct msg_live_publish *published)
{
	const struct msg_live_text piece = {
	    .turn = published->turn,
	    .offset = published->offset,
	    .text = published->text,
	    .sources = published->sources,
	};
	const struct topic *followed;
	struct following *following;

	if (piece.text.len > TEXT_MAX - piece.offset)
		from->fault = "publishes text beyond the longest reply";
	followed = live_find_published(l, from, &piece.turn);
	if (followed == NULL)
		return;
	LIST_FOREACH (following, &followed->followers, of_topic)
		live_send_piece(l, following, &piece);
}

void
live_unsaved(struct live *l, struct client *from, const struct id *turn, uint8_t full)
{
	const struct topic *followed = live_find_published(l, from, turn);
	struct following *following;

	if (followed == NULL)
		return;
	LIST_FOREACH (following, &followed->followers, of_topic)
		live_notify(l, following->client, MSG_LIVE_UNSAVED,
		    &(struct msg_live_unsaved){.turn = *turn, .full = full});
}

/* The first byte of the text that some follower needs. */
static uint32_t
live_first_needed(const struct topic *turn)
{
	const struct following *following;
	uint32_t first = UINT32_MAX;

	LIST_FOREACH (following, &turn->followers, of_topic)
		if (following->has < first)
			first = following->has;
	return first;
}

void
live_claimed(struct live *l, const struct id *turn)
{
	struct topic *followed = topics_find(&l->turns, turn);
	struct following *own;
	struct client *owner;

	if (followed == NULL)
		return;
	owner = live_owner_of(l, turn);
	must(owner != NULL);
	own = topic_following(followed, owner);
	if (own != NULL)
		live_end_following(l, own);
	if (!LIST_EMPTY(&followed->followers))
		live_notify(l, owner, MSG_LIVE_WANTED,
		    &(struct msg_live_wanted){
			.turn = *turn, .from = live_first_needed(followed)});
	if (followed->stop)
		live_notify(l, owner, MSG_LIVE_STOP, &(struct msg_live_stop){*turn});
	live_forget_if_idle(followed);
}

void
live_end(struct live *l, const struct id *turn)
{
	struct topic *followed = topics_find(&l->turns, turn);

	if (followed == NULL)
		return;
	while (!LIST_EMPTY(&followed->followers))
		live_end_following(l, LIST_FIRST(&followed->followers));
	topic_free(followed);
}

void
live_erase(struct live *l, const struct id *turn)
{
	struct client *owner = live_owner_of(l, turn);

	if (owner != NULL)
		live_notify(l, owner, MSG_LIVE_END, &(struct msg_live_end){*turn});
	open_turns_release(l->open, turn);
	live_end(l, turn);
}

void
live_changes(struct live *l, uint64_t newest)
{
	if (change_followers_announce(&l->changes, newest))
		l->notified = true;
}

void
live_forget(struct live *l, struct client *client)
{
	const struct followings *list = &client->follows[TOPIC_TURNS].list;

	while (!LIST_EMPTY(list))
		live_unfollow(l, LIST_FIRST(list));
	rooms_forget(&l->rooms, client);
	if (lease_forget(&l->lease, client))
		l->notified = true;
	if (lease_forget(&l->embedding, client))
		l->notified = true;
	if (lease_forget(&l->mail, client))
		l->notified = true;
	if (lease_forget(&l->media, client))
		l->notified = true;
	waiters_remove(&l->sources, client);
	change_followers_forget(client);
	index_wait_forget(&l->index, client);
	l->notified = true;
}
