/*
 * The load of make bench: many visitors, each with its own connection, who ask a question and read the reply
 * as it arrives. The stub stamps each token with the time at which it was produced, so its arrival
 * shows the latency of the server.
 *
 * Paced: every visitor asks once, at a random moment of the ramp, and the measurement window covers
 * a time in which all replies run. At full speed: every visitor asks again and again until the
 * window ends, and everything from the first question to the last response is measured, including
 * the start and end of each reply. Short requests: every visitor sends the same GET again and
 * again, and the window is measured.
 *
 * One epoll loop: visitors that arrive, tokens that arrive, and the marks of the measurement
 * window.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/bench/bench.h"
#include "tests/bench/crowd_answer.h"
#include "tests/bench/link.h"

#define EVENTS_MAX 256
#define READ_SIZE  65536
#define PATIENCE_S 60.0 /* after the window, for the last token */
#define SLICES     5u   /* of the window, to show how the figures vary */

/* What relay.mjs passes. */
struct plan {
	int port, readers;
	int tls; /* the visitors connect with TLS */
	/* Other visitors, none or as many as readers; and whether they stop reading after the first token. */
	int others, others_stop;
	/* The request of a reader and of another visitor; "#####" stands for the visitor's number. */
	const char *request, *others_request;
	const char *
	    mark; /* before a token's text in a line of the response; "": these are short requests */
	int once;   /* paced: every visitor asks once */
	int tokens; /* of each reply */
	double ramp_s, settle_s, window_s;
};

struct visitor {
	struct crowd *crowd;
	struct link link;
	bool connecting; /* until the request is sent */
	bool is_other;
	uint64_t asked_ns;
	int next; /* token */
	struct answer answer;
};

struct crowd {
	struct plan plan;
	struct group server; /* all its processes, without the model */
	struct group load;   /* this process and the model's */
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
	uint64_t marked_ns, marked_cpu_ns, marked_load_ns, marked_tokens;

	/* The figures of the window. */
	uint64_t ns, cpu_ns, load_ns;
	uint64_t tokens;        /* that reached readers, or short requests */
	struct durations relay; /* from a token's stamp to its arrival, of readers */
	json_t *cpu_us;         /* processor time per token, of each slice */
	json_t *idle, *busy;    /* memory before the first question, and at the window's end */
	/* Those of the whole run. */
	struct durations first_token; /* from the connection to the reply's first token */
	uint64_t replies;             /* complete replies */
	uint64_t bytes;               /* received */
	uint64_t lost;                /* tokens that were missing or out of order */
	uint64_t failed;              /* readers whose reply was refused or truncated */
	int failed_status;            /* of the first of these; 0: none, or no response */
};

static bool
is_short(const struct crowd *c)
{
	return *c->plan.mark == '\0';
}

/* Whether only a window is measured, in slices, and not the whole run. */
static bool
has_window(const struct crowd *c)
{
	return c->plan.once || is_short(c);
}

static bool
is_in_window(const struct crowd *c)
{
	return c->marks > 0 && c->marks <= SLICES;
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
	uint64_t ramp = (uint64_t)(c->plan.ramp_s * 1e9), state = 1;

	c->arrivals_ns = xcalloc(c->n, sizeof(*c->arrivals_ns));
	for (size_t i = 0; i < c->n; i++)
		c->arrivals_ns[i] = c->start_ns + next_random(&state) % ramp;
	qsort(c->arrivals_ns, c->n, sizeof(*c->arrivals_ns), compare);
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

	/* A token out of order leaves next unchanged, and so counts as lost. */
	if (index != (uint64_t)v->next)
		return;
	if (v->next++ == 0)
		durations_add(&c->first_token, c->now_ns - v->asked_ns);
	c->tokens_seen++;
	if (!has_window(c) || is_in_window(c))
		durations_add(&c->relay, c->now_ns - stamp_ns);
}

/* A line of the body: all tokens of its text, "0:1234 1:2345 ". */
static void
on_line(void *arg, struct slice line)
{
	struct visitor *v = arg;
	const char *mark = v->crowd->plan.mark;
	const uint8_t *end = line.p + line.len;
	const uint8_t *p = memmem(line.p, line.len, mark, strlen(mark));

	if (p == NULL)
		return;
	p += strlen(mark);
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

	if (epoll_ctl(v->crowd->epoll, op, v->link.fd, &ev) == -1)
		err(EX_OSERR, "epoll_ctl");
}

static void
leave(struct visitor *v)
{
	link_close(&v->link);
	if (!v->is_other)
		v->crowd->readers_left--;
}

static void
fail(struct visitor *v)
{
	struct crowd *c = v->crowd;

	if (!v->is_other) {
		if (c->failed++ == 0)
			c->failed_status = v->answer.response.head.status;
		c->lost += (uint64_t)(c->plan.tokens - v->next);
	}
	leave(v);
}

static void
ask(struct visitor *v)
{
	const struct plan *p = &v->crowd->plan;
	char request[1024], number[8], *at;
	size_t n =
	    strlcpy(request, v->is_other ? p->others_request : p->request, sizeof(request));
	ssize_t sent;

	must(n < sizeof(request));
	at = strstr(request, "#####");
	snprintf(number, sizeof(number), "%05zu", (size_t)(v - v->crowd->visitors));
	if (at != NULL)
		memcpy(at, number, 5);
	answer_begin(&v->answer);
	v->next = 0;
	/* A request fits into the socket's empty buffer. */
	sent = link_send(&v->link, request, n);
	v->connecting = sent == -1 && errno == EAGAIN;
	if (sent != (ssize_t)n && !v->connecting)
		fail(v);
}

static void
arrive(struct visitor *v)
{
	struct crowd *c = v->crowd;
	/* A visitor that stops reading has a small receive buffer. */
	int receive_buffer = v->is_other && c->plan.others_stop ? 4096 : 0;

	v->asked_ns = clock_mono_ns();
	v->connecting = true;
	if (link_connect(&v->link, (uint16_t)c->plan.port, c->plan.tls, receive_buffer) == -1)
		fail(v);
	else
		watch(v, EPOLL_CTL_ADD, EPOLLOUT);
}

static void
connected(struct visitor *v)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(v->link.fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1 || error != 0) {
		fail(v);
		return;
	}
	watch(v, EPOLL_CTL_MOD, EPOLLIN);
	ask(v);
}

/* The response has ended, with or without an error. */
static void
answered(struct visitor *v)
{
	struct crowd *c = v->crowd;

	if (v->answer.result == RESPONSE_BAD || v->answer.response.head.status != 200) {
		fail(v);
		return;
	}
	if (!v->is_other) {
		c->replies++;
		c->lost += (uint64_t)(c->plan.tokens - v->next);
	}
	c->tokens_seen += is_short(c);
	if (c->plan.once || c->now_ns >= c->end_ns) {
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
	ssize_t n = link_recv(&v->link, buffer, sizeof(buffer));
	struct slice in = {buffer, n < 0 ? 0 : (size_t)n};
	struct crowd *c = v->crowd;

	c->now_ns = clock_mono_ns();
	if (n == -1 && errno == EAGAIN)
		return;
	c->bytes += in.len;
	if (in.len == 0)
		fail(v);
	else if (!answer_feed(&v->answer, in, is_short(c) ? NULL : on_line, v))
		answered(v);
	else if (v->is_other && c->plan.others_stop && v->answer.response.head.status == 200)
		watch(v, EPOLL_CTL_DEL, 0);
}

static void
mark_slice(struct crowd *c, uint64_t now, uint64_t cpu, uint64_t load)
{
	uint64_t tokens = c->tokens_seen - c->marked_tokens, spent = cpu - c->marked_cpu_ns;

	c->ns += now - c->marked_ns;
	c->cpu_ns += spent;
	c->load_ns += load - c->marked_load_ns;
	c->tokens += tokens;
	json_array_append_new(
	    c->cpu_us, json_real(tokens == 0 ? 0 : (double)spent / 1e3 / (double)tokens));
}

/* The start of the window, or the end of one of its slices. */
static void
take_mark(struct crowd *c)
{
	uint64_t cpu = group_cpu_ns(&c->server), load = group_cpu_ns(&c->load);
	uint64_t now = clock_mono_ns();

	if (c->marks > 0)
		mark_slice(c, now, cpu, load);
	c->marks++;
	c->marked_ns = now;
	c->marked_cpu_ns = cpu;
	c->marked_load_ns = load;
	c->marked_tokens = c->tokens_seen;
	if (c->marks == SLICES + 1)
		c->busy = group_memory(&c->server);
}

static uint64_t
next_mark_ns(const struct crowd *c)
{
	if (!has_window(c) || c->marks > SLICES)
		return UINT64_MAX;
	return c->window_ns + c->marks * (c->end_ns - c->window_ns) / SLICES;
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
	uint64_t give_up = c->end_ns + (uint64_t)(PATIENCE_S * 1e9);

	if (!has_window(c))
		take_mark(c);
	while (c->readers_left > 0 && clock_mono_ns() < give_up)
		turn(c);
	/* Short requests: all may end in the turn before the last slice does. */
	if (!has_window(c) || c->marks == SLICES)
		take_mark(c);
	for (size_t i = 0; i < c->arrived; i++)
		if (c->visitors[i].link.fd != -1 && !c->visitors[i].is_other)
			fail(&c->visitors[i]);
}

static void
open_crowd(struct crowd *c)
{
	const struct plan *p = &c->plan;

	c->n = (size_t)p->readers + (size_t)p->others;
	c->readers_left = (size_t)p->readers;
	c->cpu_us = json_array();
	c->idle = group_memory(&c->server);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c->epoll == -1)
		err(EX_OSERR, "epoll_create1");
	c->visitors = xcalloc(c->n, sizeof(*c->visitors));
	for (size_t i = 0; i < c->n; i++) {
		c->visitors[i].crowd = c;
		c->visitors[i].link.fd = -1;
		c->visitors[i].is_other = p->others > 0 && i % 2 == 1;
		answer_init(&c->visitors[i].answer);
	}
	c->start_ns = clock_mono_ns();
	c->window_ns = c->start_ns + (uint64_t)((p->ramp_s + p->settle_s) * 1e9);
	c->end_ns = c->window_ns + (uint64_t)(p->window_s * 1e9);
	plan_arrivals(c);
}

int
main(int argc, char **argv)
{
	static struct crowd c;
	struct plan *p = &c.plan;
	json_t *pids, *model_pids;

	bench_plan(argc, argv, "{s:i,s:b,s:o,s:o,s:i,s:i,s:b,s:s,s:s,s:s,s:b,s:i,s:F,s:F,s:F}",
	    "port", &p->port, "tls", &p->tls, "pids", &pids, "modelPids", &model_pids,
	    "readers", &p->readers, "others", &p->others, "othersStop", &p->others_stop,
	    "request", &p->request, "othersRequest", &p->others_request, "mark", &p->mark,
	    "once", &p->once, "tokens", &p->tokens, "ramp", &p->ramp_s, "settle", &p->settle_s,
	    "window", &p->window_s);
	c.server = group_of(pids);
	must(json_array_append_new(model_pids, json_integer(getpid())) == 0);
	c.load = group_of(model_pids);
	signal(SIGPIPE, SIG_IGN);
	fd_raise_limit();
	open_crowd(&c);
	loop(&c);
	bench_print(json_pack("{s:I,s:I,s:I,s:I,s:o,s:o,s:o*,s:o,s:o,s:I,s:I,s:I,s:I,s:i}",
	    "ns", (json_int_t)c.ns, "cpuNs", (json_int_t)c.cpu_ns, "loadNs",
	    (json_int_t)c.load_ns, "tokens", (json_int_t)c.tokens, "cpuUs", c.cpu_us, "idle",
	    c.idle, "busy", c.busy, "relay", durations_json(&c.relay), "firstToken",
	    durations_json(&c.first_token), "replies", (json_int_t)c.replies, "bytes",
	    (json_int_t)c.bytes, "lost", (json_int_t)c.lost, "failed", (json_int_t)c.failed,
	    "failedStatus", c.failed_status));
	return 0;
}
