/*
 * Who comes later to a turn that runs here: listeners of this worker, other workers that follow it by
 * way of the store, and whoever stops it.
 *
 * What came in a loop turn is published at its end as one piece; before the reply is finished all of
 * it is. While the line to the store is full nothing is, and it is made up later: the text is here.
 */
#include "workerd/turn/turn_internal.h"

struct turn *
turn_find(const struct chat *chat, const struct id *message)
{
	struct turn *t = (struct turn *)audiences_find(chat->turns_by_id, message);

	return t == NULL || t->state == TURN_OVER ? NULL : t;
}

/* -- stopping ---------------------------------------------------------------------------- */

void
turn_halt(struct turn *t)
{
	if (t->state == TURN_BEGINNING)
		t->stop = true;
	if (t->state < TURN_LOADING || t->state > TURN_STREAMING)
		return;
	turn_give_up_calls(t);
	t->reply.status = MESSAGE_STOPPED;
	turn_finish(t);
}

void
turn_live_stop(struct chat *chat, const struct id *message)
{
	struct turn *t = turn_find(chat, message);

	if (t != NULL)
		turn_halt(t);
}

/* It may have been erased. A piece that is on its way comes to the store after that, and learns it too. */
void
turn_live_end(struct chat *chat, const struct id *message)
{
	struct turn *t = turn_find(chat, message);

	if (t != NULL)
		turn_claim(t);
}

/* -- listeners here ---------------------------------------------------------------------- */

void
turn_admit(struct turn *t, struct turn_listener *l)
{
	bool stop = l->quiet;

	audience_add(&t->audience, l, true);
	if (stop)
		turn_halt(t);
	/* The others were told when the store did not take the reply. */
	if (t->state == TURN_SAVING)
		turn_tell(t);
}

/* -- followers elsewhere ----------------------------------------------------------------- */

/* The place in the text, or before it, where a character begins: who asks may know another run's
 * text, and the store takes no half a character for text. */
static size_t
character_at(struct slice text, size_t place)
{
	/* Every byte of a character but its first is 10xxxxxx (RFC 3629, section 3). */
	while (place > 0 && place < text.len && (text.p[place] & 0xc0) == 0x80)
		place--;
	return place;
}

void
turn_live_wanted(struct chat *chat, const struct msg_live_wanted *from)
{
	struct turn *t = turn_find(chat, &from->turn);
	struct slice text;

	if (t == NULL)
		return;
	text = buf_slice(&t->audience.text);
	if (!t->wanted) {
		LIST_INSERT_HEAD(&chat->wanted, t, wanted_link);
		t->published = text.len;
	}
	if (from->from < t->published)
		t->published = character_at(text, from->from);
	t->wanted = t->greets = true;
}

void
turn_unwanted(struct turn *t)
{
	if (t->wanted)
		LIST_REMOVE(t, wanted_link);
	t->wanted = t->greets = false;
}

void
turn_live_unwanted(struct chat *chat, const struct id *message)
{
	struct turn *t = turn_find(chat, message);

	if (t != NULL)
		turn_unwanted(t);
}

/* Tells those who follow it elsewhere that its end is not stored, if so. 0, or -1 as store_send(). */
static int
publish_unsaved(const struct turn *t)
{
	struct msg_live_unsaved unsaved = {
	    .turn = t->audience.ids.message, .full = t->failure == TURN_STORE_FULL};

	if (t->state != TURN_SAVING)
		return 0;
	return store_send(t->chat->store, MSG_LIVE_UNSAVED, &unsaved);
}

void
turn_publish(struct turn *t)
{
	struct slice text = buf_slice(&t->audience.text);
	struct msg_live_publish piece = {
	    .turn = t->audience.ids.message,
	    .offset = (uint32_t)t->published,
	    .text = {text.p + t->published, text.len - t->published},
	};

	if (!t->wanted || (piece.text.len == 0 && !t->greets))
		return;
	/* Its whole text is on its way: those who follow it get that. */
	if (t->state == TURN_FINISHING)
		return;
	if (store_send(t->chat->store, MSG_LIVE_PUBLISH, &piece) == -1)
		return;
	t->published = text.len;
	t->greets = publish_unsaved(t) == -1;
}
