/*
 * The owners of open turns: two hash tables with chains, keyed by the random bytes of ids.
 */
#include "storaged/live/open_turns.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

void
open_turns_init(struct open_turns *o)
{
	*o = (struct open_turns){
	    .by_id = xcalloc(OPEN_TURNS_BUCKETS, sizeof(*o->by_id)),
	    .by_conversation = xcalloc(OPEN_TURNS_BUCKETS, sizeof(*o->by_conversation)),
	};
	TAILQ_INIT(&o->found);
	TAILQ_INIT(&o->lost);
	TAILQ_INIT(&o->stuck);
}

/* The last bytes of a UUIDv7 are random (RFC 9562, section 5.7). */
static size_t
open_turns_bucket_of(const struct id *id)
{
	return ((size_t)id->b[14] << 8 | id->b[15]) % OPEN_TURNS_BUCKETS;
}

struct open_turn *
open_turns_find(const struct open_turns *o, const struct id *id)
{
	struct open_turn *turn;

	LIST_FOREACH (turn, &o->by_id[open_turns_bucket_of(id)], bucket)
		if (id_equal(&turn->id, id))
			return turn;
	return NULL;
}

struct open_turn *
open_turns_of(
    const struct open_turns *o, const struct id *conversation, const struct open_turn *after)
{
	struct open_turn *turn = after == NULL
	    ? LIST_FIRST(&o->by_conversation[open_turns_bucket_of(conversation)])
	    : LIST_NEXT(after, sibling);

	while (turn != NULL && !id_equal(&turn->conversation, conversation))
		turn = LIST_NEXT(turn, sibling);
	return turn;
}

static void
open_turns_forget(struct open_turns *o, struct open_turn *turn)
{
	LIST_REMOVE(turn, bucket);
	LIST_REMOVE(turn, sibling);
	TAILQ_REMOVE(turn->in, turn, order);
	free(turn);
	o->n--;
}

/* Moves a turn to another list. */
static void
open_turns_move(struct open_turn *turn, struct turn_list *to, struct client *owner)
{
	TAILQ_REMOVE(turn->in, turn, order);
	turn->in = to;
	turn->owner = owner;
	TAILQ_INSERT_TAIL(to, turn, order);
}

/* Frees the turns of a list when neither the list nor the buckets are used any more. */
static void
open_turns_free_list(struct open_turns *o, const struct turn_list *list)
{
	struct open_turn *turn = TAILQ_FIRST(list);

	while (turn != NULL) {
		struct open_turn *next = TAILQ_NEXT(turn, order);

		free(turn);
		o->n--;
		turn = next;
	}
}

void
open_turns_clear(struct open_turns *o)
{
	open_turns_free_list(o, &o->found);
	open_turns_free_list(o, &o->lost);
	open_turns_free_list(o, &o->stuck);
	must(o->n == 0);
	free(o->by_id);
	free(o->by_conversation);
	o->by_id = o->by_conversation = NULL;
}

/* A damaged record does not name the conversation, but its key says that the turn is open. A key
 * of the wrong length names no turn: `banter verify` reports it. */
static void
open_turns_load_one(struct open_turns *o, const struct walk *w)
{
	struct msg_open_turn_record open;
	struct id id;

	if (!key_fits(TABLE_OPEN_TURNS, w->key))
		return;
	id = key_front(w->key);
	if (record_read(w->value, TABLE_OPEN_TURNS, &open) != 0)
		open.conversation = (struct id){0};
	open_turns_claim(o, &id, &open.conversation, NULL);
}

static int
open_turns_load_all(struct open_turns *o, struct txn *t)
{
	struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_OPEN_TURNS, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	for (; rc == 0; rc = walk_next(&w))
		open_turns_load_one(o, &w);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
open_turns_load(struct open_turns *o, struct env *env)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return rc;
	rc = open_turns_load_all(o, &t);
	txn_abort(&t);
	if (rc != 0)
		log_event(LOG_ERROR, "store_unusable",
		    L_STR("table", table_name(TABLE_OPEN_TURNS)),
		    L_STR("error", env_strerror(rc)),
		    L_STR("help", "the store is damaged, or cannot be read: restore a backup"));
	return rc;
}

static struct open_turn *
open_turns_add(struct open_turns *o, const struct id *id, const struct id *conversation)
{
	struct open_turn *turn = xcalloc(1, sizeof(*turn));

	turn->id = *id;
	turn->conversation = *conversation;
	turn->in = &o->found;
	LIST_INSERT_HEAD(&o->by_id[open_turns_bucket_of(id)], turn, bucket);
	LIST_INSERT_HEAD(
	    &o->by_conversation[open_turns_bucket_of(conversation)], turn, sibling);
	TAILQ_INSERT_TAIL(turn->in, turn, order);
	o->n++;
	return turn;
}

void
open_turns_claim(
    struct open_turns *o, const struct id *id, const struct id *conversation, struct client *by)
{
	struct open_turn *turn = open_turns_find(o, id);

	if (turn == NULL)
		turn = open_turns_add(o, id, conversation);
	open_turns_move(turn, by == NULL ? &o->found : &by->turns, by);
}

void
open_turns_give_up(struct open_turns *o, const struct id *id)
{
	struct open_turn *turn = open_turns_find(o, id);

	if (turn != NULL)
		open_turns_move(turn, &o->stuck, NULL);
}

void
open_turns_release(struct open_turns *o, const struct id *id)
{
	struct open_turn *turn = open_turns_find(o, id);

	if (turn != NULL)
		open_turns_forget(o, turn);
}

static size_t
open_turns_move_all(struct turn_list *from, struct turn_list *to)
{
	struct open_turn *turn;
	size_t n = 0;

	TAILQ_FOREACH (turn, from, order) {
		turn->in = to;
		turn->owner = NULL;
		n++;
	}
	TAILQ_CONCAT(to, from, order);
	return n;
}

size_t
open_turns_await(struct open_turns *o, struct turn_list *from)
{
	return open_turns_move_all(from, &o->found);
}

size_t
open_turns_lose(struct open_turns *o, struct turn_list *from)
{
	return open_turns_move_all(from, &o->lost);
}
