#include "tests/bench/store_client.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define REQUEST_MAX ((size_t)16 << 10)
#define UNSENT_MAX  ((size_t)8 << 20)
#define PATIENCE_MS 10000 /* for a reply */

/* Some 100 bytes, with two-byte characters, like real messages. */
#define SENTENCE                                                                              \
	"Grüße! I ordered the small café table last week, and would like to know when it " \
	"leaves. "

struct ready_request {
	struct buf frame;
	enum append kind;
	uint64_t sent_at; /* of the previous request, which is in flight */
	enum append sent_kind;
};

void
load_init(struct load *load, size_t n, unsigned turns)
{
	must(n >= 1 && n <= SLOTS_MAX);
	memset(load, 0, sizeof(*load));
	load->n = n;
	for (size_t i = 0; i < n; i++)
		load->slots[i].turns = turns;
}

enum append
slot_advance(struct slot *slot)
{
	if (slot->messages == 2 * (uint64_t)slot->turns)
		*slot = (struct slot){.turns = slot->turns};
	if (slot->messages++ == 0) {
		slot->conversation = id_new();
		id_format(&slot->conversation, slot->session);
	}
	if (slot->messages % 2 == 0) {
		slot->message = slot->turn;
		return APPEND_REPLY;
	}
	slot->message = id_new();
	slot->turn = id_new();
	return APPEND_QUESTION;
}

struct slice
load_text(enum append kind)
{
	static const char question[] = SENTENCE;
	static const char reply[] =
	    SENTENCE SENTENCE SENTENCE SENTENCE SENTENCE SENTENCE SENTENCE;

	return slice_str(kind == APPEND_QUESTION ? question : reply);
}

uint64_t
load_done(const struct load *load)
{
	uint64_t n = 0;

	for (size_t i = 0; i < load->n; i++)
		n += load->done[i];
	return n;
}

void
line_open(struct channel *line, const char *socket, enum role role)
{
	int fd = channel_connect(socket);
	union msg pong;

	if (fd == -1)
		err(EX_UNAVAILABLE, "%s", socket);
	channel_open(line, fd, role, ROLE_STORE, UNSENT_MAX);
	line_ask(line, MSG_PING, &(struct msg_ping){}, MSG_PONG, &pong);
}

/* The next reply that has been read, valid until the next channel_read(); false if there is
 * none. */
static bool
line_answer(struct channel *line, struct frame *f, union msg *m)
{
	enum wire_result r = channel_next(line, f, m);

	if (r == WIRE_MORE)
		return false;
	if (r != WIRE_OK)
		errx(EX_PROTOCOL, "invalid frame from storaged: %s", wire_result_name(r));
	if (f->type == MSG_ERROR)
		errx(EX_UNAVAILABLE, "storaged refused: %.*s", (int)m->error.detail.len,
		    (const char *)m->error.detail.p);
	return true;
}

static void
line_flush(struct channel *line)
{
	if (channel_flush(line) == CHANNEL_FAILED)
		err(EX_IOERR, "storaged's socket");
}

/* Waits for a reply and reads it or a part of it. */
static void
line_wait(struct channel *line)
{
	struct pollfd fd = {.fd = line->fd, .events = POLLIN};
	int n;

	if (buf_len(&line->out) > 0)
		fd.events |= POLLOUT;
	n = poll(&fd, 1, PATIENCE_MS);
	if (n == -1 && errno != EINTR)
		err(EX_OSERR, "poll");
	if (n == 0)
		errx(EX_UNAVAILABLE, "no reply within %d ms", PATIENCE_MS);
	if (n == 1 && (fd.revents & ~POLLOUT) != 0 && channel_read(line) != CHANNEL_DONE)
		err(EX_IOERR, "storaged has closed the connection");
}

uint64_t
line_ask(struct channel *line, enum msg_type type, const void *request,
    enum msg_type answer_type, union msg *answer)
{
	uint64_t start = clock_mono_ns();
	struct frame f;

	if (channel_send(line, type, 1, request) == -1)
		err(EX_SOFTWARE, "%s", msg_name((uint16_t)type));
	do {
		line_flush(line);
		line_wait(line);
	} while (!line_answer(line, &f, answer));
	if (f.type != answer_type)
		errx(EX_PROTOCOL, "the reply to %s is %s", msg_name((uint16_t)type),
		    msg_name(f.type));
	return clock_mono_ns() - start;
}

void
sender_open(struct sender *s, const char *socket, uint32_t history)
{
	*s = (struct sender){.history = history, .text = load_text};
	s->ready = xcalloc(SLOTS_MAX, sizeof(*s->ready));
	for (size_t i = 0; i < SLOTS_MAX; i++)
		buf_init(&s->ready[i].frame, REQUEST_MAX);
	line_open(&s->line, socket, ROLE_WORKER);
}

void
sender_close(struct sender *s)
{
	channel_close(&s->line);
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
	    .text = s->text(APPEND_QUESTION),
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
	    .text = s->text(APPEND_REPLY),
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

	if (now >= s->until || (s->quota != NULL && s->load.done[i] >= s->quota->of[i]))
		return;
	must(buf_append(&s->line.out, buf_data(&ready->frame), buf_len(&ready->frame)) == 0);
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
	line_flush(&s->line);
	for (size_t i = 0; i < s->n_queued; i++)
		make_ready(s, s->queued[i]);
	s->n_queued = 0;
}

static void
take_answers(struct sender *s)
{
	uint64_t now = clock_mono_ns();
	struct frame f;
	union msg m;

	while (line_answer(&s->line, &f, &m)) {
		const struct ready_request *ready;

		if (f.request >= s->load.n)
			errx(EX_PROTOCOL, "a reply without a request");
		ready = &s->ready[f.request];
		if (f.type != (ready->sent_kind == APPEND_QUESTION ? MSG_TURN_BEGUN : MSG_OK))
			errx(EX_PROTOCOL, "answered by %s", msg_name(f.type));
		if (s->durations != NULL)
			durations_add(s->durations, now - ready->sent_at);
		s->load.done[f.request]++;
		s->in_flight--;
		queue(s, f.request, now);
	}
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
		line_wait(&s->line);
		take_answers(s);
		send_queued(s);
	}
	return clock_mono_ns() - start;
}
