#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/feed/feed.h"
#include "workerd/api/live/live_failure.h"

void
feed_reply_leave(struct feed *f)
{
	if (f->listener != NULL)
		turn_leave(f->listener);
	f->listener = NULL;
}

/* The client's text is of an earlier run, or is longer than what is known of the reply now: it begins again. */
static void
feed_reply_restart(struct feed *f)
{
	feed_reply_leave(f);
	f->place.typing = false;
	f->place.units = 0;
	feed_sync(f);
}

/* Such a number has no length of the text, which each poll would bring again. */
static bool
feed_reply_sends_tokens(const struct feed *f)
{
	return f->out.streams && !(f->stream.poll && live_place_is_behind(&f->place));
}

static void
feed_reply_on_start(void *arg, const struct turn_ids *ids, size_t position)
{
	struct feed *f = arg;
	bool typed = f->place.operator_typing;

	(void)ids;
	if (f->place.typing && f->place.units == position)
		return;
	if (position != 0) {
		feed_reply_restart(f);
		return;
	}
	feed_forget_typing(f);
	f->place.typing = true;
	f->place.again = f->reply_at < f->place.next;
	f->place.told = f->place.told && f->reply_at < f->place.next;
	f->place.units = 0;
	if (!typed)
		widget_send_type(&f->out, "typing_start");
}

static void
feed_reply_on_token(void *arg, struct slice token)
{
	struct feed *f = arg;

	f->place.units += (uint32_t)utf8_utf16_len(token);
	if (feed_reply_sends_tokens(f))
		widget_send_token(&f->out, token);
}

static void
feed_reply_on_source(void *arg, const struct turn_source *source)
{
	struct feed *f = arg;

	widget_send_source(&f->out, source);
}

/* The reply is over. Returns whether typing is shown. */
static bool
feed_reply_end(struct feed *f)
{
	bool typed = f->place.typing || f->place.operator_typing;

	feed_forget_typing(f);
	f->listener = NULL;
	f->place.typing = false;
	f->place.units = 0;
	return typed;
}

static void
feed_reply_on_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	struct feed *f = arg;

	if (!f->place.typing)
		feed_reply_on_start(f, ids, 0);
	(void)feed_reply_end(f);
	if (f->reply_at >= f->place.next)
		live_place_move(&f->place, f->reply_at + 1);
	(void)live_place_note(&f->place, f->reply_at, reply->status == MESSAGE_INTERRUPTED);
	live_core_forgive(&f->core);
	widget_send_message(&f->out,
	    &(struct msg_message_record){
		.id = ids->message,
		.role = MESSAGE_ASSISTANT,
		.status = (uint8_t)reply->status,
		.text = reply->text,
		.sources = reply->sources,
	    });
	widget_send_type(&f->out, "typing_stop");
	feed_sync(f);
}

static void
feed_reply_on_error(void *arg, const struct turn_error *error)
{
	enum live_failure how = live_failure_of(error);
	struct feed *f = arg;
	bool typed;

	/* An unsaved reply may yet end well, and a poll cannot wait for that: another request follows it. */
	if (how == LIVE_LOST || error->unsaved) {
		f->listener = NULL;
		feed_fail(&f->core, 0, NULL);
		return;
	}
	typed = feed_reply_end(f);
	if (f->reply_at >= f->place.next) {
		f->place.told = true;
		f->place.run = 0;
	}
	if (f->reply_at == f->place.far)
		f->place.far = 0;
	if (how == LIVE_FAILED)
		f->core.failed = f->reply;
	widget_send_failure(&f->out, error, (struct slice){0});
	if (typed)
		widget_send_type(&f->out, "typing_stop");
	feed_sync(f);
}

void
feed_reply_join(struct feed *f, const struct id *reply, uint64_t at)
{
	static const struct turn_sink sink = {.start = feed_reply_on_start,
	    .token = feed_reply_on_token,
	    .source = feed_reply_on_source,
	    .done = feed_reply_on_done,
	    .error = feed_reply_on_error};
	const struct reply_ref ref = live_core_reply(&f->core, reply);
	size_t units;

	if (live_place_is_behind(&f->place) && feed_reply_sends_tokens(f))
		f->place.typing = false;
	units = f->place.typing ? f->place.units : 0;
	f->reply = *reply;
	f->reply_at = at;
	f->listener = turn_join(f->out.api->turns, &ref, units, &sink, f);
	if (f->listener == NULL)
		feed_fail(&f->core, 0, NULL);
}
