/*
 * Listeners that join a running turn later: those of this worker, and other workers, which follow it
 * through storaged. And stopping it.
 *
 * At the end of a loop iteration its new text is published as one piece, and the rest before the reply
 * is stored. While the connection to storaged is full nothing is published; the text is kept here, so
 * the next piece contains it.
 */
#include "workerd/turn/turn_internal.h"

struct turn *
turn_find(const struct turns *turns, const struct id *message)
{
	struct turn *t =
	    (struct turn *)reply_listeners_index_find(turns->running_by_id, message);

	return t == NULL || t->state == TURN_OVER ? NULL : t;
}

void
turn_stop_here(struct turn *t)
{
	if (t->state == TURN_BEGINNING)
		t->stop_requested = true;
	if (!turn_is_producing(t))
		return;
	turn_cancel_calls(t);
	t->reply.status = MESSAGE_STOPPED;
	turn_finish(t);
}

void
turn_live_stop(struct turns *turns, const struct id *message)
{
	struct turn *t = turn_find(turns, message);

	if (t != NULL)
		turn_stop_here(t);
}

/* The conversation may have been deleted: the answer to the claim tells. */
void
turn_live_end(struct turns *turns, const struct id *message)
{
	struct turn *t = turn_find(turns, message);

	if (t != NULL)
		turn_claim(t);
}

void
turn_add_listener(struct turn *t, struct turn_listener *l)
{
	bool stop = l->end_only;

	t->unheard_since_ms = 0;
	reply_listeners_add(&t->listeners, l, true);
	if (stop)
		turn_stop_here(t);
	/* Earlier listeners got the failure when storaged did not store the reply. */
	if (t->state == TURN_STORE_RETRY)
		turn_report_end(t);
}

/* Rounds a position down to the start of a character: it may come from another run's text, and storaged
 * accepts only whole characters. */
static size_t
turn_character_start(struct slice text, size_t at)
{
	/* Each byte of a character after its first is 10xxxxxx (RFC 3629, section 3). */
	while (at > 0 && at < text.len && (text.p[at] & 0xc0) == 0x80)
		at--;
	return at;
}

void
turn_live_wanted(struct turns *turns, const struct msg_live_wanted *from)
{
	struct turn *t = turn_find(turns, &from->turn);
	struct slice text;

	if (t == NULL)
		return;
	text = buf_slice(&t->listeners.text);
	if (!t->followed) {
		LIST_INSERT_HEAD(&turns->followed, t, followed_link);
		t->published = text.len;
	}
	if (from->from < t->published)
		t->published = turn_character_start(text, from->from);
	t->followed = t->publish_pending = true;
	t->published_marks = 0;
	t->unheard_since_ms = 0;
}

void
turn_unfollow(struct turn *t)
{
	if (t->followed)
		LIST_REMOVE(t, followed_link);
	t->followed = t->publish_pending = false;
}

void
turn_live_unwanted(struct turns *turns, const struct id *message)
{
	struct turn *t = turn_find(turns, message);

	if (t != NULL)
		turn_unfollow(t);
}

/* Tells followers that the complete reply is not stored. 0, or -1 as store_send(). */
static int
turn_publish_unsaved(const struct turn *t)
{
	struct msg_live_unsaved unsaved = {
	    .turn = t->listeners.ids.message, .full = t->failure == TURN_STORE_FULL};

	if (t->state != TURN_STORE_RETRY)
		return 0;
	return store_send(t->turns->store, MSG_LIVE_UNSAVED, &unsaved);
}

void
turn_publish(struct turn *t)
{
	struct slice text = buf_slice(&t->listeners.text);
	struct msg_live_publish piece = {
	    .turn = t->listeners.ids.message,
	    .offset = (uint32_t)t->published,
	    .text = {text.p + t->published, text.len - t->published},
	};

	const size_t marks = reply_listeners_n_marks(&t->listeners);
	struct buf cited;
	int rc;

	if (!t->followed ||
	    (piece.text.len == 0 && marks == t->published_marks && !t->publish_pending))
		return;
	/* Followers receive the whole text with the stored reply. */
	if (t->state == TURN_STORING)
		return;
	buf_init(&cited, WIRE_FRAME_MAX);
	if (marks > t->published_marks)
		reply_listeners_write_sources(&t->listeners, text.len, &cited);
	piece.sources = buf_slice(&cited);
	rc = store_send(t->turns->store, MSG_LIVE_PUBLISH, &piece);
	buf_clear(&cited);
	if (rc == -1)
		return;
	t->published = text.len;
	t->published_marks = marks;
	t->publish_pending = turn_publish_unsaved(t) == -1;
}
