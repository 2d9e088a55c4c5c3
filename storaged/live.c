/*
 * Followings: each hangs in the list of its turn and in that of its client. A turn is here as long
 * as somebody follows it, or wants it stopped.
 */
#include "storaged/live.h"

#include <stdlib.h>

#include "proto/basics.h"

void
live_init(struct live *l, struct open_turns *open)
{
	*l = (struct live){.open = open, .buckets = xcalloc(LIVE_BUCKETS, sizeof(*l->buckets))};
}

/* -- turns -------------------------------------------------------------------------------- */

/* The last bytes of a UUIDv7 are random (RFC 9562, section 5.7). */
static struct live_bucket *
bucket_of(const struct live *l, const struct id *id)
{
	return &l->buckets[((size_t)id->b[14] << 8 | id->b[15]) % LIVE_BUCKETS];
}

static struct live_turn *
find(const struct live *l, const struct id *id)
{
	struct live_turn *turn;

	LIST_FOREACH (turn, bucket_of(l, id), bucket)
		if (id_equal(&turn->id, id))
			return turn;
	return NULL;
}

static struct live_turn *
find_or_add(struct live *l, const struct id *id)
{
	struct live_turn *turn = find(l, id);

	if (turn != NULL)
		return turn;
	turn = xcalloc(1, sizeof(*turn));
	turn->id = *id;
	LIST_INIT(&turn->followers);
	LIST_INSERT_HEAD(bucket_of(l, id), turn, bucket);
	return turn;
}

static void
forget_turn(struct live_turn *turn)
{
	must(LIST_EMPTY(&turn->followers));
	LIST_REMOVE(turn, bucket);
	free(turn);
}

static void
forget_if_idle(struct live_turn *turn)
{
	if (LIST_EMPTY(&turn->followers) && !turn->stop)
		forget_turn(turn);
}

static void
tell(struct live *l, struct client *client, enum msg_type type, const void *msg)
{
	client_tell(client, type, msg);
	l->told = true;
}

/* Who writes it now; NULL: nobody. */
static struct client *
owner_of(const struct live *l, const struct id *turn)
{
	const struct open_turn *open = open_turns_find(l->open, turn);

	return open == NULL ? NULL : open->owner;
}

/* -- followings --------------------------------------------------------------------------- */

static struct following *
find_following(const struct live_turn *turn, const struct client *client)
{
	struct following *following;

	LIST_FOREACH (following, &turn->followers, of_turn)
		if (following->client == client)
			return following;
	return NULL;
}

static struct following *
add_following(struct live *l, struct live_turn *turn, struct client *client)
{
	struct following *following = xcalloc(1, sizeof(*following));

	following->turn = turn;
	following->client = client;
	LIST_INSERT_HEAD(&turn->followers, following, of_turn);
	LIST_INSERT_HEAD(&client->followings, following, of_client);
	client->n_followings++;
	l->n++;
	return following;
}

static void
remove_following(struct live *l, struct following *following)
{
	LIST_REMOVE(following, of_turn);
	LIST_REMOVE(following, of_client);
	following->client->n_followings--;
	l->n--;
	free(following);
}

/* The same while the turn goes on; its owner is told when that was the last. */
static void
leave(struct live *l, struct following *following)
{
	struct live_turn *turn = following->turn;
	struct client *owner;

	remove_following(l, following);
	if (!LIST_EMPTY(&turn->followers))
		return;
	owner = owner_of(l, &turn->id);
	if (owner != NULL)
		tell(l, owner, MSG_LIVE_UNWANTED, &(struct msg_live_unwanted){turn->id});
	forget_if_idle(turn);
}

/* Ends a following by LIVE_END. */
static void
end_following(struct live *l, struct following *following)
{
	tell(l, following->client, MSG_LIVE_END, &(struct msg_live_end){following->turn->id});
	remove_following(l, following);
}

void
live_clear(struct live *l)
{
	/* What is left are turns that someone, who has gone since, wanted stopped. */
	for (size_t i = 0; i < LIVE_BUCKETS; i++)
		while (!LIST_EMPTY(&l->buckets[i]))
			forget_turn(LIST_FIRST(&l->buckets[i]));
	must(l->n == 0);
	free(l->buckets);
	l->buckets = NULL;
}

bool
live_has_room(const struct live *l, const struct client *client)
{
	return l->n < LIVE_MAX && client->n_followings < LIVE_CLIENT_MAX;
}

bool
live_follows(const struct live *l, const struct client *client, const struct id *turn)
{
	const struct live_turn *followed = find(l, turn);

	return followed != NULL && find_following(followed, client) != NULL;
}

/* -- what happens ------------------------------------------------------------------------- */

void
live_follow(struct live *l, struct client *client, const struct id *turn, uint32_t from)
{
	const struct open_turn *open = open_turns_find(l->open, turn);
	struct following *following;
	struct live_turn *followed;

	must(open != NULL && open->owner != client);
	followed = find_or_add(l, turn);
	following = find_following(followed, client);
	if (following == NULL)
		following = add_following(l, followed, client);
	following->has = from;
	if (open->owner != NULL)
		tell(l, open->owner, MSG_LIVE_WANTED,
		    &(struct msg_live_wanted){.turn = *turn, .from = from});
}

void
live_leave(struct live *l, struct client *client, const struct id *turn)
{
	struct live_turn *followed = find(l, turn);
	struct following *following =
	    followed == NULL ? NULL : find_following(followed, client);

	if (following != NULL)
		leave(l, following);
}

void
live_stop(struct live *l, const struct id *turn)
{
	const struct open_turn *open = open_turns_find(l->open, turn);

	if (open == NULL)
		return;
	find_or_add(l, turn)->stop = true;
	if (open->owner != NULL)
		tell(l, open->owner, MSG_LIVE_STOP, &(struct msg_live_stop){*turn});
}

/* A worker that stalls for a moment must not lose its line, and with it all that it writes itself,
 * for the text of others. */
static bool
has_room(const struct following *to, size_t bytes)
{
	return buf_room(to->client->out) >= LIVE_ROOM_LEFT + bytes;
}

/* One who has all of the piece is spared it. An empty one says that there is no more yet. */
static void
hand_on(struct live *l, struct following *to, const struct msg_live_text *piece)
{
	uint32_t end = piece->offset + (uint32_t)piece->text.len;

	if ((piece->text.len > 0 && end <= to->has) || !has_room(to, piece->text.len))
		return;
	tell(l, to->client, MSG_LIVE_TEXT, piece);
	if (piece->offset <= to->has && end > to->has)
		to->has = end;
}

void
live_publish(struct live *l, struct client *from, const struct id *turn, uint32_t offset,
    struct slice text)
{
	const struct open_turn *open = open_turns_find(l->open, turn);
	const struct live_turn *followed = find(l, turn);
	struct following *following;

	if (text.len > TEXT_MAX - offset)
		from->fault = "publishes beyond the longest reply";
	else if (open != NULL && open->owner != from)
		from->fault = "publishes what it does not write";
	if (open == NULL || followed == NULL || from->fault != NULL)
		return;
	LIST_FOREACH (following, &followed->followers, of_turn)
		hand_on(l, following,
		    &(struct msg_live_text){.turn = *turn, .offset = offset, .text = text});
}

/* The byte from which on some follower needs the text. */
static uint32_t
first_needed(const struct live_turn *turn)
{
	const struct following *following;
	uint32_t first = UINT32_MAX;

	LIST_FOREACH (following, &turn->followers, of_turn)
		if (following->has < first)
			first = following->has;
	return first;
}

void
live_claimed(struct live *l, const struct id *turn)
{
	struct live_turn *followed = find(l, turn);
	struct following *own;
	struct client *owner;

	if (followed == NULL)
		return;
	owner = owner_of(l, turn);
	must(owner != NULL);
	own = find_following(followed, owner);
	if (own != NULL)
		end_following(l, own);
	if (!LIST_EMPTY(&followed->followers))
		tell(l, owner, MSG_LIVE_WANTED,
		    &(struct msg_live_wanted){.turn = *turn, .from = first_needed(followed)});
	if (followed->stop)
		tell(l, owner, MSG_LIVE_STOP, &(struct msg_live_stop){*turn});
	forget_if_idle(followed);
}

void
live_end(struct live *l, const struct id *turn)
{
	struct live_turn *followed = find(l, turn);

	if (followed == NULL)
		return;
	while (!LIST_EMPTY(&followed->followers))
		end_following(l, LIST_FIRST(&followed->followers));
	forget_turn(followed);
}

void
live_forget(struct live *l, struct client *client)
{
	while (!LIST_EMPTY(&client->followings))
		leave(l, LIST_FIRST(&client->followings));
}
