/*
 * One view of a turn out of the store, memory, and the effects of the batch.
 */
#include "storaged/conversations/turn_view.h"

#include "storaged/engine/garbage.h"

int
turn_view_place(struct txn *t, const struct id *turn, struct msg_turn_record *place)
{
	struct key key = key_id(turn);
	bool erased = false;
	int rc = txn_get_record(t, TABLE_TURNS, &key, place);

	if (rc == 0)
		rc = garbage_exists(t, &place->conversation, &erased);
	return erased ? MDB_NOTFOUND : rc;
}

static enum turn_state
turn_view_closed_state(const struct turn_view *v)
{
	if (!v->has_message)
		return TURN_DAMAGED;
	return v->message.status == MESSAGE_INTERRUPTED ? TURN_INTERRUPTED : TURN_COMPLETE;
}

/* Whether the question before the place of a turn without a message is a person's to answer. */
static int
turn_view_read_question(struct txn *t, struct turn_view *v)
{
	struct key key = key_message(&v->place.conversation, v->place.seq - 1);
	struct msg_message_record question;
	int rc = txn_get_record(t, TABLE_MESSAGES, &key, &question);

	if (rc == 0 && question.status == MESSAGE_HANDED)
		v->state = TURN_HANDED;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static void
turn_view_read_details(struct turn_view *v)
{
	struct msg_message_details details;
	struct slice encoded = v->message.details;

	v->agent = (struct id){0};
	v->estimated = 0;
	if (encoded.len == 0 ||
	    record_decode(encoded, MSG_MESSAGE_DETAILS, &details) != WIRE_OK)
		return;
	v->agent = details.author;
	v->estimated = details.estimated;
}

/* Reads the rest of a turn whose place is known. */
static int
turn_view_read(struct txn *t, struct turn_view *v)
{
	struct key message_key = key_message(&v->place.conversation, v->place.seq);
	struct key open_key = key_id(&v->id);
	struct msg_open_turn_record open;
	int rc = txn_get_record(t, TABLE_MESSAGES, &message_key, &v->message);

	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	v->has_message = rc == 0;
	v->state = turn_view_closed_state(v);
	v->reserved_prompt = v->reserved_completion = v->estimated = 0;
	if (v->has_message)
		turn_view_read_details(v);
	rc = txn_get_record(t, TABLE_OPEN_TURNS, &open_key, &open);
	if (rc == 0) {
		v->state = TURN_OPEN;
		v->run = open.run;
		v->agent = open.agent;
		v->reserved_prompt = open.reserved_prompt;
		v->reserved_completion = open.reserved_completion;
		v->started_at = open.started_at;
		v->by = budget_opened_by(&open);
	}
	if (rc == MDB_NOTFOUND)
		return v->state == TURN_DAMAGED ? turn_view_read_question(t, v) : 0;
	return rc;
}

int
turn_view_load(struct txn *t, const struct id *turn, struct turn_view *v)
{
	int rc;

	*v = (struct turn_view){.id = *turn};
	rc = turn_view_place(t, turn, &v->place);
	return rc != 0 ? rc : turn_view_read(t, v);
}

int
turn_view_load_named(struct txn *t, const struct id *turn, struct turn_view *v)
{
	struct key key = key_id(turn);
	int rc;

	*v = (struct turn_view){.id = *turn};
	rc = txn_get_record(t, TABLE_TURNS, &key, &v->place);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	return turn_view_read(t, v);
}

static bool
turn_view_is_claim(const struct effect *e)
{
	return e->kind == EFFECT_CLAIM || e->kind == EFFECT_RESTART;
}

static const struct effect *
turn_view_last_claim(const struct call *c, const struct id *turn)
{
	for (size_t i = c->effects->n; i > 0; i--) {
		const struct effect *e = &c->effects->list[i - 1];

		if (turn_view_is_claim(e) && id_equal(&e->turn, turn))
			return e;
	}
	return NULL;
}

enum turn_writer
turn_view_writer(const struct call *c, const struct id *turn)
{
	const struct effect *claim = turn_view_last_claim(c, turn);
	const struct open_turn *open = NULL;
	const struct client *client;

	if (claim == NULL) {
		open = open_turns_find(c->open, turn);
		if (open == NULL || open->in == &c->open->stuck)
			return TURN_WRITER_NONE;
		if (open->in == &c->open->found)
			return TURN_WRITER_AWAITED;
		if (open->in == &c->open->lost)
			return TURN_WRITER_LOST;
	}
	client = claim != NULL ? claim->client : open->owner;
	return client == c->from ? TURN_WRITER_SELF : TURN_WRITER_OTHER;
}

bool
turn_view_is_followed(const struct call *c, const struct id *turn)
{
	for (size_t i = c->effects->n; i > 0; i--) {
		const struct effect *e = &c->effects->list[i - 1];

		if (e->client == c->from && id_equal(&e->turn, turn) &&
		    (e->kind == EFFECT_FOLLOW || e->kind == EFFECT_UNFOLLOW))
			return e->kind == EFFECT_FOLLOW;
	}
	return live_follows(c->live, c->from, turn);
}

bool
turn_view_may_follow(const struct call *c, const struct id *turn)
{
	return turn_view_is_followed(c, turn) || live_may_follow(c->live, c->from);
}

bool
turn_view_may_open(const struct call *c)
{
	return c->open->n < OPEN_TURNS_MAX;
}

/* Calls each for a turn that memory or the batch names, if the store agrees that it is open. */
static int
turn_view_call_if_open(struct txn *t, const struct id *turn, turn_view_fn *each, void *arg)
{
	struct key key = key_id(turn);
	struct slice open;
	int rc = txn_get(t, TABLE_OPEN_TURNS, &key, &open);

	if (rc == 0)
		return each(arg, turn);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
turn_view_each_open(struct txn *t, const struct call *c, const struct id *conversation,
    turn_view_fn *each, void *arg)
{
	const struct open_turn *open = NULL;
	size_t n = c->effects->n;

	while ((open = open_turns_of(c->open, conversation, open)) != NULL) {
		int rc = turn_view_call_if_open(t, &open->id, each, arg);

		if (rc != 0)
			return rc;
	}
	/* each may add effects, which moves the list. */
	for (size_t i = 0; i < n; i++) {
		const struct effect e = c->effects->list[i];
		int rc = 0;

		if (turn_view_is_claim(&e) && id_equal(&e.conversation, conversation))
			rc = turn_view_call_if_open(t, &e.turn, each, arg);
		if (rc != 0)
			return rc;
	}
	return 0;
}
