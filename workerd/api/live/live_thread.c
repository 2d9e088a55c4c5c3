#include "workerd/api/live/live_thread.h"

#include <stdlib.h>

#include "proto/base/basics.h"

static void
live_thread_clear_list(struct live_sent_list *list)
{
	free(list->items);
	*list = (struct live_sent_list){0};
}

struct live_sent *
live_sent_find(const struct live_sent_list *list, const struct id *message)
{
	for (size_t i = 0; i < list->n; i++)
		if (id_equal(&list->items[i].message, message))
			return &list->items[i];
	return NULL;
}

static void
live_thread_put(struct live_sent_list *list, const struct id *message, bool interrupted)
{
	struct live_sent *sent = live_sent_find(list, message);

	if (sent == NULL) {
		if (list->items == NULL || list->n == list->cap) {
			list->cap = list->cap == 0 ? 8 : 2 * list->cap;
			list->items =
			    xreallocarray(list->items, list->cap, sizeof(*list->items));
		}
		sent = &list->items[list->n++];
	}
	*sent = (struct live_sent){*message, interrupted};
}

void
live_thread_clear(struct live_thread *t)
{
	live_thread_clear_list(&t->sent);
	live_thread_clear_list(&t->seen);
}

bool
live_thread_has(const struct live_thread *t, const struct id *message)
{
	return live_sent_find(&t->sent, message) != NULL;
}

void
live_thread_add(struct live_thread *t, const struct id *message, bool interrupted)
{
	live_thread_put(&t->sent, message, interrupted);
}

static bool
live_thread_is_new(const struct live_thread *t, const struct msg_message_record *r)
{
	const struct live_sent *sent = live_sent_find(&t->sent, &r->id);

	return sent == NULL || (sent->interrupted && r->status != MESSAGE_INTERRUPTED);
}

uint64_t
live_thread_first(const struct live_thread *t)
{
	return t->settled == 0 ? 1 : t->settled;
}

static void
live_thread_settle(struct live_thread *t, uint64_t position)
{
	t->settled = position;
	t->gap = false;
	t->seen.n = 0;
}

void
live_thread_reset(struct live_thread *t)
{
	live_thread_clear_list(&t->sent);
	live_thread_settle(t, 0);
	t->conversation = (struct id){0};
	t->asked = t->interrupted = false;
}

void
live_thread_begin(struct live_thread *t)
{
	t->gap = t->asked = t->interrupted = false;
	t->seen.n = 0;
}

void
live_thread_begin_page(struct live_thread *t)
{
	t->interrupted = false;
}

void
live_thread_note(struct live_thread *t, const struct msg_message_record *r)
{
	bool asks = r->role == MESSAGE_USER && r->status != MESSAGE_HANDED;
	bool broke_off = r->status == MESSAGE_INTERRUPTED;

	t->gap |= asks && t->asked;
	t->asked = asks;
	t->interrupted = broke_off || (t->interrupted && !t->waits_for_newest);
}

bool
live_thread_take(struct live_thread *t, const struct msg_message_record *r)
{
	bool is_new = live_thread_is_new(t, r);

	live_thread_put(&t->seen, &r->id, r->status == MESSAGE_INTERRUPTED);
	return is_new;
}

/* Unanswered questions stay so unless a reply is being written. */
static bool
live_thread_may_change(
    const struct live_thread *t, const struct msg_message_page *page, bool is_last)
{
	bool awaited = (t->gap || t->asked) && !id_is_zero(&page->active);

	return awaited || (t->interrupted && is_last);
}

void
live_thread_end_page(
    struct live_thread *t, const struct msg_message_page *page, uint64_t next_seq, bool newest)
{
	bool is_last = newest || page->next == 0;

	if (!live_thread_may_change(t, page, is_last))
		live_thread_settle(t, is_last ? next_seq : page->next);
	else if (newest)
		t->settled = page->next; /* the position of its first message */
}

bool
live_thread_finish(struct live_thread *t)
{
	live_thread_clear_list(&t->sent);
	t->sent = t->seen;
	t->seen = (struct live_sent_list){0};
	return t->gap || t->interrupted;
}
