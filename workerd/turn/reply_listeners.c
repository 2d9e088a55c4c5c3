/*
 * While all listeners are called in a loop, any of them may leave, and a callback may add one or begin another loop. So
 * each loop has its position in a walk of its own; a removal updates all walks that are under way.
 */
#include "workerd/turn/reply_listeners.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

#define REPLY_LISTENERS_BUCKETS 4096 /* about one for each open reply of a busy worker */

struct reply_listeners_index {
	LIST_HEAD(reply_listeners_bucket, reply_listeners) buckets[REPLY_LISTENERS_BUCKETS];
};

/* One loop over the listeners. It lies on the stack of the function that loops. */
struct reply_walk {
	struct reply_walk *outer; /* the loop whose callback began this one; NULL: none */
	/* The listener that is being called and the one after it. NULL: there is none, or it has left. */
	struct turn_listener *current, *next;
};

static void
reply_walk_begin(struct reply_listeners *ls, struct reply_walk *w)
{
	*w = (struct reply_walk){.outer = ls->walk, .next = LIST_FIRST(&ls->list)};
	ls->walk = w;
}

/* Goes to the next listener. NULL, and the end of the walk, behind the last one. */
static struct turn_listener *
reply_walk_next(struct reply_listeners *ls, struct reply_walk *w)
{
	w->current = w->next;
	if (w->current == NULL)
		ls->walk = w->outer;
	else
		w->next = LIST_NEXT(w->current, link);
	return w->current;
}

static void
reply_walk_end(struct reply_listeners *ls, const struct reply_walk *w)
{
	must(ls->walk == w);
	ls->walk = w->outer;
}

struct turn_listener *
reply_listener_new(const struct turn_sink *sink, void *arg)
{
	struct turn_listener *l = xcalloc(1, sizeof(*l));

	l->sink = sink;
	l->arg = arg;
	return l;
}

void
reply_listener_free(struct turn_listener *l)
{
	if (l->stop_deadline != NULL)
		event_free(l->stop_deadline);
	free(l->stop_ref);
	free(l);
}

static void
reply_listeners_remove(struct reply_listeners *ls, struct turn_listener *l)
{
	for (struct reply_walk *w = ls->walk; w != NULL; w = w->outer) {
		if (w->current == l)
			w->current = NULL;
		if (w->next == l)
			w->next = LIST_NEXT(l, link);
	}
	LIST_REMOVE(l, link);
	l->listeners = NULL;
}

/* Removes a listener from its lookup or list. Returns the list, for reply_listeners_check_empty() after the
 * listener is freed. */
static struct reply_listeners *
reply_listener_withdraw(struct turn_listener *l)
{
	struct reply_listeners *ls = l->listeners;

	if (l->cancel_lookup != NULL)
		l->cancel_lookup(l->lookup);
	if (ls != NULL)
		reply_listeners_remove(ls, l);
	return ls;
}

/* May free the object that ls is embedded in. */
static void
reply_listeners_check_empty(struct reply_listeners *ls)
{
	if (ls != NULL && ls->walk == NULL && ls->on_empty != NULL && LIST_EMPTY(&ls->list))
		ls->on_empty(ls);
}

static void
reply_listener_ignore_done(
    void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	(void)arg;
	(void)ids;
	(void)reply;
}

static void
reply_listener_ignore_error(void *arg, const struct turn_error *error)
{
	(void)arg;
	(void)error;
}

/* A visitor who clicks stop and closes the page wants the reply stopped, so a stop whose reply is still
 * looked up continues. It ends like any other, at its deadline at the latest. */
void
reply_listener_leave(struct turn_listener *l)
{
	static const struct turn_sink ignore = {
	    .done = reply_listener_ignore_done, .error = reply_listener_ignore_error};
	struct reply_listeners *ls;

	if (l->end_only && l->cancel_lookup != NULL) {
		l->sink = &ignore;
		return;
	}
	ls = reply_listener_withdraw(l);
	reply_listener_free(l);
	reply_listeners_check_empty(ls);
}

void
reply_listener_fail(struct turn_listener *l, enum turn_failure failure)
{
	struct reply_listeners *ls = reply_listener_withdraw(l);
	const struct turn_sink *sink = l->sink;
	void *arg = l->arg;

	reply_listener_free(l);
	reply_listeners_check_empty(ls);
	sink->error(arg, &(struct turn_error){.failure = failure});
}

/* Sends a listener a mark. */
static void
reply_listeners_send_mark(
    struct reply_listeners *ls, struct turn_listener *l, const struct source_mark *mark)
{
	const struct source_view view = citations_cited(ls->sources, mark->n);
	const struct slice before = {buf_data(&ls->text), mark->at};
	const struct turn_source source = {.n = view.n,
	    .title = view.title,
	    .url = view.url,
	    .position = utf8_utf16_len(before)};

	if (view.n != 0)
		l->sink->source(l->arg, &source);
}

/* Whether a mark is in the text that is here. */
static bool
reply_listeners_has_place(const struct reply_listeners *ls, const struct source_mark *mark)
{
	return mark->at <= buf_len(&ls->text);
}

/* Sends a listener that starts the marks from a byte of the text on. */
static void
reply_listeners_send_marks(
    struct reply_listeners *ls, const struct reply_walk *w, size_t offset)
{
	for (size_t i = 0; i < ls->n_cited && w->current != NULL; i++) {
		const struct source_mark mark = citations_mark(ls->sources, i);

		if (mark.at >= offset && reply_listeners_has_place(ls, &mark))
			reply_listeners_send_mark(ls, w->current, &mark);
	}
}

/* Sends the walk's current listener its start position and the text from there on. */
static void
reply_listeners_start_one(struct reply_listeners *ls, const struct reply_walk *w)
{
	struct turn_listener *l = w->current;
	struct slice text = buf_slice(&ls->text);
	size_t after = ls->restarted ? 0 : l->after;
	size_t position, offset = utf8_utf16_offset(text, after, &position);

	l->started = true;
	l->sink->start(l->arg, &ls->ids, position);
	if (w->current != NULL && offset < text.len)
		l->sink->token(l->arg, (struct slice){text.p + offset, text.len - offset});
	if (w->current != NULL && l->sink->source != NULL)
		reply_listeners_send_marks(ls, w, offset);
}

void
reply_listeners_stored(struct reply_listeners *ls)
{
	struct turn_listener *l;
	struct reply_walk w;

	reply_walk_begin(ls, &w);
	while ((l = reply_walk_next(ls, &w)) != NULL) {
		if (l->sink->stored != NULL)
			l->sink->stored(l->arg, &ls->ids);
	}
}

void
reply_listeners_start(struct reply_listeners *ls)
{
	struct turn_listener *l;
	struct reply_walk w;

	ls->started = true;
	reply_walk_begin(ls, &w);
	while ((l = reply_walk_next(ls, &w)) != NULL) {
		if (!l->started && !l->end_only)
			reply_listeners_start_one(ls, &w);
	}
}

void
reply_listeners_add(struct reply_listeners *ls, struct turn_listener *l, bool start)
{
	struct reply_walk w;

	l->listeners = ls;
	LIST_INSERT_HEAD(&ls->list, l, link);
	if (l->end_only || (!start && !ls->started))
		return;
	reply_walk_begin(ls, &w);
	(void)reply_walk_next(ls, &w);
	reply_listeners_start_one(ls, &w);
	reply_walk_end(ls, &w);
}

int
reply_listeners_append(struct reply_listeners *ls, struct slice text)
{
	struct turn_listener *l;
	struct reply_walk w;

	if (buf_append(&ls->text, text.p, text.len) == -1)
		return -1;
	reply_walk_begin(ls, &w);
	while ((l = reply_walk_next(ls, &w)) != NULL) {
		if (l->started)
			l->sink->token(l->arg, text);
	}
	return 0;
}

void
reply_listeners_set_sources(struct reply_listeners *ls, struct citations *sources)
{
	citations_free(ls->sources);
	ls->sources = sources;
	if (sources == NULL || ls->n_cited > citations_n_marks(sources))
		ls->n_cited = 0;
}

static void
reply_listeners_cite_mark(struct reply_listeners *ls, const struct source_mark *mark)
{
	struct turn_listener *l;
	struct reply_walk w;

	reply_walk_begin(ls, &w);
	while ((l = reply_walk_next(ls, &w)) != NULL) {
		if (l->started && l->sink->source != NULL)
			reply_listeners_send_mark(ls, l, mark);
	}
}

void
reply_listeners_cite(struct reply_listeners *ls)
{
	while (ls->sources != NULL && ls->n_cited < citations_n_marks(ls->sources)) {
		const struct source_mark mark = citations_mark(ls->sources, ls->n_cited);

		if (!reply_listeners_has_place(ls, &mark))
			return;
		ls->n_cited++;
		reply_listeners_cite_mark(ls, &mark);
	}
}

size_t
reply_listeners_n_marks(const struct reply_listeners *ls)
{
	return ls->sources == NULL ? 0 : citations_n_marks(ls->sources);
}

void
reply_listeners_write_sources(const struct reply_listeners *ls, size_t text, struct buf *out)
{
	if (ls->sources != NULL)
		citations_write(ls->sources, text, out);
}

struct turn_listener *
reply_listeners_take(struct reply_listeners *ls)
{
	struct turn_listener *l = LIST_FIRST(&ls->list);

	if (l != NULL)
		reply_listeners_remove(ls, l);
	return l;
}

static struct turn_listener *
reply_listeners_find_stop(const struct reply_listeners *ls)
{
	struct turn_listener *l;

	LIST_FOREACH (l, &ls->list, link)
		if (l->stop_ref != NULL)
			return l;
	return NULL;
}

void
reply_listeners_take_stops(
    struct reply_listeners *ls, void (*fn)(void *arg, struct turn_listener *), void *arg)
{
	struct turn_listener *l;
	struct reply_walk w;

	reply_walk_begin(ls, &w);
	while ((l = reply_listeners_find_stop(ls)) != NULL) {
		reply_listeners_remove(ls, l);
		fn(arg, l);
	}
	reply_walk_end(ls, &w);
}

/* Removes and frees a listener and returns its sink for the last call; false when there is none. */
static bool
reply_listeners_dismiss(struct reply_listeners *ls, const struct turn_sink **sink, void **arg)
{
	struct turn_listener *l = reply_listeners_take(ls);

	if (l == NULL)
		return false;
	*sink = l->sink;
	*arg = l->arg;
	reply_listener_free(l);
	return true;
}

void
reply_listeners_done(struct reply_listeners *ls, const struct turn_reply *reply)
{
	const struct turn_sink *sink;
	struct reply_walk w;
	void *arg;

	reply_walk_begin(ls, &w);
	while (reply_listeners_dismiss(ls, &sink, &arg))
		sink->done(arg, &ls->ids, reply);
	reply_walk_end(ls, &w);
}

void
reply_listeners_error(struct reply_listeners *ls, const struct turn_error *error)
{
	const struct turn_sink *sink;
	struct reply_walk w;
	void *arg;

	reply_walk_begin(ls, &w);
	while (reply_listeners_dismiss(ls, &sink, &arg))
		sink->error(arg, error);
	reply_walk_end(ls, &w);
}

void
reply_listeners_fail(struct reply_listeners *ls, enum turn_failure failure)
{
	reply_listeners_error(ls, &(struct turn_error){.failure = failure});
}

/* Whether one text is a prefix of the other. The stored text may be the shorter one: trimming or a lost
 * connection may have cut its end. */
static bool
reply_listeners_text_matches(const struct reply_listeners *ls, struct slice stored)
{
	struct slice ours = buf_slice(&ls->text);
	size_t both = stored.len < ours.len ? stored.len : ours.len;

	return both == 0 || memcmp(stored.p, ours.p, both) == 0;
}

/* The reply was restarted, so the text sent so far is invalid: started listeners get an error. */
static void
reply_listeners_discard_text(struct reply_listeners *ls)
{
	const struct turn_error error = {.failure = TURN_INTERRUPTED};
	struct turn_listener *l;
	struct reply_walk w;

	reply_walk_begin(ls, &w);
	while ((l = reply_walk_next(ls, &w)) != NULL) {
		const struct turn_sink *sink = l->sink;
		void *arg = l->arg;

		if (!l->started)
			continue;
		reply_listeners_remove(ls, l);
		reply_listener_free(l);
		sink->error(arg, &error);
	}
	buf_reset(&ls->text);
	reply_listeners_set_sources(ls, NULL);
}

static void
reply_listeners_append_missing(struct reply_listeners *ls, struct slice stored)
{
	size_t have = buf_len(&ls->text);

	if (stored.len > have)
		must(reply_listeners_append(
			 ls, (struct slice){stored.p + have, stored.len - have}) == 0);
}

void
reply_listeners_close(struct reply_listeners *ls, const struct msg_turn_state *state)
{
	struct turn_reply reply = {
	    .text = state->text,
	    .status = (enum message_status)state->status,
	    .prompt_tokens = state->prompt_tokens,
	    .completion_tokens = state->completion_tokens,
	    .sources = state->sources,
	};

	if (!reply_listeners_text_matches(ls, state->text))
		reply_listeners_discard_text(ls);
	reply_listeners_append_missing(ls, state->text);
	reply_listeners_set_sources(ls, citations_read(state->sources));
	reply_listeners_cite(ls);
	reply_listeners_start(ls);
	if (state->status == MESSAGE_INTERRUPTED)
		reply_listeners_fail(ls, TURN_INTERRUPTED);
	else
		reply_listeners_done(ls, &reply);
}

void
reply_listeners_init(struct reply_listeners *ls, void (*on_empty)(struct reply_listeners *))
{
	*ls = (struct reply_listeners){.on_empty = on_empty};
	LIST_INIT(&ls->list);
	buf_init(&ls->text, TURN_REPLY_MAX);
}

void
reply_listeners_clear(struct reply_listeners *ls)
{
	struct turn_listener *l;

	while ((l = reply_listeners_take(ls)) != NULL)
		reply_listener_free(l);
	buf_clear(&ls->text);
	citations_free(ls->sources);
	ls->sources = NULL;
}

bool
reply_listeners_is_empty(const struct reply_listeners *ls)
{
	return LIST_EMPTY(&ls->list);
}

bool
reply_listeners_has_started(const struct reply_listeners *ls)
{
	const struct turn_listener *l;

	LIST_FOREACH (l, &ls->list, link)
		if (l->started)
			return true;
	return false;
}

/* The last bytes of a UUIDv7 are random (RFC 9562, section 5.7). */
static size_t
reply_listeners_bucket_of(const struct id *message)
{
	return ((size_t)message->b[14] << 8 | message->b[15]) % REPLY_LISTENERS_BUCKETS;
}

struct reply_listeners_index *
reply_listeners_index_new(void)
{
	return xcalloc(1, sizeof(struct reply_listeners_index));
}

void
reply_listeners_index_free(struct reply_listeners_index *index)
{
	if (index == NULL)
		return;
	for (size_t i = 0; i < REPLY_LISTENERS_BUCKETS; i++)
		must(LIST_EMPTY(&index->buckets[i]));
	free(index);
}

void
reply_listeners_index_add(struct reply_listeners_index *index, struct reply_listeners *ls)
{
	LIST_INSERT_HEAD(
	    &index->buckets[reply_listeners_bucket_of(&ls->ids.message)], ls, link);
}

void
reply_listeners_index_remove(struct reply_listeners *ls)
{
	LIST_REMOVE(ls, link);
}

struct reply_listeners *
reply_listeners_index_find(const struct reply_listeners_index *index, const struct id *message)
{
	struct reply_listeners *ls;

	LIST_FOREACH (ls, &index->buckets[reply_listeners_bucket_of(message)], link)
		if (id_equal(&ls->ids.message, message))
			return ls;
	return NULL;
}
