#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/api/live/live_failure.h"
#include "workerd/api/live/live_follower_internal.h"

/* Replies of a conversation that a client is sent at the same time; syncs deliver the others when they are
 * complete. */
#define REPLIES_MAX 16

struct live_reply *
live_reply_find(struct live_follower *f, const struct id *id)
{
	struct live_reply *r;

	LIST_FOREACH (r, &f->replies, link)
		if (id_equal(&r->id, id))
			return r;
	return NULL;
}

struct live_reply *
live_reply_add(struct live_follower *f, const struct id *id, size_t units)
{
	struct live_reply *r = live_reply_find(f, id);

	if (r != NULL || f->replies_n == REPLIES_MAX)
		return r;
	r = xcalloc(1, sizeof(*r));
	r->f = f;
	r->id = *id;
	r->units = units;
	LIST_INSERT_HEAD(&f->replies, r, link);
	f->replies_n++;
	return r;
}

static void
live_reply_free(struct live_reply *r)
{
	LIST_REMOVE(r, link);
	r->f->replies_n--;
	free(r);
}

void
live_reply_drop(struct live_reply *r)
{
	if (r->listener != NULL)
		turn_leave(r->listener);
	live_reply_free(r);
}

void
live_reply_drop_all(struct live_follower *f)
{
	while (!LIST_EMPTY(&f->replies))
		live_reply_drop(LIST_FIRST(&f->replies));
}

static void
live_reply_on_start(void *arg, const struct turn_ids *ids, size_t position)
{
	struct live_reply *r = arg;

	(void)ids;
	r->units = position;
	live_event_start(r, position);
}

static void
live_reply_on_token(void *arg, struct slice token)
{
	struct live_reply *r = arg;

	r->units += utf8_utf16_len(token);
	live_event_token(r, token);
}

static void
live_reply_on_source(void *arg, const struct turn_source *source)
{
	live_event_source(arg, source);
}

static void
live_reply_on_done(void *arg, const struct turn_ids *ids, const struct turn_reply *end)
{
	struct live_reply *r = arg;
	struct live_follower *f = r->f;

	live_reply_free(r);
	live_thread_add(&f->thread, &ids->message, false);
	live_event_done(f, &ids->message, end);
	live_follower_sync(f);
}

static void
live_reply_on_error(void *arg, const struct turn_error *error)
{
	enum live_failure how = live_failure_of(error);
	struct live_reply *r = arg;
	struct live_follower *f = r->f;

	if (how == LIVE_FAILED)
		f->core.failed = r->id;
	/* The id of the client's last event still has what it has of this reply. */
	live_reply_free(r);
	if (how == LIVE_LOST)
		live_follower_fail(&f->core, 0, NULL);
	else
		live_follower_sync(f);
}

void
live_reply_join(struct live_reply *r)
{
	static const struct turn_sink sink = {.start = live_reply_on_start,
	    .token = live_reply_on_token,
	    .source = live_reply_on_source,
	    .done = live_reply_on_done,
	    .error = live_reply_on_error};
	const struct reply_ref ref = live_core_reply(&r->f->core, &r->id);

	if (r->listener == NULL)
		r->listener = turn_join(r->f->stream.api->turns, &ref, r->units, &sink, r);
	if (r->listener == NULL)
		live_reply_free(r);
}

void
live_reply_join_waiting(struct live_follower *f)
{
	struct live_reply *r, *next;

	for (r = LIST_FIRST(&f->replies); r != NULL; r = next) {
		next = LIST_NEXT(r, link);
		live_reply_join(r);
	}
}
