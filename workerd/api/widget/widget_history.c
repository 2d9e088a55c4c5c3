/*
 * What was said before: asked of the store when a visitor comes back, and again whenever the store may
 * have told something that did not reach us. A look waits for its turn among the replies
 * (widget_replies.c), so that nothing is under way when it is taken, and what it finds is told in its
 * order.
 *
 * Messages have places in their conversation. All below `settled` are told for good: a look begins there
 * and reads page after page to the end. What has been told at or behind it is in `told`, by its id; what
 * will not change is settled by the look that meets it, and forgotten.
 *
 * When the conversation is deleted, the client is told what there is instead as it was told its first
 * history: a frame that takes the place of all before it.
 *
 * The room follows before the store is asked. So a message that is told of while the answer is on its
 * way may or may not be in it: then another look is queued.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "workerd/api/widget/widget_socket.h"

/* The newest messages that a client gets as its history, and those that later looks read at a time. */
#define HISTORY_MESSAGES 200
#define PAGE_MESSAGES    64

/* So much told, and a look is due that settles most of it. */
#define TOLD_MANY (2 * PAGE_MESSAGES)

/* -- what the client was told --------------------------------------------------------------- */

static void
told_clear(struct told_list *list)
{
	free(list->of);
	*list = (struct told_list){0};
}

static struct told *
told_find(const struct told_list *list, const struct id *message)
{
	for (size_t i = 0; i < list->n; i++)
		if (id_equal(&list->of[i].message, message))
			return &list->of[i];
	return NULL;
}

static void
told_put(struct told_list *list, const struct id *message, bool broken)
{
	struct told *told = told_find(list, message);

	if (told == NULL) {
		if (list->of == NULL || list->n == list->cap) {
			list->cap = list->cap == 0 ? 8 : 2 * list->cap;
			list->of = xreallocarray(list->of, list->cap, sizeof(*list->of));
		}
		told = &list->of[list->n++];
	}
	*told = (struct told){*message, broken};
}

bool
past_knows(const struct widget_socket *s, const struct id *message)
{
	return told_find(&s->past.told, message) != NULL;
}

void
past_learn(struct widget_socket *s, const struct id *message, bool broken)
{
	told_put(&s->past.told, message, broken);
}

bool
past_is_long(const struct widget_socket *s)
{
	return s->past.told.n >= TOLD_MANY;
}

void
past_end(struct widget_socket *s)
{
	if (s->past.call != NULL)
		store_call_forget(s->past.call);
	s->past.call = NULL;
	told_clear(&s->past.told);
	told_clear(&s->past.seen);
}

/* -- what a page says ------------------------------------------------------------------------ */

/* What is not told yet, or has come to a better end since. */
static bool
is_news(const struct past *p, const struct msg_message_record *r)
{
	const struct told *told = told_find(&p->told, &r->id);

	return told == NULL || (told->broken && r->status != MESSAGE_INTERRUPTED);
}

/* A reply is framed as one that was heard. Of one without a word nothing is said: the frame alone would
 * end what the visitor waits for. */
static void
say_news(struct widget_socket *s, const struct msg_message_record *r)
{
	bool is_reply = r->role == MESSAGE_ASSISTANT;

	if (r->text.len == 0)
		return;
	s->replays = true;
	if (is_reply)
		say_type(s, "typing_start");
	say_message(s, r->role, r->text, &r->id, r->status);
	if (is_reply)
		say_type(s, "typing_stop");
	s->replays = false;
}

static void
tell(struct widget_socket *s, const struct msg_message_record *r)
{
	if (s->past_told && is_news(&s->past, r))
		say_news(s, r);
	told_put(&s->past.seen, &r->id, r->status == MESSAGE_INTERRUPTED);
}

/* Notes whether something before or at this message may still change: a question without its reply, or a
 * reply that may be begun anew. */
static void
note_ends(struct past *p, const struct msg_message_record *r)
{
	bool asks = r->role == MESSAGE_USER;

	p->gap |= asks && p->asked;
	p->asked = asks;
	p->broken |= r->status == MESSAGE_INTERRUPTED;
}

/* Whether the page, and all before it, is as it will stay. While no reply is being written no question
 * will get one; and who has gone on for pages lets a reply that broke off be. */
static bool
is_settled(const struct past *p, const struct id *active, bool is_last)
{
	bool awaited = (p->gap || p->asked) && !id_is_zero(active);

	return !awaited && !(p->broken && is_last);
}

static void
take_messages(struct widget_socket *s, const struct msg_message_page *page)
{
	struct slice list = page->messages, item;
	struct past *p = &s->past;
	struct msg_message_record r;

	p->broken = false;
	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
		note_ends(p, &r);
		/* What a run before has left of it; it is heard from its beginning. */
		if (!id_equal(&r.id, &page->active))
			tell(s, &r);
	}
}

static void
settle(struct past *p, uint64_t place)
{
	p->settled = place;
	p->gap = false;
	p->seen.n = 0;
}

/* -- asking --------------------------------------------------------------------------------- */

static void ask_page(struct widget_socket *s, uint64_t from);
static void ask_conversation(struct widget_socket *s);

static const struct id no_reply;

static void
ask_store(struct widget_socket *s, enum msg_type type, const void *msg, store_answer_fn *fn)
{
	s->past.call = store_call(s->api->store, type, msg, STORE_TIMEOUT_MS, fn, s);
	if (s->past.call == NULL)
		socket_give_up(s);
}

/* What the client was told is no more: the next look tells what there is, as to one who has just come. */
static void
forget(struct widget_socket *s)
{
	struct past *p = &s->past;

	told_clear(&p->told);
	settle(p, 0);
	p->conversation = (struct id){0};
	p->erased = p->asked = p->broken = false;
	s->past_told = false;
}

/* The store has told all. */
static void
finish(struct widget_socket *s, const struct id *active)
{
	struct past *p = &s->past;
	bool open = p->gap || p->broken;

	told_clear(&p->told);
	p->told = p->seen;
	p->seen = (struct told_list){0};
	s->past_told = true;
	heard_looked(s, active, open);
}

static struct msg_conversation_record
conversation_of(const struct msg_message_page *page)
{
	struct msg_conversation_record r;

	must(record_decode(page->conversation, MSG_CONVERSATION_RECORD, &r) == WIRE_OK);
	return r;
}

/* The visitor's first history: all of it at once. */
static void
take_history(struct widget_socket *s, const struct msg_message_page *page)
{
	const struct msg_conversation_record conversation = conversation_of(page);
	struct past *p = &s->past;

	say_history(s, page->messages, &page->active);
	take_messages(s, page);
	p->conversation = conversation.id;
	if (is_settled(p, &page->active, true))
		settle(p, conversation.next_seq);
	else
		p->settled = page->next; /* backwards: the first that was told */
	finish(s, &page->active);
}

static void
take_nothing(struct widget_socket *s)
{
	if (!s->past_told)
		say_history(s, (struct slice){0}, &no_reply);
	finish(s, &no_reply);
}

static void
take_page(struct widget_socket *s, const struct msg_message_page *page)
{
	struct past *p = &s->past;
	bool is_last = page->next == 0;

	take_messages(s, page);
	if (is_settled(p, &page->active, is_last))
		settle(p, is_last ? conversation_of(page).next_seq : page->next);
	if (is_last)
		finish(s, &page->active);
	else
		ask_page(s, page->next);
}

static void
on_page(void *arg, uint16_t type, const union msg *m)
{
	struct widget_socket *s = arg;

	s->past.call = NULL;
	if (type == MSG_MESSAGE_PAGE) {
		take_page(s, &m->message_page);
	} else if (store_refused(type, m, STORE_NOT_FOUND)) {
		/* It was deleted; the visitor may have begun another. */
		forget(s);
		ask_conversation(s);
	} else {
		socket_give_up(s);
	}
}

static void
on_conversation(void *arg, uint16_t type, const union msg *m)
{
	struct widget_socket *s = arg;

	s->past.call = NULL;
	if (store_refused(type, m, STORE_NOT_FOUND)) {
		take_nothing(s);
	} else if (type != MSG_MESSAGE_PAGE) {
		socket_give_up(s);
	} else if (!s->past_told) {
		take_history(s, &m->message_page);
	} else {
		s->past.conversation = conversation_of(&m->message_page).id;
		ask_page(s, s->past.settled);
	}
}

static void
ask_page(struct widget_socket *s, uint64_t from)
{
	const struct msg_message_list ask = {
	    .org = s->org,
	    .conversation = s->past.conversation,
	    .from = from,
	    .limit = PAGE_MESSAGES,
	};

	ask_store(s, MSG_MESSAGE_LIST, &ask, on_page);
}

/* Which conversation is the visitor's; the first time, with what was said in it. */
static void
ask_conversation(struct widget_socket *s)
{
	const struct msg_session_history ask = {
	    .org = s->org,
	    .widget = s->widget,
	    .session = socket_session(s),
	    .limit = s->past_told ? 1 : HISTORY_MESSAGES,
	};

	ask_store(s, MSG_SESSION_HISTORY, &ask, on_conversation);
}

void
past_look(struct widget_socket *s)
{
	struct past *p = &s->past;

	if (p->call != NULL)
		return;
	if (p->erased)
		forget(s);
	p->gap = p->asked = p->broken = false;
	p->seen.n = 0;
	if (id_is_zero(&p->conversation))
		ask_conversation(s);
	else
		ask_page(s, p->settled);
}
