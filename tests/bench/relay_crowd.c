/*
 * One epoll loop: visitors that arrive, tokens that arrive, and the marks of the measurement
 * window.
 */
#include "tests/bench/relay_crowd.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/bench/relay_answer.h"

#define EVENTS_MAX 256
#define READ_SIZE  65536
#define PATIENCE_S 60.0 /* after the window, for the last token */
/* Visitors beside the readers get fewer but larger tokens, so that one that does not read fills the
 * kernel's buffers within a second or two. */
#define OTHERS_SLOWER 4u
#define OTHERS_TOKEN  4000u

struct visitor {
	struct crowd *crowd;
	int fd;
	bool connecting;
	bool is_other;
	uint64_t asked_ns;
	unsigned next; /* token */
	struct answer answer;
};

struct crowd {
	const struct server *server;
	const struct crowd_plan *plan;
	struct crowd_figures *figures;
	const char *mark; /* before a token's text */
	size_t mark_len;
	unsigned tokens; /* of each reply */
	char script[64], others_script[64];
	int epoll;
	struct visitor *visitors;
	uint64_t *arrivals_ns; /* of each visitor, in order */
	size_t n, arrived;
	size_t readers_left;
	uint64_t start_ns, window_ns, end_ns; /* start and end of the window */
	uint64_t now_ns;
	uint64_t tokens_seen; /* of all readers */
	/* At the last mark. */
	size_t marks;
	uint64_t marked_ns, marked_cpu_ns, marked_tokens;
};

static bool
is_paced(const struct crowd *c)
{
	return c->plan->rate > 0;
}

/* Whether only a window is measured, in slices, and not the whole run. */
static bool
has_window(const struct crowd *c)
{
	return is_paced(c) || c->plan->path != NULL;
}

static bool
is_in_window(const struct crowd *c)
{
	return c->marks > 0 && c->marks <= CROWD_SLICES;
}

/* A fixed sequence of random numbers (splitmix64), the same for every server. */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
plan_arrivals(struct crowd *c)
{
	uint64_t ramp = (uint64_t)(c->plan->ramp_s * 1e9), state = 1;

	c->arrivals_ns = xcalloc(c->n, sizeof(*c->arrivals_ns));
	for (size_t i = 0; i < c->n; i++)
		c->arrivals_ns[i] = c->start_ns + next_random(&state) % ramp;
	qsort(c->arrivals_ns, c->n, sizeof(*c->arrivals_ns), compare);
}

static void
plan_script(struct crowd *c)
{
	const struct crowd_plan *p = c->plan;
	double lasts = p->ramp_s + p->settle_s + p->window_s + 1;

	c->tokens = is_paced(c) ? (unsigned)(lasts * p->rate) : p->tokens;
	snprintf(c->script, sizeof(c->script), "stamp tokens=%u delay=%u", c->tokens,
	    is_paced(c) ? 1000 / p->rate : 0);
	snprintf(c->others_script, sizeof(c->others_script), "huge=%u tokens=%u delay=%u",
	    OTHERS_TOKEN, c->tokens / OTHERS_SLOWER,
	    is_paced(c) ? OTHERS_SLOWER * 1000 / p->rate : 0);
}

static uint64_t
take_number(const uint8_t **p, const uint8_t *end)
{
	uint64_t n = 0;

	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++)
		n = n * 10 + (uint64_t)(**p - '0');
	return n;
}

static void
take_token(struct visitor *v, uint64_t index, uint64_t stamp_ns)
{
	struct crowd *c = v->crowd;
	struct crowd_figures *f = c->figures;

	/* A token out of order leaves next unchanged, and so counts as lost. */
	if (index != v->next)
		return;
	if (v->next++ == 0)
		durations_add(&f->first_token, c->now_ns - v->asked_ns);
	c->tokens_seen++;
	if (!has_window(c) || is_in_window(c))
		durations_add(&f->relay, c->now_ns - stamp_ns);
}

/* A line of the body: all tokens of its text, "0:1234 1:2345 ". */
static void
on_line(void *arg, struct slice line)
{
	struct visitor *v = arg;
	const uint8_t *end = line.p + line.len;
	const uint8_t *p = memmem(line.p, line.len, v->crowd->mark, v->crowd->mark_len);

	if (p == NULL)
		return;
	p += v->crowd->mark_len;
	while (p < end && *p >= '0' && *p <= '9') {
		uint64_t index = take_number(&p, end);

		if (p == end || *p++ != ':')
			return;
		take_token(v, index, take_number(&p, end));
		if (p < end && *p == ' ')
			p++;
	}
}

static void
watch(struct visitor *v, int op, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = v};

	if (epoll_ctl(v->crowd->epoll, op, v->fd, &ev) == -1)
		err(EX_OSERR, "epoll_ctl");
}

static void
leave(struct visitor *v)
{
	closefd(&v->fd);
	if (!v->is_other)
		v->crowd->readers_left--;
}

static void
fail(struct visitor *v)
{
	if (!v->is_other) {
		if (v->crowd->figures->failed++ == 0)
			v->crowd->figures->failed_status = v->answer.response.status;
		v->crowd->figures->lost += v->crowd->tokens - v->next;
	}
	leave(v);
}

static void
ask(struct visitor *v)
{
	struct crowd *c = v->crowd;
	char request[REQUEST_SIZE];
	size_t n = c->plan->path != NULL
	    ? server_get(c->server, c->plan->path, request)
	    : server_question(c->server, v->is_other ? c->others_script : c->script,
		  (unsigned)(v - c->visitors), request);

	answer_begin(&v->answer);
	v->next = 0;
	/* A request fits into the socket's empty buffer. */
	if (send(v->fd, request, n, MSG_NOSIGNAL) != (ssize_t)n)
		fail(v);
}

static void
arrive(struct visitor *v)
{
	struct crowd *c = v->crowd;
	struct sockaddr_in a = server_loopback(c->server->port);
	int small = 4096;

	v->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (v->fd == -1)
		err(EX_OSERR, "socket");
	/* A visitor that stops reading has a small receive buffer. */
	if (v->is_other && c->plan->others_stop)
		must(setsockopt(v->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) == 0);
	v->asked_ns = clock_mono_ns();
	v->connecting = true;
	if (connect(v->fd, (struct sockaddr *)&a, sizeof(a)) == -1 && errno != EINPROGRESS)
		fail(v);
	else
		watch(v, EPOLL_CTL_ADD, EPOLLOUT);
}

static void
connected(struct visitor *v)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1 || error != 0) {
		fail(v);
		return;
	}
	v->connecting = false;
	watch(v, EPOLL_CTL_MOD, EPOLLIN);
	ask(v);
}

/* The response has ended, with or without an error. */
static void
answered(struct visitor *v)
{
	struct crowd *c = v->crowd;

	if (v->answer.result == RESPONSE_BAD || v->answer.response.status != 200) {
		fail(v);
		return;
	}
	if (!v->is_other) {
		c->figures->replies++;
		c->figures->lost += c->tokens - v->next;
	}
	if (c->plan->path != NULL)
		c->tokens_seen++;
	if (is_paced(c) || c->now_ns >= c->end_ns) {
		leave(v);
		return;
	}
	v->asked_ns = c->now_ns;
	ask(v);
}

static void
readable(struct visitor *v)
{
	static uint8_t buffer[READ_SIZE];
	ssize_t n = recv(v->fd, buffer, sizeof(buffer), 0);
	struct slice in = {buffer, n < 0 ? 0 : (size_t)n};
	struct crowd *c = v->crowd;

	c->now_ns = clock_mono_ns();
	if (n == -1 && errno == EAGAIN)
		return;
	c->figures->bytes += in.len;
	if (in.len == 0)
		fail(v);
	else if (!answer_feed(&v->answer, in, c->plan->path == NULL ? on_line : NULL, v))
		answered(v);
	else if (v->is_other && c->plan->others_stop && v->answer.response.status == 200)
		watch(v, EPOLL_CTL_DEL, 0);
}

static void
mark_slice(struct crowd *c, uint64_t now, uint64_t cpu)
{
	struct crowd_figures *f = c->figures;
	uint64_t tokens = c->tokens_seen - c->marked_tokens;

	f->ns += now - c->marked_ns;
	f->cpu_ns += cpu - c->marked_cpu_ns;
	f->tokens += tokens;
	f->cpu_us[f->slices++] =
	    tokens == 0 ? 0 : (double)(cpu - c->marked_cpu_ns) / 1e3 / (double)tokens;
}

/* The start of the window, or the end of one of its slices. */
static void
take_mark(struct crowd *c)
{
	uint64_t cpu = group_cpu_ns(&c->server->group), now = clock_mono_ns();

	if (c->marks > 0)
		mark_slice(c, now, cpu);
	c->marks++;
	c->marked_ns = now;
	c->marked_cpu_ns = cpu;
	c->marked_tokens = c->tokens_seen;
	if (c->marks == CROWD_SLICES + 1)
		c->figures->busy = group_memory(&c->server->group);
}

static uint64_t
next_mark_ns(const struct crowd *c)
{
	if (!has_window(c) || c->marks > CROWD_SLICES)
		return UINT64_MAX;
	return c->window_ns + c->marks * (c->end_ns - c->window_ns) / CROWD_SLICES;
}

/* Starts the visitors and takes the marks that are due. Returns the time until the next of these in
 * ms. */
static int
keep_time(struct crowd *c)
{
	uint64_t now = clock_mono_ns(), next = now + 100000000, mark;

	while (c->arrived < c->n && c->arrivals_ns[c->arrived] <= now)
		arrive(&c->visitors[c->arrived++]);
	if (next_mark_ns(c) <= now)
		take_mark(c);
	if (c->arrived < c->n && c->arrivals_ns[c->arrived] < next)
		next = c->arrivals_ns[c->arrived];
	mark = next_mark_ns(c);
	if (mark < next)
		next = mark;
	now = clock_mono_ns();
	return next <= now ? 0 : (int)((next - now + 999999) / 1000000);
}

static void
turn(struct crowd *c)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(c->epoll, events, EVENTS_MAX, keep_time(c));

	if (n == -1 && errno != EINTR)
		err(EX_OSERR, "epoll_wait");
	for (int i = 0; i < n; i++) {
		struct visitor *v = events[i].data.ptr;

		if (v->connecting)
			connected(v);
		else
			readable(v);
	}
}

static void
loop(struct crowd *c)
{
	uint64_t give_up = c->end_ns + (uint64_t)(PATIENCE_S * 1e9), check_ns = 0;

	if (!has_window(c))
		take_mark(c);
	while (c->readers_left > 0 && clock_mono_ns() < give_up) {
		turn(c);
		if (clock_mono_ns() - check_ns > 100000000) {
			children_check();
			check_ns = clock_mono_ns();
		}
	}
	if (!has_window(c))
		take_mark(c);
	for (size_t i = 0; i < c->arrived; i++)
		if (c->visitors[i].fd != -1 && !c->visitors[i].is_other)
			fail(&c->visitors[i]);
}

static void
open_crowd(struct crowd *c)
{
	const struct crowd_plan *p = c->plan;

	c->n = p->readers + p->others;
	c->readers_left = p->readers;
	c->mark = server_token_mark(c->server->kind);
	c->mark_len = strlen(c->mark);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c->epoll == -1)
		err(EX_OSERR, "epoll_create1");
	c->visitors = xcalloc(c->n, sizeof(*c->visitors));
	for (size_t i = 0; i < c->n; i++) {
		c->visitors[i].crowd = c;
		c->visitors[i].fd = -1;
		c->visitors[i].is_other = p->others > 0 && i % 2 == 1;
		answer_init(&c->visitors[i].answer);
	}
	plan_script(c);
	c->start_ns = clock_mono_ns();
	c->window_ns = c->start_ns + (uint64_t)((p->ramp_s + p->settle_s) * 1e9);
	c->end_ns = c->window_ns + (uint64_t)(p->window_s * 1e9);
	plan_arrivals(c);
}

static void
close_crowd(struct crowd *c)
{
	for (size_t i = 0; i < c->n; i++) {
		closefd(&c->visitors[i].fd);
		answer_clear(&c->visitors[i].answer);
	}
	closefd(&c->epoll);
	free(c->visitors);
	free(c->arrivals_ns);
}

void
crowd_run(
    const struct server *server, const struct crowd_plan *plan, struct crowd_figures *figures)
{
	struct crowd c = {.server = server, .plan = plan, .figures = figures};

	*figures = (struct crowd_figures){.idle = group_memory(&server->group)};
	open_crowd(&c);
	loop(&c);
	close_crowd(&c);
}

void
crowd_clear(struct crowd_figures *figures)
{
	durations_clear(&figures->relay);
	durations_clear(&figures->first_token);
}
