/*
 * Effects, noted and made true.
 */
#include "storaged/request/effects.h"

#include <stdlib.h>

#include "proto/base/basics.h"

void
effects_add(struct effects *effects, const struct effect *effect)
{
	if (effects->n == effects->cap) {
		effects->cap = effects->cap == 0 ? 64 : 2 * effects->cap;
		effects->of = xreallocarray(effects->of, effects->cap, sizeof(*effects->of));
	}
	effects->of[effects->n++] = *effect;
}

void
effects_add_turn(struct effects *effects, const struct msg_live_turn *turn)
{
	if (effects->n_said == effects->cap_said) {
		effects->cap_said = effects->cap_said == 0 ? 64 : 2 * effects->cap_said;
		effects->said =
		    xreallocarray(effects->said, effects->cap_said, sizeof(*effects->said));
	}
	effects->said[effects->n_said++] = *turn;
	effects_add(effects, &(struct effect){.kind = EFFECT_VISITOR_TURN});
}

void
effects_cut(struct effects *effects, size_t n)
{
	while (effects->n > n)
		if (effects->of[--effects->n].kind == EFFECT_VISITOR_TURN)
			effects->n_said--;
}

void
effects_clear(struct effects *effects)
{
	free(effects->of);
	free(effects->said);
	*effects = (struct effects){0};
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

/* said: the next message of a visitor. */
static void
apply(const struct effect *e, struct live *live, const struct msg_live_turn **said)
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
	case EFFECT_ERASE:
		live_erase(live, &e->turn);
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
	case EFFECT_UNSAVED:
		live_unsaved(live, e->by, &e->turn, e->full);
		break;
	case EFFECT_VISITOR_FOLLOW:
		rooms_follow(&live->rooms, e->by, &e->visitor, &e->widget);
		break;
	case EFFECT_VISITOR_LEAVE:
		rooms_leave(&live->rooms, e->by, &e->visitor);
		break;
	case EFFECT_VISITOR_TURN:
		rooms_turn(&live->rooms, (*said)++);
		break;
	case EFFECT_VISITOR_CONTACT:
		rooms_contact(&live->rooms, &e->visitor);
		break;
	case EFFECT_VISITOR_END:
		rooms_end_visitor(&live->rooms, &e->visitor);
		break;
	case EFFECT_WIDGET_END:
		rooms_end_widget(&live->rooms, &e->widget);
		break;
	}
}

void
effects_apply(const struct effects *effects, struct live *live)
{
	const struct msg_live_turn *said = effects->said;

	for (size_t i = 0; i < effects->n; i++)
		apply(&effects->of[i], live, &said);
}
