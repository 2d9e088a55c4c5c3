/*
 * A worker's control socket and state. What a worker says is checked against messages.def; one
 * that says anything else is broken, and is killed rather than believed.
 */
#include "masterd/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/ipc/fdpass.h"

/* How long a worker may take to say hello: it loads its files and its libraries. */
#define HELLO_TIMEOUT_MS 30000

/* How long a worker that closed its control socket may take to exit; a busy machine may not let it
 * run for seconds. */
#define FAREWELL_MS 10000

/* The same for one that was aborted: the kernel may have a core to write. */
#define ABORT_MS 5000

/* How much longer than it was told a draining worker may take: it has cut its replies then, and the
 * store keeps them. */
#define DRAIN_GRACE_MS 10000

/* Records read per event, so that one chatty worker does not hold up the others. */
#define RECORDS_PER_EVENT 64

/* What workers say is short: the hello is the longest, under 100 bytes. */
#define RECORD_MAX 256

static void
enter(struct child *c, enum child_state state, uint64_t deadline_ms)
{
	if (c->state == state)
		return;
	c->state = state;
	if (deadline_ms == 0)
		event_del(c->deadline);
	else
		loop_after(c->deadline, deadline_ms);
	c->hooks->changed(c, c->hooks->ctx);
}

/* The events go first: epoll(7) must not be left watching a closed descriptor. */
static void
close_control(struct child *c)
{
	loop_free(&c->readable);
	loop_free(&c->writable);
	closefd(&c->control);
	c->in_flight = 0;
	c->owed = 0;
}

void
child_kill(struct child *c, const char *why)
{
	log_event(c->leaving ? LOG_WARN : LOG_ERROR, "worker_killed",
	    L_UINT("worker", c->number), L_INT("pid", c->pid),
	    L_UINT("generation", c->generation), L_STR("why", why));
	/* Not yet reaped, so the pid is still its own. */
	kill(c->pid, SIGKILL);
	close_control(c);
	enter(c, CHILD_LOST, 0);
	event_del(c->deadline);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	static const char *const why[] = {
	    [CHILD_STARTING] = "did not say hello in time",
	    [CHILD_READY] = "has no deadline",
	    [CHILD_DRAINING] = "did not finish in time",
	    [CHILD_LOST] = "did not exit in time",
	};
	struct child *c = arg;

	(void)fd, (void)what;
	child_kill(c, why[c->state]);
}

/* -- sending ----------------------------------------------------------------------------- */

static int
send_record(struct child *c, enum msg_type type, const void *msg, int fd)
{
	buf_reset(&c->out);
	must(msg_encode(&c->out, type, 0, msg) == 0);
	return fdpass_send(c->control, buf_slice(&c->out), fd);
}

int
child_send_connection(struct child *c, const struct msg_connection *m, int fd)
{
	must(c->state == CHILD_READY);
	if (send_record(c, MSG_CONNECTION, m, fd) == -1)
		return -1;
	c->in_flight++;
	return 0;
}

/* As send_record(), and nothing of the record stays in memory. */
static int
send_secret(const struct child *c, enum msg_type type, const void *msg)
{
	struct buf record;
	int r;

	buf_init(&record, CONTROL_RECORD_MAX);
	must(buf_reserve(&record, CONTROL_RECORD_MAX) != NULL);
	must(msg_encode(&record, type, 0, msg) == 0);
	r = fdpass_send(c->control, buf_slice(&record), -1);
	buf_wipe(&record);
	return r;
}

static int
send_tickets(struct child *c)
{
	const struct msg_ticket_keys keys = keyring_tickets(c->keyring);

	return send_secret(c, MSG_TICKET_KEYS, &keys);
}

static int
send_identity(struct child *c)
{
	const struct msg_tls_identity identity = keyring_identity(c->keyring);

	return send_secret(c, MSG_TLS_IDENTITY, &identity);
}

static int
send_drain(struct child *c)
{
	uint64_t now = clock_mono_ms();
	const struct msg_drain drain = {
	    .within_ms = now < c->drain_until_ms ? (uint32_t)(c->drain_until_ms - now) : 0,
	};

	return send_record(c, MSG_DRAIN, &drain, -1);
}

static int
send_check(struct child *c)
{
	return send_record(c, MSG_CHECK, &(struct msg_check){}, -1);
}

/* A worker without its keys could only serve wrongly; one that does not hear of the drain has its
 * deadline; and one that was not asked owes no answer. */
static void
cannot_send(struct child *c, enum child_owed what)
{
	log_event(LOG_WARN, "worker_not_told", L_UINT("worker", c->number),
	    L_INT("pid", c->pid), L_ERRNO());
	if (what == OWED_TICKETS || what == OWED_IDENTITY)
		child_kill(c, "cannot be given its keys");
	if (what == OWED_CHECK)
		c->pulse = (struct pulse){0};
}

/* Says what is owed. Waits for room if there is none: a worker that is behind must still learn of
 * it. */
static void
send_owed(struct child *c)
{
	static const struct {
		enum child_owed what;
		int (*send)(struct child *);
	} all[] = {
	    {OWED_TICKETS, send_tickets},
	    {OWED_IDENTITY, send_identity},
	    {OWED_DRAIN, send_drain},
	    {OWED_CHECK, send_check},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (!(c->owed & all[i].what))
			continue;
		if (all[i].send(c) == -1) {
			if (errno == EAGAIN) {
				loop_watch(c->writable);
				return;
			}
			cannot_send(c, all[i].what);
		}
		c->owed &= ~(unsigned)all[i].what;
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	send_owed(arg);
}

void
child_send_keys(struct child *c, bool identity)
{
	if (c->state != CHILD_STARTING && c->state != CHILD_READY)
		return;
	c->owed |= OWED_TICKETS;
	if (identity)
		c->owed |= OWED_IDENTITY;
	send_owed(c);
}

/* From READY, or from DRAINING with an earlier end. One that has closed its control socket is told
 * by its deadline alone. */
static void
begin_drain(struct child *c, uint64_t until_ms, uint32_t within_ms)
{
	uint64_t deadline_ms = (uint64_t)within_ms + DRAIN_GRACE_MS;

	c->drain_until_ms = until_ms;
	if (c->control != -1) {
		c->owed |= OWED_DRAIN;
		send_owed(c);
	}
	if (c->state == CHILD_DRAINING)
		loop_after(c->deadline, deadline_ms);
	else
		enter(c, CHILD_DRAINING, deadline_ms);
}

void
child_drain(struct child *c, uint32_t within_ms)
{
	uint64_t until_ms = clock_mono_ms() + within_ms;

	c->leaving = true;
	if (c->state == CHILD_STARTING) {
		child_kill(c, "no longer needed");
	} else if (c->state == CHILD_READY ||
	    (c->state == CHILD_DRAINING && until_ms < c->drain_until_ms)) {
		begin_drain(c, until_ms, within_ms);
	}
}

static void
send_hello(struct child *c)
{
	const struct msg_hello hello = {
	    .version = WIRE_VERSION,
	    .role = ROLE_MASTER,
	    .pid = (uint32_t)getpid(),
	    .program = slice_str("masterd " BANTER_VERSION),
	};

	/* A worker that died at once is reaped in a moment; nothing else can refuse this. */
	if (send_record(c, MSG_HELLO, &hello, -1) == -1)
		log_event(LOG_WARN, "hello_unsent", L_UINT("worker", c->number),
		    L_INT("pid", c->pid), L_ERRNO());
}

/* -- receiving --------------------------------------------------------------------------- */

static enum wire_result
take_hello(struct child *c, const struct msg_hello *m)
{
	if (m->role != ROLE_WORKER || m->version != WIRE_VERSION)
		return WIRE_FORBIDDEN;
	c->was_ready = true;
	log_event(LOG_INFO, "worker_ready", L_UINT("worker", c->number), L_INT("pid", c->pid),
	    L_UINT("generation", c->generation), L_SLICE("program", m->program),
	    L_UINT("ms", clock_mono_ms() - c->started_ms));
	enter(c, CHILD_READY, 0);
	return WIRE_OK;
}

/* A worker cannot have taken more than it was given. */
static enum wire_result
take_taken(struct child *c, const struct msg_taken *m)
{
	if (m->count > c->in_flight)
		return WIRE_RANGE;
	c->in_flight -= m->count;
	c->hooks->taken(c, c->hooks->ctx);
	return WIRE_OK;
}

/* Nor answer what nobody has asked. */
static enum wire_result
take_alive(struct child *c)
{
	if (!pulse_answer(&c->pulse))
		return WIRE_FORBIDDEN;
	c->hooks->taken(c, c->hooks->ctx);
	return WIRE_OK;
}

static enum wire_result
take_record(struct child *c, struct slice record)
{
	enum when when = c->state == CHILD_STARTING ? WHEN_FIRST : WHEN_READY;
	struct frame f;
	union msg m;
	size_t size;
	enum wire_result r = wire_frame(record, &f, &size);

	if (r == WIRE_MORE)
		return WIRE_SHORT;
	if (r == WIRE_OK && size != record.len)
		return WIRE_TRAILING;
	if (r == WIRE_OK)
		r = msg_decode(&f, ROLE_WORKER, ROLE_MASTER, when, &m);
	if (r != WIRE_OK)
		return r;
	if (f.type == MSG_HELLO)
		return take_hello(c, &m.hello);
	if (f.type == MSG_ALIVE)
		return take_alive(c);
	must(f.type == MSG_TAKEN);
	return take_taken(c, &m.taken);
}

/* The worker has closed its end: it is exiting, or as good as dead. A draining one may close it
 * early; it has its deadline already. */
static void
take_farewell(struct child *c)
{
	close_control(c);
	if (c->state != CHILD_DRAINING)
		enter(c, CHILD_LOST, FAREWELL_MS);
}

static void
hear(struct child *c)
{
	for (int i = 0; i < RECORDS_PER_EVENT && c->control != -1; i++) {
		uint8_t record[RECORD_MAX];
		enum wire_result r;
		int fd = -1;
		ssize_t n = fdpass_recv(c->control, record, sizeof(record), &fd);

		if (n == 0 || (n == -1 && errno == ECONNRESET)) {
			take_farewell(c);
			return;
		}
		/* Nothing there, or no memory to read it: neither is the worker's fault. */
		if (n == -1 && errno != EMSGSIZE && errno != EMFILE)
			return;
		/* No message of a worker carries a descriptor. */
		r = n == -1 || fd != -1
		    ? WIRE_OVERSIZE
		    : take_record(c, (struct slice){.p = record, .len = (size_t)n});
		closefd(&fd);
		if (r != WIRE_OK)
			child_kill(c, wire_result_name(r));
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	hear(arg);
}

/* -- the pulse --------------------------------------------------------------------------- */

static void
abort_child(struct child *c, uint64_t silence_ms)
{
	log_event(LOG_ERROR, "worker_hung", L_UINT("worker", c->number), L_INT("pid", c->pid),
	    L_UINT("generation", c->generation), L_UINT("silence_ms", silence_ms));
	c->hung = true;
	kill(c->pid, SIGABRT);
	close_control(c);
	enter(c, CHILD_LOST, ABORT_MS);
}

void
child_check(struct child *c, bool counts, uint64_t now_ms)
{
	/* The answer may be there already. */
	if (c->control != -1)
		hear(c);
	if (c->control == -1 || (c->state != CHILD_READY && c->state != CHILD_DRAINING))
		return;
	switch (pulse_look(&c->pulse, counts, now_ms)) {
	case PULSE_ASK:
		c->owed |= OWED_CHECK;
		send_owed(c);
		break;
	case PULSE_WAIT:
		break;
	case PULSE_HANGS:
		abort_child(c, now_ms - c->pulse.asked_ms);
	}
}

/* -- life -------------------------------------------------------------------------------- */

struct child *
child_new(struct event_base *base, const struct child_identity *who, int control,
    const struct child_hooks *hooks)
{
	struct child *c = xcalloc(1, sizeof(*c));

	*c = (struct child){
	    .number = who->number,
	    .generation = who->generation,
	    .epoch = who->epoch,
	    .pid = who->pid,
	    .started_ms = clock_mono_ms(),
	    .state = CHILD_STARTING,
	    .control = control,
	    .keyring = who->keyring,
	    .hooks = hooks,
	};
	buf_init(&c->out, RECORD_MAX);
	c->readable = loop_event(base, control, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = loop_event(base, control, EV_WRITE, on_writable, c);
	c->deadline = loop_timer(base, on_deadline, c);
	loop_watch(c->readable);
	loop_after(c->deadline, HELLO_TIMEOUT_MS);
	send_hello(c);
	if (c->keyring != NULL)
		child_send_keys(c, true);
	return c;
}

void
child_free(struct child *c)
{
	if (c == NULL)
		return;
	close_control(c);
	loop_free(&c->deadline);
	buf_clear(&c->out);
	free(c);
}
