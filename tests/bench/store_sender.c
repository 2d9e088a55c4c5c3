/*
 * Sends requests and reads replies as fast as storaged accepts them.
 */
#include "tests/bench/store_sender.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/bench/store_place.h"

#define REQUEST_MAX ((size_t)16 << 10)

struct ready_request {
	struct buf frame;
	enum append kind;
	uint64_t sent_at; /* of the previous request, which is in flight */
	enum append sent_kind;
};

static void
flush(struct sender *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (channel_flush(&s->channels[i]) == CHANNEL_FAILED)
			err(EX_IOERR, "storaged's socket");
}

/* Waits for a reply, and reads what has arrived on every connection. */
static void
wait_and_read(struct sender *s)
{
	struct pollfd fds[CONNECTIONS_MAX];
	int n;

	for (size_t i = 0; i < s->n; i++) {
		bool unsent = buf_len(&s->channels[i].out) > 0;

		fds[i] = (struct pollfd){
		    .fd = s->channels[i].fd,
		    .events = (short)(POLLIN | (unsent ? POLLOUT : 0)),
		};
	}
	n = poll(fds, s->n, LINE_PATIENCE_MS);
	if (n == -1 && errno != EINTR)
		err(EX_OSERR, "poll");
	place_check();
	if (n == -1)
		return;
	if (n == 0)
		errx(EX_UNAVAILABLE, "no reply within %d ms", LINE_PATIENCE_MS);
	for (size_t i = 0; i < s->n; i++)
		if ((fds[i].revents & ~POLLOUT) != 0 &&
		    channel_read(&s->channels[i]) != CHANNEL_DONE)
			err(EX_IOERR, "storaged has closed the connection");
}

void
sender_open(struct sender *s, const char *socket, size_t n, uint32_t history)
{
	*s = (struct sender){.history = history};
	must(n >= 1 && n <= CONNECTIONS_MAX);
	s->ready = xcalloc(SLOTS_MAX, sizeof(*s->ready));
	for (size_t i = 0; i < SLOTS_MAX; i++)
		buf_init(&s->ready[i].frame, REQUEST_MAX);
	while (s->n < n)
		line_open(&s->channels[s->n++], socket);
}

void
sender_close(struct sender *s)
{
	for (size_t i = 0; i < s->n; i++)
		channel_close(&s->channels[i]);
	for (size_t i = 0; i < SLOTS_MAX; i++)
		buf_clear(&s->ready[i].frame);
	free(s->ready);
	s->ready = NULL;
}

static void
encode_question(struct sender *s, size_t i, struct buf *frame)
{
	const struct slot *slot = &s->load.slots[i];
	struct msg_turn_begin m = {
	    .org = id_default_org,
	    .widget = id_default_widget,
	    .session = slice_str(slot->session),
	    .conversation = slot->conversation,
	    .message = slot->message,
	    .turn = slot->turn,
	    .text = load_text(APPEND_QUESTION),
	    .history = s->history,
	};

	must(msg_encode(frame, MSG_TURN_BEGIN, i, &m) == 0);
}

static void
encode_reply(struct sender *s, size_t i, struct buf *frame)
{
	struct msg_turn_finish m = {
	    .turn = s->load.slots[i].turn,
	    .run = s->load.slots[i].turn,
	    .status = MESSAGE_COMPLETE,
	    .text = load_text(APPEND_REPLY),
	    .prompt_tokens = 300,
	    .completion_tokens = 150,
	};

	must(msg_encode(frame, MSG_TURN_FINISH, i, &m) == 0);
}

static void
make_ready(struct sender *s, size_t i)
{
	struct ready_request *ready = &s->ready[i];

	buf_reset(&ready->frame);
	ready->kind = slot_advance(&s->load.slots[i]);
	if (ready->kind == APPEND_QUESTION)
		encode_question(s, i, &ready->frame);
	else
		encode_reply(s, i, &ready->frame);
}

void
sender_load(struct sender *s, size_t slots, unsigned turns)
{
	load_init(&s->load, slots, turns);
	for (size_t i = 0; i < slots; i++)
		make_ready(s, i);
}

void
sender_quota_of_open_turns(const struct sender *s, struct quota *quota)
{
	for (size_t i = 0; i < s->load.n; i++)
		quota->of[i] = s->ready[i].kind == APPEND_REPLY;
}

/* Queues a slot's next request unless its quota is used up. */
static void
queue(struct sender *s, size_t i, uint64_t now)
{
	struct ready_request *ready = &s->ready[i];
	/* Of two neighbours one asks while the other gets its reply: every connection has both
	 * kinds. */
	struct buf *out = &s->channels[i / 2 % s->n].out;

	if (s->load.done[i] >= s->quota->of[i] || now >= s->until)
		return;
	must(buf_append(out, buf_data(&ready->frame), buf_len(&ready->frame)) == 0);
	ready->sent_kind = ready->kind;
	s->queued[s->n_queued++] = (uint32_t)i;
	s->in_flight++;
}

/* Sends what is queued, and then encodes the following requests. */
static void
send_queued(struct sender *s)
{
	uint64_t now = clock_mono_ns();

	for (size_t i = 0; i < s->n_queued; i++)
		s->ready[s->queued[i]].sent_at = now;
	flush(s);
	for (size_t i = 0; i < s->n_queued; i++)
		make_ready(s, s->queued[i]);
	s->n_queued = 0;
}

static void
on_answer(struct sender *s, const struct frame *f, uint64_t now)
{
	struct ready_request *ready;

	if (f->request >= s->load.n)
		errx(EX_PROTOCOL, "a reply without a request");
	ready = &s->ready[f->request];
	if (f->type != (ready->sent_kind == APPEND_QUESTION ? MSG_TURN_BEGUN : MSG_OK))
		errx(EX_PROTOCOL, "answered by %s", msg_name(f->type));
	if (s->durations != NULL)
		durations_add(s->durations, now - ready->sent_at);
	s->load.done[f->request]++;
	s->in_flight--;
	queue(s, f->request, now);
}

static void
take_answers(struct sender *s)
{
	uint64_t now = clock_mono_ns();
	struct frame f;
	union msg m;

	for (size_t i = 0; i < s->n; i++)
		while (line_answer(&s->channels[i], &f, &m))
			on_answer(s, &f, now);
}

uint64_t
sender_run(
    struct sender *s, const struct quota *quota, uint64_t until, struct durations *durations)
{
	uint64_t start = clock_mono_ns();

	must(s->in_flight == 0);
	s->quota = quota;
	s->until = until;
	s->durations = durations;
	for (size_t i = 0; i < s->load.n; i++) {
		s->load.done[i] = 0;
		queue(s, i, start);
	}
	send_queued(s);
	while (s->in_flight > 0) {
		wait_and_read(s);
		take_answers(s);
		send_queued(s);
	}
	return clock_mono_ns() - start;
}
