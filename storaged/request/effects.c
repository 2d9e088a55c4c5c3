/*
 * Effects: noted during a batch, applied after its commit.
 */
#include "storaged/request/effects.h"

#include <stdlib.h>

#include "proto/base/basics.h"

#define EFFECTS_FIRST_CAPACITY 64

void
effects_add(struct effects *effects, const struct effect *effect)
{
	if (effects->n == effects->capacity) {
		effects->capacity =
		    effects->capacity == 0 ? EFFECTS_FIRST_CAPACITY : 2 * effects->capacity;
		effects->list =
		    xreallocarray(effects->list, effects->capacity, sizeof(*effects->list));
	}
	effects->list[effects->n++] = *effect;
}

void
effects_add_visitor_turn(struct effects *effects, const struct msg_live_turn *turn)
{
	size_t *capacity = &effects->visitor_turns_capacity;

	if (effects->visitor_turns_n == *capacity) {
		*capacity = *capacity == 0 ? EFFECTS_FIRST_CAPACITY : 2 * *capacity;
		effects->visitor_turns = xreallocarray(
		    effects->visitor_turns, *capacity, sizeof(*effects->visitor_turns));
	}
	effects->visitor_turns[effects->visitor_turns_n++] = *turn;
	effects_add(effects, &(struct effect){.kind = EFFECT_VISITOR_TURN});
}

void
effects_cut(struct effects *effects, size_t n)
{
	while (effects->n > n)
		if (effects->list[--effects->n].kind == EFFECT_VISITOR_TURN)
			effects->visitor_turns_n--;
}

void
effects_clear(struct effects *effects)
{
	free(effects->list);
	free(effects->visitor_turns);
	*effects = (struct effects){0};
}

/* Each checkpoint claims its turn, which mostly is the owner's already. */
static void
effects_claim(const struct effect *e, struct live *live)
{
	const struct open_turn *open = open_turns_find(live->open, &e->turn);

	if (open != NULL && open->owner == e->client)
		return;
	open_turns_claim(live->open, &e->turn, &e->conversation, e->client);
	live_claimed(live, &e->turn);
}

/* visitor_turn: the message of the next EFFECT_VISITOR_TURN. */
static void
effects_apply_one(
    const struct effect *e, struct live *live, const struct msg_live_turn **visitor_turn)
{
	switch (e->kind) {
	case EFFECT_CLAIM:
		effects_claim(e, live);
		break;
	case EFFECT_RESTART:
		live_end(live, &e->turn);
		effects_claim(e, live);
		break;
	case EFFECT_RELEASE:
		open_turns_release(live->open, &e->turn);
		live_end(live, &e->turn);
		break;
	case EFFECT_ERASE:
		live_erase(live, &e->turn);
		break;
	case EFFECT_FOLLOW:
		live_follow(live, e->client, &e->turn, e->offset);
		break;
	case EFFECT_UNFOLLOW:
		live_leave(live, e->client, &e->turn);
		break;
	case EFFECT_STOP:
		live_stop(live, &e->turn);
		break;
	case EFFECT_PUBLISH:
		live_publish(live, e->client, &e->turn, e->offset, e->text);
		break;
	case EFFECT_UNSAVED:
		live_unsaved(live, e->client, &e->turn, e->full);
		break;
	case EFFECT_VISITOR_FOLLOW:
		rooms_follow(&live->rooms, e->client, &e->visitor, &e->widget);
		break;
	case EFFECT_VISITOR_UNFOLLOW:
		rooms_leave(&live->rooms, e->client, &e->visitor);
		break;
	case EFFECT_VISITOR_TURN:
		rooms_turn(&live->rooms, (*visitor_turn)++);
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
	const struct msg_live_turn *visitor_turn = effects->visitor_turns;

	for (size_t i = 0; i < effects->n; i++)
		effects_apply_one(&effects->list[i], live, &visitor_turn);
}
