/*
 * Calling listeners. While all of them are called in a loop, any may leave: now and next stand in
 * the audience, where a leave finds them.
 */
#include "workerd/turn/listeners.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/turn/resume.h"

/* One for each reply that a busy worker writes. */
#define BUCKETS 4096

struct audiences {
	LIST_HEAD(audience_bucket, audience) buckets[BUCKETS];
};

/* -- listeners --------------------------------------------------------------------------- */

struct turn_listener *
listener_new(const struct turn_sink *sink, void *arg)
{
	struct turn_listener *l = xcalloc(1, sizeof(*l));

	l->sink = sink;
	l->arg = arg;
	return l;
}

void
listener_free(struct turn_listener *l)
{
	if (l->deadline != NULL)
		event_free(l->deadline);
	free(l->stops);
	free(l);
}

static void
audience_remove(struct audience *a, struct turn_listener *l)
{
	if (a->now == l)
		a->now = NULL;
	if (a->next == l)
		a->next = LIST_NEXT(l, link);
	LIST_REMOVE(l, link);
	l->audience = NULL;
}

/* Out of wherever it is. The audience, which may be gone after that, is told by the caller. */
static struct audience *
listener_withdraw(struct turn_listener *l)
{
	struct audience *a = l->audience;

	if (l->join != NULL)
		join_give_up(l->join);
	if (a != NULL)
		audience_remove(a, l);
	return a;
}

static void
audience_was_left(struct audience *a)
{
	if (a != NULL && !a->calling && a->deserted != NULL && LIST_EMPTY(&a->listeners))
		a->deserted(a);
}

/* -- leaving ----------------------------------------------------------------------------- */

static void
unheard_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	(void)arg;
	(void)ids;
	(void)reply;
}

static void
unheard_error(void *arg, enum turn_failure failure, unsigned retry_after_ms)
{
	(void)arg;
	(void)failure;
	(void)retry_after_ms;
}

/* A stop whose reply is still looked for goes on by itself: whoever presses the button and closes the
 * page means it. It ends like one that is waited for, at its deadline at the latest. */
static const struct turn_sink unheard_stop = {.done = unheard_done, .error = unheard_error};

void
turn_leave(struct turn_listener *l)
{
	struct audience *a;

	if (l->quiet && l->join != NULL) {
		l->sink = &unheard_stop;
		return;
	}
	a = listener_withdraw(l);
	listener_free(l);
	audience_was_left(a);
}

void
listener_fail(struct turn_listener *l, enum turn_failure failure)
{
	struct audience *a = listener_withdraw(l);
	const struct turn_sink *sink = l->sink;
	void *arg = l->arg;

	listener_free(l);
	audience_was_left(a);
	sink->error(arg, failure, 0);
}

/* -- calling them ------------------------------------------------------------------------ */

/* Tells one where its text begins, and what there is of it. */
static void
start(struct audience *a, struct turn_listener *l)
{
	struct slice text = buf_slice(&a->text);
	size_t after = a->anew ? 0 : l->after;
	size_t position, offset = utf8_utf16_offset(text, after, &position);

	l->started = true;
	a->now = l;
	l->sink->start(l->arg, &a->ids, position);
	if (a->now == l && offset < text.len)
		l->sink->token(l->arg, (struct slice){text.p + offset, text.len - offset});
	a->now = NULL;
}

void
audience_begin(struct audience *a)
{
	struct turn_listener *l;

	a->begun = true;
	a->calling = true;
	for (l = LIST_FIRST(&a->listeners); l != NULL; l = a->next) {
		a->next = LIST_NEXT(l, link);
		if (!l->started && !l->quiet)
			start(a, l);
	}
	a->calling = false;
}

void
audience_add(struct audience *a, struct turn_listener *l, bool now)
{
	l->audience = a;
	LIST_INSERT_HEAD(&a->listeners, l, link);
	if (l->quiet || (!now && !a->begun))
		return;
	a->calling = true;
	start(a, l);
	a->calling = false;
}

int
audience_text(struct audience *a, struct slice text)
{
	struct turn_listener *l;

	if (buf_append(&a->text, text.p, text.len) == -1)
		return -1;
	a->calling = true;
	for (l = LIST_FIRST(&a->listeners); l != NULL; l = a->next) {
		a->next = LIST_NEXT(l, link);
		if (l->started)
			l->sink->token(l->arg, text);
	}
	a->calling = false;
	return 0;
}

struct turn_listener *
audience_take(struct audience *a)
{
	struct turn_listener *l = LIST_FIRST(&a->listeners);

	if (l != NULL)
		audience_remove(a, l);
	return l;
}

/* One who wants the reply stopped, or NULL. */
static struct turn_listener *
find_stop(const struct audience *a)
{
	struct turn_listener *l;

	LIST_FOREACH (l, &a->listeners, link)
		if (l->stops != NULL)
			return l;
	return NULL;
}

void
audience_send_stops(struct audience *a, struct chat *chat)
{
	struct turn_listener *l;

	a->calling = true;
	while ((l = find_stop(a)) != NULL) {
		audience_remove(a, l);
		join_again(chat, l);
	}
	a->calling = false;
}

/* Takes one out to be told its last: false when there is none. */
static bool
dismiss(struct audience *a, const struct turn_sink **sink, void **arg)
{
	struct turn_listener *l = audience_take(a);

	if (l == NULL)
		return false;
	*sink = l->sink;
	*arg = l->arg;
	listener_free(l);
	return true;
}

void
audience_done(struct audience *a, const struct turn_reply *reply)
{
	const struct turn_sink *sink;
	void *arg;

	a->calling = true;
	while (dismiss(a, &sink, &arg))
		sink->done(arg, &a->ids, reply);
	a->calling = false;
}

void
audience_fail(struct audience *a, enum turn_failure failure, unsigned retry_after_ms)
{
	const struct turn_sink *sink;
	void *arg;

	a->calling = true;
	while (dismiss(a, &sink, &arg))
		sink->error(arg, failure, retry_after_ms);
	a->calling = false;
}

/* Whether a text is what was heard here: one goes on where the other ends. The store's may be the
 * shorter, without what a broken line or the trimming took from the end. */
static bool
is_heard_here(const struct audience *a, struct slice stored)
{
	struct slice ours = buf_slice(&a->text);
	size_t both = stored.len < ours.len ? stored.len : ours.len;

	return both == 0 || memcmp(stored.p, ours.p, both) == 0;
}

/* The reply was begun anew, and what was heard here is void: who heard it is told that it broke off. */
static void
forget_text(struct audience *a)
{
	struct turn_listener *l;

	a->calling = true;
	for (l = LIST_FIRST(&a->listeners); l != NULL; l = a->next) {
		const struct turn_sink *sink = l->sink;
		void *arg = l->arg;

		a->next = LIST_NEXT(l, link);
		if (!l->started)
			continue;
		audience_remove(a, l);
		listener_free(l);
		sink->error(arg, TURN_INTERRUPTED, 0);
	}
	a->calling = false;
	buf_reset(&a->text);
}

/* Adds what the store has beyond our text. */
static void
complete(struct audience *a, struct slice stored)
{
	size_t have = buf_len(&a->text);

	if (stored.len > have)
		must(audience_text(a, (struct slice){stored.p + have, stored.len - have}) == 0);
}

void
audience_close(struct audience *a, const struct msg_turn_state *state)
{
	struct turn_reply reply = {
	    .text = state->text,
	    .status = (enum message_status)state->status,
	    .prompt_tokens = state->prompt_tokens,
	    .completion_tokens = state->completion_tokens,
	};

	if (!is_heard_here(a, state->text))
		forget_text(a);
	complete(a, state->text);
	audience_begin(a);
	if (state->status >= MESSAGE_INTERRUPTED)
		audience_fail(a, TURN_INTERRUPTED, 0);
	else
		audience_done(a, &reply);
}

/* -- the audience ------------------------------------------------------------------------ */

void
audience_init(struct audience *a, void (*deserted)(struct audience *))
{
	*a = (struct audience){.deserted = deserted};
	LIST_INIT(&a->listeners);
	buf_init(&a->text, TURN_REPLY_MAX);
}

void
audience_clear(struct audience *a)
{
	struct turn_listener *l;

	while ((l = LIST_FIRST(&a->listeners)) != NULL) {
		audience_remove(a, l);
		listener_free(l);
	}
	buf_clear(&a->text);
}

bool
audience_is_empty(const struct audience *a)
{
	return LIST_EMPTY(&a->listeners);
}

bool
audience_hears(const struct audience *a)
{
	const struct turn_listener *l;

	LIST_FOREACH (l, &a->listeners, link)
		if (l->started)
			return true;
	return false;
}

/* -- many of them ------------------------------------------------------------------------ */

/* The last bytes of a UUIDv7 are random (RFC 9562, section 5.7). */
static size_t
bucket_of(const struct id *message)
{
	return ((size_t)message->b[14] << 8 | message->b[15]) % BUCKETS;
}

struct audiences *
audiences_new(void)
{
	return xcalloc(1, sizeof(struct audiences));
}

void
audiences_free(struct audiences *all)
{
	if (all == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		must(LIST_EMPTY(&all->buckets[i]));
	free(all);
}

void
audiences_add(struct audiences *all, struct audience *a)
{
	LIST_INSERT_HEAD(&all->buckets[bucket_of(&a->ids.message)], a, bucket);
}

void
audiences_remove(struct audience *a)
{
	LIST_REMOVE(a, bucket);
}

struct audience *
audiences_find(const struct audiences *all, const struct id *message)
{
	struct audience *a;

	LIST_FOREACH (a, &all->buckets[bucket_of(message)], bucket)
		if (id_equal(&a->ids.message, message))
			return a;
	return NULL;
}
