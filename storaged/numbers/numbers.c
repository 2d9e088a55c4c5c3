/*
 * The changes of a transaction, by place. Nothing is written before the commit, so that what callers have
 * read from the map stays valid. The memory belongs to the environment, and is used again by each
 * transaction; txn->numbers_n counts the places in use, so that an aborted transaction needs no
 * clean-up.
 */
#include "storaged/numbers/numbers.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/numbers/numbers_rows.h"
#include "storaged/numbers/numbers_share.h"

/* Places for which there is room at first, and for which memory is kept. */
#define ROOM_FIRST 16u
#define ROOM_KEPT  256u

struct numbers_changes {
	unsigned room;
	struct numbers_changed {
		struct numbers_place place;
		enum numbers_kind kind;
		int64_t by[COUNTS];
		uint16_t model_len; /* the tokens are of this model; 0: of an unknown one */
		uint8_t model[MODEL_NAME_BYTES];
	} of[];
};

int
numbers_write(struct txn *t)
{
	struct numbers_changes *changes = t->env->numbers;
	unsigned n = t->numbers_n;
	int rc = 0;

	t->numbers_n = 0;
	for (unsigned i = 0; i < n && rc == 0; i++) {
		const struct numbers_changed *of = &changes->of[i];

		rc = numbers_row_change(
		    t, &of->place, of->kind, of->by, (struct slice){of->model, of->model_len});
	}
	if (n > ROOM_KEPT) {
		free(changes);
		t->env->numbers = NULL;
	}
	return rc;
}

static void
numbers_make_room(struct txn *t)
{
	struct numbers_changes *changes = t->env->numbers;
	unsigned room = changes == NULL ? 0 : changes->room;

	if (t->numbers_n < room)
		return;
	room = room == 0 ? ROOM_FIRST : 2 * room;
	changes = xreallocarray(changes, 1, sizeof(*changes) + room * sizeof(changes->of[0]));
	changes->room = room;
	t->env->numbers = changes;
}

static bool
numbers_is_of(const struct numbers_changed *of, const struct numbers_place *place,
    enum numbers_kind kind, struct slice model)
{
	return slice_eq((struct slice){of->model, of->model_len}, model) &&
	    of->place.hour == place->hour && of->kind == kind &&
	    id_equal(&of->place.widget, &place->widget) &&
	    id_equal(&of->place.agent, &place->agent) && id_equal(&of->place.org, &place->org);
}

/* The changes of a place and a model, which may be none yet. */
static struct numbers_changed *
numbers_find(struct txn *t, const struct numbers_place *place, enum numbers_kind kind,
    struct slice model)
{
	struct numbers_changed *of;

	for (unsigned i = 0; i < t->numbers_n; i++)
		if (numbers_is_of(&t->env->numbers->of[i], place, kind, model))
			return &t->env->numbers->of[i];
	numbers_make_room(t);
	of = &t->env->numbers->of[t->numbers_n++];
	*of = (struct numbers_changed){
	    .place = *place, .kind = kind, .model_len = (uint16_t)model.len};
	must(slice_copy(model, of->model, sizeof(of->model)));
	return of;
}

/* Adds a share, or subtracts it. */
static void
numbers_add(struct txn *t, const struct id *org, const struct id *widget,
    enum numbers_kind kind, const struct numbers_share *share, int sign)
{
	const struct numbers_place place = {*org, *widget, share->agent, share->hour};
	struct numbers_changed *changed = numbers_find(t, &place, kind, share->model);

	for (unsigned i = 0; i < share->n; i++)
		changed->by[share->of[i].count] += sign * (int64_t)share->of[i].by;
	txn_before_commit(t, numbers_write);
	t->changes++;
}

static void
numbers_move(struct txn *t, const struct id *org, const struct id *widget,
    const struct numbers_share *share)
{
	numbers_add(t, org, widget, NUMBERS_COUNTED, share, -1);
	numbers_add(t, org, widget, NUMBERS_KEPT, share, 1);
}

void
numbers_change_message(struct txn *t, const struct id *org, const struct id *widget,
    uint64_t seq, const struct msg_message_record *before, const struct msg_message_record *now)
{
	struct numbers_share share;

	if (before != NULL) {
		numbers_share_of_message(seq, before, &share);
		numbers_add(t, org, widget, NUMBERS_COUNTED, &share, -1);
	}
	if (now != NULL) {
		numbers_share_of_message(seq, now, &share);
		numbers_add(t, org, widget, NUMBERS_COUNTED, &share, 1);
	}
}

void
numbers_change_conversation(struct txn *t, const struct msg_conversation_record *before,
    const struct msg_conversation_record *now)
{
	struct numbers_share then, share;

	numbers_share_of_conversation(now, &share);
	if (before != NULL) {
		numbers_share_of_conversation(before, &then);
		if (then.hour == share.hour)
			return;
		numbers_add(t, &now->org, &now->widget, NUMBERS_COUNTED, &then, -1);
	}
	numbers_add(t, &now->org, &now->widget, NUMBERS_COUNTED, &share, 1);
}

void
numbers_keep_message(struct txn *t, const struct id *org, const struct id *widget, uint64_t seq,
    const struct msg_message_record *message)
{
	struct numbers_share share;

	numbers_share_of_message(seq, message, &share);
	numbers_move(t, org, widget, &share);
}

void
numbers_keep_conversation(struct txn *t, const struct msg_conversation_record *conversation)
{
	struct numbers_share share;

	numbers_share_of_conversation(conversation, &share);
	numbers_move(t, &conversation->org, &conversation->widget, &share);
}

void
numbers_add_handover(
    struct txn *t, const struct id *org, const struct id *widget, const struct id *agent)
{
	const struct id none = {{0}};
	const struct numbers_share share = {
	    .agent = agent == NULL ? none : *agent,
	    .hour = (uint32_t)(clock_wall_ms() / CLOCK_HOUR_MS),
	    .n = 1,
	    .of = {{COUNT_HANDOVERS, 1}},
	};

	numbers_add(t, org, widget, NUMBERS_KEPT, &share, 1);
}
