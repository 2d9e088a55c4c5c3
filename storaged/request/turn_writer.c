/*
 * Memory, and the effects that are noted but not yet true.
 */
#include "storaged/request/turn_writer.h"

static bool
is_claim(const struct effect *e)
{
	return e->kind == EFFECT_CLAIM || e->kind == EFFECT_BEGIN_ANEW;
}

/* The last claim of a turn in this batch, or NULL. */
static const struct effect *
last_claim(const struct call *c, const struct id *turn)
{
	for (size_t i = c->effects->n; i > 0; i--) {
		const struct effect *e = &c->effects->of[i - 1];

		if (is_claim(e) && id_equal(&e->turn, turn))
			return e;
	}
	return NULL;
}

static enum writer
writer_is(const struct call *c, const struct client *client)
{
	return client == c->from ? WRITER_SELF : WRITER_OTHER;
}

enum writer
standing_writer(const struct call *c, const struct id *turn)
{
	const struct effect *claim = last_claim(c, turn);
	const struct open_turn *open;

	if (claim != NULL)
		return writer_is(c, claim->by);
	open = open_turns_find(c->open, turn);
	if (open == NULL || open->in == &c->open->stuck)
		return WRITER_NONE;
	if (open->in == &c->open->found)
		return WRITER_AWAITED;
	if (open->in == &c->open->lost)
		return WRITER_LOST;
	return writer_is(c, open->owner);
}

bool
standing_follows(const struct call *c, const struct id *turn)
{
	for (size_t i = c->effects->n; i > 0; i--) {
		const struct effect *e = &c->effects->of[i - 1];

		if (e->by == c->from && id_equal(&e->turn, turn) &&
		    (e->kind == EFFECT_FOLLOW || e->kind == EFFECT_LEAVE))
			return e->kind == EFFECT_FOLLOW;
	}
	return live_follows(c->live, c->from, turn);
}

int
standing_each(const struct call *c, const struct id *conversation, standing_fn *each, void *arg)
{
	const struct open_turn *open = NULL;
	size_t n = c->effects->n;

	while ((open = open_turns_of(c->open, conversation, open)) != NULL) {
		int rc = each(arg, &open->id);

		if (rc != 0)
			return rc;
	}
	/* Those that each notes are not among them, and may move the others. */
	for (size_t i = 0; i < n; i++) {
		const struct effect e = c->effects->of[i];
		int rc = 0;

		if (is_claim(&e) && id_equal(&e.conversation, conversation))
			rc = each(arg, &e.turn);
		if (rc != 0)
			return rc;
	}
	return 0;
}
