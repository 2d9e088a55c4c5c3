/*
 * A struct worker of masterd on one end of a socket pair, the test on the other end: for unit tests
 * that need a worker to send connections to.
 */
#ifndef TESTS_UNIT_MASTERD_MASTER_WORKER_H
#define TESTS_UNIT_MASTERD_MASTER_WORKER_H

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#include "masterd/dispatch.h"
#include "proto/base/basics.h"
#include "proto/ipc/fdpass.h"

/* Above the kernel's greatest pid, so that kill() finds no process. */
#define NOBODYS_PID INT32_MAX

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
};

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

/* Receives masterd's next message: returns its type (slices in *m point into record), or 0 if there
 * is none; *fd is the descriptor that came with it, or -1. */
static inline unsigned
test_worker_hear(const struct test_worker *w, uint8_t record[static 256], union msg *m, int *fd)
{
	ssize_t n = fdpass_recv(w->end, record, 256, fd);
	struct frame f;
	size_t size;

	if (n <= 0)
		return 0;
	must(wire_frame((struct slice){.p = record, .len = (size_t)n}, &f, &size) == WIRE_OK);
	must(size == (size_t)n);
	must(msg_decode(&f, ROLE_MASTER, ROLE_WORKER,
		 f.type == MSG_HELLO ? WHEN_FIRST : WHEN_READY, m) == WIRE_OK);
	return f.type;
}

/* A worker that has not sent its hello yet; masterd's hello is received already. */
static inline struct test_worker
test_worker_new(struct event_base *base, unsigned number, const struct worker_hooks *hooks)
{
	const struct worker_config who = {
	    .number = number, .generation = 1, .pid = NOBODYS_PID};
	struct test_worker w;
	uint8_t record[256];
	union msg m;
	int pair[2], fd;

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	w.worker = worker_new(base, &who, pair[0], hooks);
	w.end = pair[1];
	must(test_worker_hear(&w, record, &m, &fd) == MSG_HELLO);
	return w;
}

static inline void
test_worker_free(struct test_worker *w)
{
	worker_free(w->worker);
	w->worker = NULL;
	closefd(&w->end);
}

#endif
