/*
 * The owners of open turns: a hash table with chains, keyed by bytes of the id that are random.
 */
#include "storaged/open_turns.h"

#include <stdlib.h>
#include <string.h>

#include "proto/basics.h"
#include "proto/log.h"

void
open_turns_init(struct open_turns *o)
{
	*o = (struct open_turns){.buckets = xcalloc(OPEN_TURNS_BUCKETS, sizeof(*o->buckets))};
	TAILQ_INIT(&o->found);
	TAILQ_INIT(&o->lost);
}

/* The last bytes of a UUIDv7 are random (RFC 9562, section 5.7). */
static size_t
bucket_of(const struct id *id)
{
	return ((size_t)id->b[14] << 8 | id->b[15]) % OPEN_TURNS_BUCKETS;
}

static struct open_turn *
find(struct open_turns *o, const struct id *id)
{
	struct open_turn *turn;

	LIST_FOREACH (turn, &o->buckets[bucket_of(id)], bucket)
		if (id_equal(&turn->id, id))
			return turn;
	return NULL;
}

static void
forget(struct open_turns *o, struct open_turn *turn)
{
	LIST_REMOVE(turn, bucket);
	TAILQ_REMOVE(turn->in, turn, order);
	free(turn);
	o->n--;
}

/* Frees the turns of a list that is not used any more; their buckets are not, either. */
static void
free_list(struct open_turns *o, const struct turn_list *list)
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
	free_list(o, &o->found);
	free_list(o, &o->lost);
	must(o->n == 0);
	free(o->buckets);
	o->buckets = NULL;
}

static int
load(struct open_turns *o, struct txn *t)
{
	struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_OPEN_TURNS, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	for (; rc == 0; rc = walk_next(&w)) {
		struct id id;

		must(w.key.len == sizeof(id.b));
		memcpy(id.b, w.key.p, sizeof(id.b));
		open_turns_claim(o, &id, &o->found);
	}
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
	rc = load(o, &t);
	txn_abort(&t);
	return rc;
}

void
open_turns_claim(struct open_turns *o, const struct id *id, struct turn_list *by)
{
	struct open_turn *turn = find(o, id);

	if (turn == NULL) {
		turn = xcalloc(1, sizeof(*turn));
		turn->id = *id;
		LIST_INSERT_HEAD(&o->buckets[bucket_of(id)], turn, bucket);
		o->n++;
	} else {
		TAILQ_REMOVE(turn->in, turn, order);
	}
	turn->in = by;
	TAILQ_INSERT_TAIL(by, turn, order);
}

void
open_turns_release(struct open_turns *o, const struct id *id)
{
	struct open_turn *turn = find(o, id);

	if (turn != NULL)
		forget(o, turn);
}

size_t
open_turns_lose(struct open_turns *o, struct turn_list *from)
{
	struct open_turn *turn;
	size_t n = 0;

	TAILQ_FOREACH (turn, from, order) {
		turn->in = &o->lost;
		n++;
	}
	TAILQ_CONCAT(&o->lost, from, order);
	return n;
}
