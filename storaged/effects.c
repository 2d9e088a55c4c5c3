/*
 * Effects, noted and made true.
 */
#include "storaged/effects.h"

#include "proto/basics.h"

void
effects_add(struct effects *effects, const struct effect *effect)
{
	if (effects->n == effects->cap) {
		effects->cap = effects->cap == 0 ? 64 : 2 * effects->cap;
		effects->of = xreallocarray(effects->of, effects->cap, sizeof(*effects->of));
	}
	effects->of[effects->n++] = *effect;
}

/* Each checkpoint claims its turn; mostly that changes nothing. */
static void
claim(const struct effect *e, struct live *live)
{
	const struct open_turn *open = open_turns_find(live->open, &e->turn);

	if (open != NULL && open->owner == e->by)
		return;
	open_turns_claim(live->open, &e->turn, &e->conversation, e->by);
	live_claimed(live, &e->turn);
}

static void
apply(const struct effect *e, struct live *live)
{
	switch (e->kind) {
	case EFFECT_CLAIM:
		claim(e, live);
		break;
	case EFFECT_BEGIN_ANEW:
		live_end(live, &e->turn);
		claim(e, live);
		break;
	case EFFECT_RELEASE:
		open_turns_release(live->open, &e->turn);
		live_end(live, &e->turn);
		break;
	case EFFECT_FOLLOW:
		live_follow(live, e->by, &e->turn, e->offset);
		break;
	case EFFECT_LEAVE:
		live_leave(live, e->by, &e->turn);
		break;
	case EFFECT_STOP:
		live_stop(live, &e->turn);
		break;
	case EFFECT_PUBLISH:
		live_publish(live, e->by, &e->turn, e->offset, e->text);
		break;
	}
}

void
effects_apply(const struct effects *effects, struct live *live)
{
	for (size_t i = 0; i < effects->n; i++)
		apply(&effects->of[i], live);
}
