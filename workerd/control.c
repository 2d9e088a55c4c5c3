/*
 * The worker's end of the control socket. Records from masterd are checked like all input: an
 * invalid one closes the connection, and ends the worker.
 */
#include "workerd/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/ipc/fdpass.h"

/* Per turn, so that new connections cannot starve the existing ones. */
#define RECORDS_PER_TURN 64

struct control {
	int fd;
	struct event *readable;
	const struct control_events *events;
	void *arg;
	uint32_t taken; /* not yet acknowledged */
	bool greeted;   /* masterd's hello was received */
	bool started;   /* masterd's START was received, and our hello sent */
	bool checked;   /* masterd's check awaits a reply */
	bool held;
	uint8_t record[CONTROL_RECORD_MAX]; /* the record being read */
};

static void
control_lost(struct control *c, const char *why)
{
	log_event(LOG_WARN, "master_lost", L_STR("why", why));
	event_del(c->readable);
	closefd(&c->fd);
	c->events->lost(c->arg);
}

/* Sends a message. A full socket means that masterd does not read: closes the connection. */
static void
control_send(struct control *c, enum msg_type type, const void *msg)
{
	struct buf record;

	buf_init(&record, CONTROL_RECORD_MAX);
	must(msg_encode(&record, type, 0, msg) == 0);
	if (fdpass_send(c->fd, buf_slice(&record), -1) == -1)
		control_lost(c, log_errno());
	buf_clear(&record);
}

/* Tells masterd that this worker is ready for connections. */
static void
control_start(struct control *c)
{
	struct msg_hello hello = {
	    .version = WIRE_VERSION,
	    .role = ROLE_WORKER,
	    .pid = (uint32_t)getpid(),
	    .program = slice_str("banter workerd " BANTER_VERSION),
	};

	c->started = true;
	control_send(c, MSG_HELLO, &hello);
}

/* Checks that the message table cannot express. */
static enum wire_result
control_check_message(
    const struct control *c, const struct frame *f, const union msg *m, int fd)
{
	/* After an upgrade, a masterd of the previous version may start this worker. */
	if (f->type == MSG_HELLO && m->hello.version != WIRE_VERSION)
		return WIRE_FORBIDDEN;
	/* Without START, TLS may not be set up. */
	if ((f->type == MSG_CONNECTION && !c->started) || (f->type == MSG_START && c->started))
		return WIRE_FORBIDDEN;
	if ((f->type == MSG_CONNECTION) != (fd != -1))
		return WIRE_FORBIDDEN;
	if (f->type == MSG_TICKET_KEYS &&
	    (m->ticket_keys.current.len != TICKET_KEY_SIZE ||
		m->ticket_keys.previous.len % TICKET_KEY_SIZE != 0))
		return WIRE_RANGE;
	return WIRE_OK;
}

/* Handles a record. An invalid one closes the connection. */
static void
control_take_record(struct control *c, struct slice record, int fd)
{
	enum when when = c->greeted ? WHEN_READY : WHEN_FIRST;
	enum wire_result r;
	struct frame f;
	union msg m;
	size_t size;

	r = wire_frame(record, &f, &size);
	if (r == WIRE_OK && size != record.len)
		r = WIRE_TRAILING;
	if (r == WIRE_OK)
		r = msg_decode(&f, ROLE_MASTER, ROLE_WORKER, when, &m);
	if (r == WIRE_OK)
		r = control_check_message(c, &f, &m, fd);
	if (r != WIRE_OK) {
		closefd(&fd);
		control_lost(c, wire_result_name(r));
		return;
	}
	switch (f.type) {
	case MSG_HELLO:
		c->greeted = true;
		break;
	case MSG_START:
		control_start(c);
		break;
	case MSG_CONNECTION:
		c->taken++;
		c->events->connection(c->arg, fd, &m.connection);
		break;
	case MSG_TICKET_KEYS:
		c->events->ticket_keys(c->arg, &m.ticket_keys);
		explicit_bzero(c->record, record.len);
		break;
	case MSG_TLS_CERTIFICATE:
		c->events->tls_certificate(c->arg, &m.tls_certificate);
		explicit_bzero(c->record, record.len);
		break;
	case MSG_CHECK:
		c->checked = true;
		break;
	default:
		c->events->drain(c->arg, m.drain.within_ms);
	}
}

static void
control_on_readable(evutil_socket_t unused, short what, void *arg)
{
	struct control *c = arg;

	(void)unused;
	(void)what;
	for (int i = 0; i < RECORDS_PER_TURN && c->fd != -1; i++) {
		int fd;
		ssize_t n = fdpass_recv(c->fd, c->record, sizeof(c->record), &fd);

		if (n == -1 && errno == EAGAIN)
			return;
		if (n == -1 && errno == EMFILE) {
			/* The record and its connection are lost; it still counts as taken. */
			log_event(LOG_ERROR, "connection_lost", L_ERRNO());
			c->taken++;
		} else if (n <= 0) {
			control_lost(c, n == 0 ? "closed by masterd" : log_errno());
		} else {
			control_take_record(c, (struct slice){c->record, (size_t)n}, fd);
		}
	}
}

struct control *
control_new(struct event_base *base, int fd, const struct control_events *events, void *arg)
{
	struct control *c = xcalloc(1, sizeof(*c));

	c->fd = fd;
	c->events = events;
	c->arg = arg;
	c->readable = event_new(base, fd, EV_READ | EV_PERSIST, control_on_readable, c);
	must(c->readable != NULL && fd_nonblock(fd) == 0);
	event_add(c->readable, NULL);
	return c;
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	event_free(c->readable);
	closefd(&c->fd);
	free(c);
}

void
control_hold(struct control *c, bool hold)
{
	if (c->fd == -1 || hold == c->held)
		return;
	c->held = hold;
	log_event(LOG_NOTICE, hold ? "connections_held" : "connections_taken_again");
}

static void
control_acknowledge(struct control *c)
{
	struct msg_taken taken = {.count = c->taken};

	if (c->held || taken.count == 0 || c->fd == -1)
		return;
	c->taken = 0;
	control_send(c, MSG_TAKEN, &taken);
}

static void
control_send_alive(struct control *c)
{
	if (!c->checked || c->fd == -1)
		return;
	c->checked = false;
	control_send(c, MSG_ALIVE, &(struct msg_alive){});
}

void
control_turn_end(struct control *c)
{
	control_acknowledge(c);
	control_send_alive(c);
}
