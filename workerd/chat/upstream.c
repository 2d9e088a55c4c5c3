/*
 * libcurl's multi_socket interface on libevent (curl_multi_socket_action(3)).
 *
 * libcurl tells which sockets to watch and when to wake it; we tell it what became ready. Rules
 * that 7.88 imposes, and how they are kept:
 *	- no call into libcurl from its callbacks: upstream_cancel() within one only marks the
 *	  transfer, and the next callback or the reaper ends it;
 *	- a socket may vanish without a callback: watches stand in a table by descriptor, and a
 *	  descriptor that reappears has its old watch dropped first;
 *	- a resolver thread must not delay the end of the process: CURLOPT_QUICK_EXIT.
 */
#include "workerd/chat/upstream.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "proto/basics.h"
#include "proto/clock.h"
#include "proto/log.h"

/* A token's event is some 250 bytes; libcurl's default of 16 KiB would be most of what an open
 * stream costs. */
#define RECEIVE_BUFFER 4096
#define POOLED_MAX     64

struct watch {
	struct event *event; /* NULL: not watched */
	short what;
};

struct upstream {
	struct event_base *base;
	CURLM *multi;
	struct curl_slist *headers;
	char *url;
	bool tls;
	unsigned connect_ms, first_byte_ms, idle_ms;
	struct event *timer;
	struct watch *watches; /* by descriptor */
	size_t watches_len;
	bool inside;    /* libcurl is on the stack */
	bool cancelled; /* while it was: some transfer waits to be freed */
	LIST_HEAD(, upstream_transfer) transfers;
};

struct upstream_transfer {
	struct upstream *upstream;
	CURL *easy;
	const struct upstream_events *events;
	void *arg;
	struct buf body;
	struct event *silence;
	uint64_t heard_ms; /* when something last came */
	bool answered;     /* the answer's headers have come */
	bool silent;       /* a limit of silence has passed */
	bool cancelled;
	LIST_ENTRY(upstream_transfer) link;
};

static void reap(struct upstream *u);

/* -- sockets and time, for libcurl ------------------------------------------------------- */

static void
socket_action(struct upstream *u, curl_socket_t fd, int what)
{
	int running;

	u->inside = true;
	curl_multi_socket_action(u->multi, fd, what, &running);
	u->inside = false;
	reap(u);
}

static void
on_socket_ready(evutil_socket_t fd, short what, void *arg)
{
	socket_action(arg, fd,
	    (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	socket_action(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int
set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct upstream *u = arg;
	struct timeval in;

	(void)multi;
	if (timeout_ms < 0) {
		evtimer_del(u->timer);
		return 0;
	}
	in = clock_timeval((uint64_t)timeout_ms);
	evtimer_add(u->timer, &in);
	return 0;
}

/* The table's place for a descriptor; it grows with the greatest one seen. */
static struct watch *
watch_of(struct upstream *u, int fd)
{
	size_t need = (size_t)fd + 1;

	if (need > u->watches_len) {
		size_t n = u->watches_len == 0 ? 64 : u->watches_len;
		struct watch *grown;

		while (n < need)
			n *= 2;
		grown = xcalloc(n, sizeof(*grown));
		if (u->watches_len > 0)
			memcpy(grown, u->watches, u->watches_len * sizeof(*grown));
		free(u->watches);
		u->watches = grown;
		u->watches_len = n;
	}
	return &u->watches[fd];
}

static void
unwatch(struct watch *w)
{
	if (w->event != NULL)
		event_free(w->event);
	*w = (struct watch){0};
}

static int
set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct upstream *u = arg;
	struct watch *w = watch_of(u, fd);
	short wanted = (short)(EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) |
	    (what & CURL_POLL_OUT ? EV_WRITE : 0));

	(void)easy;
	(void)socket_arg;
	if (what == CURL_POLL_REMOVE) {
		unwatch(w);
		return 0;
	}
	if (w->event != NULL && w->what == wanted)
		return 0;
	unwatch(w);
	w->event = event_new(u->base, fd, wanted, on_socket_ready, u);
	w->what = wanted;
	must(w->event != NULL);
	event_add(w->event, NULL);
	return 0;
}

void
upstream_fd_is_new(struct upstream *u, int fd)
{
	if (fd >= 0 && (size_t)fd < u->watches_len)
		unwatch(&u->watches[fd]);
}

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	(void)purpose;
	if (fd == -1)
		return CURL_SOCKET_BAD;
	upstream_fd_is_new(arg, fd);
	return fd;
}

static int
close_socket(void *arg, curl_socket_t fd)
{
	upstream_fd_is_new(arg, fd);
	return close(fd);
}

/* -- one transfer ------------------------------------------------------------------------ */

/* From now on so much silence ends the transfer; what comes moves the end along. */
static void
watch_silence(struct upstream_transfer *t, uint64_t ms)
{
	struct timeval in = clock_timeval(ms);

	evtimer_add(t->silence, &in);
}

/* libcurl's header callback: one line at a time, the blank line last; interim answers (1xx) have
 * their own. */
static size_t
on_header(char *line, size_t size, size_t n, void *arg)
{
	struct upstream_transfer *t = arg;
	long status = 0;
	curl_off_t retry_after = 0;

	t->heard_ms = clock_mono_ms();
	if (t->cancelled)
		return 0;
	if (size * n > 2 || t->answered || (*line != '\r' && *line != '\n'))
		return size * n;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200)
		return size * n;
	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after);
	t->answered = true;
	watch_silence(t, t->upstream->idle_ms);
	t->events->headers(
	    t->arg, (int)status, retry_after > 3600 ? 3600000u : (unsigned)retry_after * 1000u);
	return t->cancelled ? 0 : size * n;
}

static size_t
on_body(char *piece, size_t size, size_t n, void *arg)
{
	struct upstream_transfer *t = arg;

	t->heard_ms = clock_mono_ms();
	if (!t->cancelled)
		t->events->data(t->arg, (struct slice){(const uint8_t *)piece, size * n});
	return t->cancelled ? 0 : size * n;
}

static void
transfer_free(struct upstream_transfer *t)
{
	must(!t->upstream->inside);
	curl_multi_remove_handle(t->upstream->multi, t->easy);
	curl_easy_cleanup(t->easy);
	event_free(t->silence);
	buf_clear(&t->body);
	LIST_REMOVE(t, link);
	free(t);
}

static void
transfer_end(struct upstream_transfer *t, enum upstream_end how, const char *detail)
{
	const struct upstream_events *events = t->events;
	void *arg = t->arg;
	bool cancelled = t->cancelled;

	transfer_free(t);
	if (!cancelled)
		events->end(arg, how, detail);
}

static enum upstream_end
classify(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return UPSTREAM_DONE;
	case CURLE_OPERATION_TIMEDOUT:
		return UPSTREAM_TIMEOUT;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
		return UPSTREAM_CONNECT;
	default:
		return UPSTREAM_BROKEN;
	}
}

/* Frees what was cancelled while libcurl was on the stack. */
static void
free_cancelled(struct upstream *u)
{
	struct upstream_transfer *t, *next;

	u->cancelled = false;
	for (t = LIST_FIRST(&u->transfers); t != NULL; t = next) {
		next = LIST_NEXT(t, link);
		if (t->cancelled)
			transfer_free(t);
	}
}

/* Ends what libcurl has finished. An end may start new transfers; those are for later. */
static void
reap(struct upstream *u)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(u->multi, &left)) != NULL) {
		struct upstream_transfer *t;
		CURLcode code = msg->data.result;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
		transfer_end(t, classify(code), curl_easy_strerror(code));
	}
	if (u->cancelled)
		free_cancelled(u);
}

/* Nothing came for as long as the settings allow: before the answer began, or within it. */
static void
on_silence(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_transfer *t = arg;
	unsigned limit = t->answered ? t->upstream->idle_ms : t->upstream->first_byte_ms;
	uint64_t silent = clock_mono_ms() - t->heard_ms;

	(void)fd;
	(void)what;
	if (silent < limit)
		watch_silence(t, limit - silent);
	else
		transfer_end(t, UPSTREAM_TIMEOUT,
		    t->answered ? "nothing came within the answer for too long"
				: "no answer began in time");
}

static void
easy_setup(struct upstream_transfer *t, unsigned total_ms)
{
	struct upstream *u = t->upstream;
	CURL *e = t->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_URL, u->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, u->headers);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "banter/" BANTER_VERSION);
	curl_easy_setopt(e, CURLOPT_POST, 1L);
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, (const char *)buf_data(&t->body));
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)buf_len(&t->body));
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	/* Over TLS the handshake tells whether requests can share the connection, and the next ones
	 * wait for that. Without TLS they would wait for a whole answer of HTTP/1.1. */
	curl_easy_setopt(e, CURLOPT_PIPEWAIT, u->tls ? 1L : 0L);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)u->connect_ms);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)total_ms);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, u);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, u);
}

struct upstream_transfer *
upstream_post(struct upstream *u, struct buf *body, unsigned total_ms,
    const struct upstream_events *events, void *arg)
{
	struct upstream_transfer *t = xcalloc(1, sizeof(*t));

	must(!u->inside);
	t->upstream = u;
	t->events = events;
	t->arg = arg;
	t->body = *body;
	buf_init(body, body->max);
	t->heard_ms = clock_mono_ms();
	t->easy = curl_easy_init();
	t->silence = evtimer_new(u->base, on_silence, t);
	must(t->easy != NULL && t->silence != NULL);
	easy_setup(t, total_ms);
	LIST_INSERT_HEAD(&u->transfers, t, link);
	watch_silence(t, u->first_byte_ms);
	must(curl_multi_add_handle(u->multi, t->easy) == CURLM_OK);
	return t;
}

void
upstream_cancel(struct upstream_transfer *t)
{
	if (t->upstream->inside) {
		t->cancelled = true;
		t->upstream->cancelled = true;
	} else {
		transfer_free(t);
	}
}

/* -- the engine -------------------------------------------------------------------------- */

static void
add_header(struct upstream *u, const char *line)
{
	struct curl_slist *grown = curl_slist_append(u->headers, line);

	must(grown != NULL);
	u->headers = grown;
}

static void
add_authorization(struct upstream *u, const char *key)
{
	struct buf line;

	buf_init(&line, 8192);
	must(buf_printf(&line, "Authorization: Bearer %s", key) == 0 &&
	    buf_append(&line, "", 1) == 0);
	add_header(u, (const char *)buf_data(&line));
	buf_clear(&line);
}

struct upstream *
upstream_new(const struct upstream_config *config)
{
	struct upstream *u = xcalloc(1, sizeof(*u));

	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	u->base = config->base;
	u->url = xstrdup(config->url);
	u->tls = strncmp(config->url, "https:", 6) == 0;
	u->connect_ms = config->connect_ms;
	u->first_byte_ms = config->first_byte_ms;
	u->idle_ms = config->idle_ms;
	LIST_INIT(&u->transfers);
	u->timer = evtimer_new(u->base, on_timer, u);
	u->multi = curl_multi_init();
	must(u->timer != NULL && u->multi != NULL);
	curl_multi_setopt(u->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(u->multi, CURLMOPT_SOCKETDATA, u);
	curl_multi_setopt(u->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(u->multi, CURLMOPT_TIMERDATA, u);
	curl_multi_setopt(u->multi, CURLMOPT_MAXCONNECTS, (long)POOLED_MAX);
	add_header(u, "Content-Type: application/json");
	add_header(u, "Accept: text/event-stream");
	/* No "Expect: 100-continue": it would cost a round trip for long questions. */
	add_header(u, "Expect:");
	if (config->key != NULL)
		add_authorization(u, config->key);
	return u;
}

void
upstream_free(struct upstream *u)
{
	if (u == NULL)
		return;
	must(LIST_EMPTY(&u->transfers));
	curl_multi_cleanup(u->multi);
	for (size_t i = 0; i < u->watches_len; i++)
		unwatch(&u->watches[i]);
	free(u->watches);
	event_free(u->timer);
	curl_slist_free_all(u->headers);
	free(u->url);
	free(u);
	curl_global_cleanup();
}
