/*
 * What unit tests of masterd share: an event loop with a scoreboard and a dispatch, and a struct worker on
 * one end of a socket pair, with the test on the other end.
 */
#ifndef TESTS_UNIT_MASTERD_MASTER_WORKER_H
#define TESTS_UNIT_MASTERD_MASTER_WORKER_H

#include <sys/socket.h>

#include "masterd/dispatch.h"
#include "proto/base/clock.h"
#include "proto/ipc/fdpass.h"
#include "tests/unit/unit.h"

/* Above the kernel's greatest pid, so that kill() finds no process. */
#define NOBODYS_PID INT32_MAX

#define PATIENCE_MS 60000 /* the limit of every wait */

struct test_master {
	struct event_base *base;
	struct scoreboard *scoreboard;
	int scoreboard_fd;
	struct dispatch *dispatch;
};

static inline void
test_master_init(struct test_master *m, void (*room)(void *ctx))
{
	m->base = loop_new();
	m->scoreboard = scoreboard_create(&m->scoreboard_fd);
	m->dispatch = dispatch_new(m->base, m->scoreboard, room, NULL);
}

static inline void
test_master_clear(struct test_master *m)
{
	dispatch_free(m->dispatch);
	scoreboard_unmap(m->scoreboard);
	closefd(&m->scoreboard_fd);
	event_base_free(m->base);
}

static inline void
test_on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

/* Runs the loop until something happens, or for ms milliseconds. */
static inline void
test_loop_once(struct event_base *base, uint64_t ms)
{
	struct event *tick = loop_timer(base, test_on_tick, NULL);

	loop_after(tick, ms);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	loop_free(&tick);
}

/* Runs the loop until the condition holds. */
#define AWAIT(base, condition)                                                  \
	do {                                                                    \
		const uint64_t give_up_ = clock_mono_ms() + PATIENCE_MS;        \
                                                                                \
		while (!(condition)) {                                          \
			if (clock_mono_ms() > give_up_)                         \
				fail_msg("timeout waiting for %s", #condition); \
			test_loop_once(base, 1000);                             \
		}                                                               \
	} while (0)

/* Callbacks that keep a dispatch up to date; ctx is the address of the pointer to it. */
static inline void
test_worker_on_changed(struct worker *w, void *ctx)
{
	struct dispatch **dispatch = ctx;

	if (w->state == WORKER_READY)
		dispatch_add(*dispatch, w);
	else
		dispatch_remove(*dispatch, w);
}

static inline void
test_worker_on_taken(struct worker *w, void *ctx)
{
	struct dispatch **dispatch = ctx;

	dispatch_taken(*dispatch, w);
}

#define TEST_WORKER_HOOKS(dispatch)                                               \
	{                                                                         \
		.changed = test_worker_on_changed, .taken = test_worker_on_taken, \
		.ctx = &(dispatch)                                                \
	}

struct test_worker {
	struct worker *worker;
	int end; /* the worker's end of the control socket */
	/* The last message from masterd, and the descriptor that came with it, or -1. */
	union msg m;
	int fd;
	uint8_t record[CONTROL_RECORD_MAX]; /* the slices in m point here */
};

#define TEST_WORKER_NONE ((struct test_worker){.end = -1, .fd = -1})

/* Sends a message as the worker. */
static inline int
test_worker_say(const struct test_worker *w, enum msg_type type, const void *msg)
{
	struct buf b;
	int r;

	buf_init(&b, 1024);
	must(msg_encode(&b, type, 0, msg) == 0);
	r = fdpass_send(w->end, buf_slice(&b), -1);
	buf_clear(&b);
	return r;
}

static inline void
test_worker_hello(const struct test_worker *w)
{
	const struct msg_hello m = {
	    .version = WIRE_VERSION,
	    .role = ROLE_WORKER,
	    .pid = 1,
	    .program = slice_str("test"),
	};

	must(test_worker_say(w, MSG_HELLO, &m) == 0);
}

static inline void
test_worker_taken(const struct test_worker *w, uint32_t count)
{
	const struct msg_taken m = {.count = count};

	must(test_worker_say(w, MSG_TAKEN, &m) == 0);
}

/* Receives masterd's next message, into w->m and w->fd. Returns its type, or 0 if there is none. */
static inline unsigned
test_worker_hear(struct test_worker *w)
{
	struct frame f;
	size_t size;
	ssize_t n;

	closefd(&w->fd);
	n = fdpass_recv(w->end, w->record, sizeof(w->record), &w->fd);
	if (n <= 0)
		return 0;
	must(wire_frame((struct slice){w->record, (size_t)n}, &f, &size) == WIRE_OK);
	must(size == (size_t)n);
	must(msg_decode(&f, ROLE_MASTER, ROLE_WORKER,
		 f.type == MSG_HELLO ? WHEN_FIRST : WHEN_READY, &w->m) == WIRE_OK);
	return f.type;
}

/* Starts a worker that has neither read anything nor sent its hello. */
static inline void
test_worker_start(struct test_worker *w, struct event_base *base, struct worker_config config,
    const struct worker_hooks *hooks)
{
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	config.generation = 1;
	config.pid = NOBODYS_PID;
	w->worker = worker_new(base, &config, pair[0], hooks);
	w->end = pair[1];
	w->fd = -1;
}

/* Starts one that has read masterd's first messages. */
static inline void
test_worker_start_plain(struct test_worker *w, struct event_base *base, unsigned number,
    const struct worker_hooks *hooks)
{
	test_worker_start(w, base, (struct worker_config){.number = number}, hooks);
	must(test_worker_hear(w) == MSG_HELLO);
	must(test_worker_hear(w) == MSG_START);
}

static inline void
test_worker_free(struct test_worker *w)
{
	worker_free(w->worker);
	w->worker = NULL;
	closefd(&w->fd);
	closefd(&w->end);
}

#endif
