/*
 * Effects: noted during a batch, applied after its commit.
 */
#include "storaged/request/effects.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/ipc/room_id.h"

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
effects_add_turn(struct effects *effects, const struct turn_news *news)
{
	size_t *capacity = &effects->turns_capacity;

	if (effects->turns_n == *capacity) {
		*capacity = *capacity == 0 ? EFFECTS_FIRST_CAPACITY : 2 * *capacity;
		effects->turns =
		    xreallocarray(effects->turns, *capacity, sizeof(*effects->turns));
	}
	effects->turns[effects->turns_n++] = *news;
	effects_add(effects, &(struct effect){.kind = EFFECT_ROOM_TURN});
}

void
effects_add_held(struct effects *effects, const struct held *answer)
{
	size_t *capacity = &effects->held_capacity;

	if (effects->held_n == *capacity) {
		*capacity = *capacity == 0 ? EFFECTS_FIRST_CAPACITY : 2 * *capacity;
		effects->held = xreallocarray(effects->held, *capacity, sizeof(*effects->held));
	}
	effects->held[effects->held_n++] = *answer;
	effects_add(effects, &(struct effect){.kind = EFFECT_HOLD});
}

bool
effects_has(const struct effects *effects, enum effect_kind kind)
{
	for (size_t i = 0; i < effects->n; i++)
		if (effects->list[i].kind == kind)
			return true;
	return false;
}

void
effects_cut(struct effects *effects, size_t n)
{
	while (effects->n > n) {
		enum effect_kind kind = effects->list[--effects->n].kind;

		effects->turns_n -= kind == EFFECT_ROOM_TURN;
		effects->held_n -= kind == EFFECT_HOLD;
	}
}

void
effects_clear(struct effects *effects)
{
	free(effects->list);
	free(effects->turns);
	free(effects->held);
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

/* Tells both rooms of the conversation; the id of a session's room costs more than the rest. */
static void
effects_tell_turn(const struct turn_news *news, struct topics *rooms)
{
	struct msg_live_turn turn = news->turn;

	if (rooms->n == 0)
		return;
	turn.room = room_id_of_session(&news->org, &news->widget, news->session);
	rooms_turn(rooms, &turn);
	turn.room = turn.conversation;
	rooms_turn(rooms, &turn);
}

static void
effects_apply_room(const struct effect *e, struct topics *rooms)
{
	switch (e->kind) {
	case EFFECT_ROOM_FOLLOW:
		rooms_follow(rooms, e->client, &e->room, &e->widget);
		break;
	case EFFECT_ROOM_LEAVE:
		rooms_leave(rooms, e->client, &e->room);
		break;
	case EFFECT_ROOM_CHANGED:
		rooms_changed(rooms, &e->room, &e->conversation);
		break;
	case EFFECT_ROOM_CONTACT:
		rooms_contact(rooms, &e->room);
		break;
	case EFFECT_ROOM_TYPING:
		rooms_typing(rooms, &e->room);
		break;
	case EFFECT_ROOM_PRESENCE:
		rooms_presence(rooms, &e->room, e->text);
		break;
	case EFFECT_ROOM_END:
		rooms_end(rooms, &e->room);
		break;
	default: /* EFFECT_WIDGET_END */
		rooms_end_widget(rooms, &e->widget);
		break;
	}
}

/* Without a worker, the table due asks again (actions/actions.h). */
static void
effects_ask_worker(const struct effect *e, struct live *live)
{
	const struct msg_live_step step = {.conversation = e->conversation, .step = e->turn};

	if (live->lease.holder == NULL)
		return;
	client_notify(live->lease.holder, MSG_LIVE_STEP, &step);
	live->notified = true;
}

/* news: of the next EFFECT_ROOM_TURN; held: of the next EFFECT_HOLD. */
static void
effects_apply_one(const struct effect *e, struct live *live, const struct turn_news **news,
    const struct held **held)
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
		live_publish(live, e->client,
		    &(struct msg_live_publish){.turn = e->turn,
			.offset = e->offset,
			.text = e->text,
			.sources = e->sources});
		break;
	case EFFECT_UNSAVED:
		live_unsaved(live, e->client, &e->turn, e->full);
		break;
	case EFFECT_CHANGES:
		change_followers_wait(&live->changes, e->client, e->change);
		break;
	case EFFECT_WIDGET_SEEN:
		sightings_note(&live->sightings, &e->room, e->text, e->seen);
		break;
	case EFFECT_INDEXED:
		index_wait_report(&live->index, e->client, e->change);
		live->notified = true;
		break;
	case EFFECT_HOLD:
		index_wait_answer(&live->index, (*held)++);
		break;
	case EFFECT_ROOM_TURN:
		effects_tell_turn((*news)++, &live->rooms);
		break;
	default:
		effects_apply_room(e, &live->rooms);
		break;
	case EFFECT_WEBHOOKS:
		live->lease.revision++;
		if (lease_changed(&live->lease))
			live->notified = true;
		break;
	case EFFECT_EMBEDDING:
		if (lease_changed(&live->embedding))
			live->notified = true;
		break;
	case EFFECT_MAIL:
		if (lease_changed(&live->mail))
			live->notified = true;
		break;
	case EFFECT_MEDIA:
		if (lease_changed(&live->media))
			live->notified = true;
		break;
	case EFFECT_STEP:
		effects_ask_worker(e, live);
		break;
	case EFFECT_SOURCES:
		if (waiters_notify(&live->sources))
			live->notified = true;
		break;
	case EFFECT_SOURCES_FOLLOW:
		waiters_add(&live->sources, e->client);
		break;
	case EFFECT_VISIT:
		live->visits[e->result]++;
		break;
	}
}

void
effects_apply(const struct effects *effects, struct live *live)
{
	const struct turn_news *news = effects->turns;
	const struct held *held = effects->held;

	for (size_t i = 0; i < effects->n; i++)
		effects_apply_one(&effects->list[i], live, &news, &held);
}
