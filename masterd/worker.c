/*
 * Messages from a worker are checked against messages.def. A worker that sends anything else is
 * broken, and is killed.
 */
#include "masterd/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/ipc/fdpass.h"

/* How long a worker may take to send its hello: it loads its files and libraries first. */
#define HELLO_TIMEOUT_MS 30000

/* How long a worker that closed its control socket may take to exit. A busy machine may not run it
 * for seconds. */
#define EXIT_TIMEOUT_MS 10000

/* The same for one that was aborted: the kernel may have a core dump to write. */
#define ABORT_TIMEOUT_MS 5000

/* How long a draining worker may exceed its deadline. It has cut its replies by then, and the store
 * keeps them. */
#define DRAIN_GRACE_MS 10000

/* Records read per event, so that one busy worker does not starve the others. */
#define RECORDS_PER_EVENT 64

/* Messages of workers are short: the hello is the longest, under 100 bytes. */
#define RECORD_MAX 256

static void
worker_enter_state(struct worker *w, enum worker_state state, uint64_t deadline_ms)
{
	if (w->state == state)
		return;
	w->state = state;
	if (deadline_ms == 0)
		event_del(w->deadline);
	else
		loop_after(w->deadline, deadline_ms);
	w->hooks->changed(w, w->hooks->ctx);
}

/* The events go first: epoll(7) must not watch a closed descriptor. */
static void
worker_close_control(struct worker *w)
{
	loop_free(&w->readable);
	loop_free(&w->writable);
	closefd(&w->control);
	w->in_flight = 0;
	w->pending = 0;
}

void
worker_kill(struct worker *w, const char *why)
{
	log_event(w->leaving ? LOG_WARN : LOG_ERROR, "worker_killed",
	    L_UINT("worker", w->number), L_INT("pid", w->pid),
	    L_UINT("generation", w->generation), L_STR("why", why));
	/* It was not reaped yet, so the pid is still its own. */
	kill(w->pid, SIGKILL);
	worker_close_control(w);
	worker_enter_state(w, WORKER_LOST, 0);
	event_del(w->deadline);
}

static void
worker_on_deadline(evutil_socket_t fd, short what, void *arg)
{
	static const char *const why[] = {
	    [WORKER_STARTING] = "sent no hello in time",
	    [WORKER_READY] = "has no deadline",
	    [WORKER_DRAINING] = "did not finish in time",
	    [WORKER_LOST] = "did not exit in time",
	};
	struct worker *w = arg;

	(void)fd, (void)what;
	worker_kill(w, why[w->state]);
}

static int
worker_send_record(struct worker *w, enum msg_type type, const void *msg, int fd)
{
	buf_reset(&w->out);
	must(msg_encode(&w->out, type, 0, msg) == 0);
	return fdpass_send(w->control, buf_slice(&w->out), fd);
}

int
worker_send_connection(struct worker *w, const struct msg_connection *m, int fd)
{
	must(w->state == WORKER_READY);
	/* It would be served with the old keys. */
	if (w->pending & (PENDING_TICKETS | PENDING_CERTIFICATE)) {
		errno = EAGAIN;
		return -1;
	}
	if (worker_send_record(w, MSG_CONNECTION, m, fd) == -1)
		return -1;
	w->in_flight++;
	return 0;
}

/* Like worker_send_record(), but leaves nothing of the record in memory. */
static int
worker_send_secret(const struct worker *w, enum msg_type type, const void *msg)
{
	struct buf record;
	int r;

	buf_init(&record, CONTROL_RECORD_MAX);
	must(buf_reserve(&record, CONTROL_RECORD_MAX) != NULL);
	must(msg_encode(&record, type, 0, msg) == 0);
	r = fdpass_send(w->control, buf_slice(&record), -1);
	buf_wipe(&record);
	return r;
}

static int
worker_send_ticket_keys(struct worker *w)
{
	const struct msg_ticket_keys keys = tls_keys_tickets(w->tls_keys);

	return worker_send_secret(w, MSG_TICKET_KEYS, &keys);
}

static int
worker_send_certificate(struct worker *w)
{
	const struct msg_tls_certificate certificate = tls_keys_certificate(w->tls_keys);

	return worker_send_secret(w, MSG_TLS_CERTIFICATE, &certificate);
}

static int
worker_send_start(struct worker *w)
{
	return worker_send_record(w, MSG_START, &(struct msg_start){}, -1);
}

static int
worker_send_drain(struct worker *w)
{
	uint64_t now = clock_mono_ms();
	const struct msg_drain drain = {
	    .within_ms = now < w->drain_until_ms ? (uint32_t)(w->drain_until_ms - now) : 0,
	};

	return worker_send_record(w, MSG_DRAIN, &drain, -1);
}

static int
worker_send_check(struct worker *w)
{
	return worker_send_record(w, MSG_CHECK, &(struct msg_check){}, -1);
}

/* A worker without its keys could not serve correctly; one that does not receive START or the drain
 * message has its deadline; one that received no check owes no answer. */
static void
worker_send_failed(struct worker *w, enum worker_pending what)
{
	log_event(LOG_WARN, "worker_not_told", L_UINT("worker", w->number),
	    L_INT("pid", w->pid), L_ERRNO());
	if (what == PENDING_TICKETS || what == PENDING_CERTIFICATE)
		worker_kill(w, "cannot send its keys");
	if (what == PENDING_CHECK)
		w->heartbeat = (struct heartbeat){0};
}

/* Sends pending messages; waits for room if the socket is full, since a worker that is behind must
 * still receive them. */
static void
worker_send_pending(struct worker *w)
{
	static const struct {
		enum worker_pending what;
		int (*send)(struct worker *);
	} all[] = {
	    {PENDING_TICKETS, worker_send_ticket_keys},
	    {PENDING_CERTIFICATE, worker_send_certificate},
	    {PENDING_START, worker_send_start},
	    {PENDING_DRAIN, worker_send_drain},
	    {PENDING_CHECK, worker_send_check},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (!(w->pending & all[i].what))
			continue;
		if (all[i].send(w) == -1) {
			if (errno == EAGAIN) {
				loop_watch(w->writable);
				return;
			}
			worker_send_failed(w, all[i].what);
		}
		w->pending &= ~(unsigned)all[i].what;
	}
}

static void
worker_on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd, (void)what;
	worker_send_pending(w);
	if (w->pending == 0)
		w->hooks->taken(w, w->hooks->ctx);
}

void
worker_send_keys(struct worker *w, bool certificate)
{
	if (w->state != WORKER_STARTING && w->state != WORKER_READY)
		return;
	w->pending |= PENDING_TICKETS;
	if (certificate)
		w->pending |= PENDING_CERTIFICATE;
	worker_send_pending(w);
}

/* From READY, or from DRAINING with an earlier deadline. A worker that has closed its control
 * socket only gets the deadline. */
static void
worker_begin_drain(struct worker *w, uint64_t until_ms, uint32_t within_ms)
{
	uint64_t deadline_ms = (uint64_t)within_ms + DRAIN_GRACE_MS;

	w->drain_until_ms = until_ms;
	if (w->control != -1) {
		w->pending |= PENDING_DRAIN;
		worker_send_pending(w);
	}
	/* It was lost if its keys could not be sent. */
	if (w->state == WORKER_LOST)
		return;
	if (w->state == WORKER_DRAINING)
		loop_after(w->deadline, deadline_ms);
	else
		worker_enter_state(w, WORKER_DRAINING, deadline_ms);
}

void
worker_drain(struct worker *w, uint32_t within_ms)
{
	uint64_t until_ms = clock_mono_ms() + within_ms;

	w->leaving = true;
	if (w->state == WORKER_STARTING) {
		worker_kill(w, "no longer needed");
	} else if (w->state == WORKER_READY ||
	    (w->state == WORKER_DRAINING && until_ms < w->drain_until_ms)) {
		worker_begin_drain(w, until_ms, within_ms);
	}
}

static void
worker_send_hello(struct worker *w)
{
	const struct msg_hello hello = {
	    .version = WIRE_VERSION,
	    .role = ROLE_MASTER,
	    .pid = (uint32_t)getpid(),
	    .program = slice_str("masterd " BANTER_VERSION),
	};

	/* A worker that died immediately is reaped soon; nothing else can cause this. */
	if (worker_send_record(w, MSG_HELLO, &hello, -1) == -1)
		log_event(LOG_WARN, "hello_unsent", L_UINT("worker", w->number),
		    L_INT("pid", w->pid), L_ERRNO());
}

static enum wire_result
worker_receive_hello(struct worker *w, const struct msg_hello *m)
{
	if (m->role != ROLE_WORKER || m->version != WIRE_VERSION)
		return WIRE_FORBIDDEN;
	w->was_ready = true;
	log_event(LOG_INFO, "worker_ready", L_UINT("worker", w->number), L_INT("pid", w->pid),
	    L_UINT("generation", w->generation), L_SLICE("program", m->program),
	    L_UINT("ms", clock_mono_ms() - w->started_ms));
	worker_enter_state(w, WORKER_READY, 0);
	return WIRE_OK;
}

/* A worker cannot take more connections than it was sent. */
static enum wire_result
worker_receive_taken(struct worker *w, const struct msg_taken *m)
{
	if (m->count > w->in_flight)
		return WIRE_RANGE;
	w->in_flight -= m->count;
	w->hooks->taken(w, w->hooks->ctx);
	return WIRE_OK;
}

/* A worker must not answer without a check. */
static enum wire_result
worker_receive_alive(struct worker *w)
{
	if (!heartbeat_answer(&w->heartbeat))
		return WIRE_FORBIDDEN;
	w->hooks->taken(w, w->hooks->ctx);
	return WIRE_OK;
}

static enum wire_result
worker_receive(struct worker *w, struct slice record)
{
	enum when when = w->state == WORKER_STARTING ? WHEN_FIRST : WHEN_READY;
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
		return worker_receive_hello(w, &m.hello);
	if (f.type == MSG_ALIVE)
		return worker_receive_alive(w);
	must(f.type == MSG_TAKEN);
	return worker_receive_taken(w, &m.taken);
}

/* The worker has closed its end: it is exiting or dead. A draining worker may close it early and
 * has its deadline already. */
static void
worker_control_closed(struct worker *w)
{
	worker_close_control(w);
	if (w->state != WORKER_DRAINING)
		worker_enter_state(w, WORKER_LOST, EXIT_TIMEOUT_MS);
}

static void
worker_read_control(struct worker *w)
{
	for (int i = 0; i < RECORDS_PER_EVENT && w->control != -1; i++) {
		uint8_t record[RECORD_MAX];
		enum wire_result r;
		int fd = -1;
		ssize_t n = fdpass_recv(w->control, record, sizeof(record), &fd);

		if (n == 0 || (n == -1 && errno == ECONNRESET)) {
			worker_control_closed(w);
			return;
		}
		/* No message, or no memory to read it: neither is the worker's fault. */
		if (n == -1 && errno != EMSGSIZE && errno != EMFILE)
			return;
		/* No message of a worker carries a descriptor. */
		r = n == -1 || fd != -1
		    ? WIRE_OVERSIZE
		    : worker_receive(w, (struct slice){.p = record, .len = (size_t)n});
		closefd(&fd);
		if (r != WIRE_OK)
			worker_kill(w, wire_result_name(r));
	}
}

static void
worker_on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	worker_read_control(arg);
}

static void
worker_abort(struct worker *w, uint64_t silence_ms)
{
	log_event(LOG_ERROR, "worker_hung", L_UINT("worker", w->number), L_INT("pid", w->pid),
	    L_UINT("generation", w->generation), L_UINT("silence_ms", silence_ms));
	w->hung = true;
	kill(w->pid, SIGABRT);
	worker_close_control(w);
	worker_enter_state(w, WORKER_LOST, ABORT_TIMEOUT_MS);
}

void
worker_check(struct worker *w, bool counts, uint64_t now_ms)
{
	/* The answer may have arrived already. */
	if (w->control != -1)
		worker_read_control(w);
	if (w->control == -1 || (w->state != WORKER_READY && w->state != WORKER_DRAINING))
		return;
	switch (heartbeat_check(&w->heartbeat, counts, now_ms)) {
	case HEARTBEAT_ASK:
		w->pending |= PENDING_CHECK;
		worker_send_pending(w);
		break;
	case HEARTBEAT_WAIT:
		break;
	case HEARTBEAT_HANGS:
		worker_abort(w, now_ms - w->heartbeat.asked_ms);
	}
}

struct worker *
worker_new(struct event_base *base, const struct worker_config *who, int control,
    const struct worker_hooks *hooks)
{
	struct worker *w = xcalloc(1, sizeof(*w));

	*w = (struct worker){
	    .number = who->number,
	    .generation = who->generation,
	    .epoch = who->epoch,
	    .pid = who->pid,
	    .started_ms = clock_mono_ms(),
	    .state = WORKER_STARTING,
	    .control = control,
	    .tls_keys = who->tls_keys,
	    .hooks = hooks,
	};
	buf_init(&w->out, RECORD_MAX);
	w->readable = loop_event(base, control, EV_READ | EV_PERSIST, worker_on_readable, w);
	w->writable = loop_event(base, control, EV_WRITE, worker_on_writable, w);
	w->deadline = loop_timer(base, worker_on_deadline, w);
	loop_watch(w->readable);
	loop_after(w->deadline, HELLO_TIMEOUT_MS);
	worker_send_hello(w);
	w->pending = PENDING_START;
	if (w->tls_keys != NULL)
		w->pending |= PENDING_TICKETS | PENDING_CERTIFICATE;
	worker_send_pending(w);
	return w;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	worker_close_control(w);
	loop_free(&w->deadline);
	buf_clear(&w->out);
	free(w);
}
