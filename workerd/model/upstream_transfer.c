/*
 * One request: libcurl's options and callbacks, timeouts, and the result for the circuit breaker.
 *
 * libcurl sends a request again by itself when a reused connection was closed, or when the server
 * returned a stream unread. A request to a model costs money and the server may have read it, so
 * the retry policy decides: libcurl asks before each sending (CURLOPT_PREREQFUNCTION), and the
 * second one is aborted.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/model/upstream_internal.h"

#define RETRY_AFTER_S_MAX 3600
#define BUSY_MS           100 /* recheck interval while this side is not reading */

/* Milliseconds until the total timeout; libcurl keeps that of its own transfers. */
static uint64_t
upstream_transfer_time_left(const struct upstream_transfer *t)
{
	uint64_t now = clock_mono_ms();

	if (t->until_ms == 0)
		return UINT64_MAX;
	return t->until_ms > now ? t->until_ms - now : 0;
}

/* The transfer times out after ms without data. */
static void
upstream_transfer_watch_silence(struct upstream_transfer *t, uint64_t ms)
{
	uint64_t left = upstream_transfer_time_left(t);
	struct timeval in = clock_timeval(ms < left ? ms : left);

	evtimer_add(&t->silence, &in);
}

/* 408 and 429 mean that the server is overloaded; other 4xx only that this request is wrong. */
static bool
upstream_transfer_status_failed(long status)
{
	return status >= 500 || status == 408 || status == 429;
}

static void
upstream_transfer_judge(struct upstream_transfer *t, bool failed)
{
	struct breaker *b = &t->upstream->breaker;

	if (t->judged)
		return;
	t->judged = true;
	if (failed)
		breaker_failure(b, t->probe, clock_mono_ms());
	else
		breaker_success(b);
}

void
upstream_transfer_abandon(struct upstream_transfer *t)
{
	if (!t->judged)
		breaker_abandon(&t->upstream->breaker, t->probe);
	t->judged = true;
}

void
upstream_transfer_answered(
    struct upstream_transfer *t, long status, uint64_t retry_after_s, size_t asked)
{
	/* A response may take minutes. The request is never sent twice, so its body is freed
	 * once it is sent. */
	if (asked == buf_len(&t->body))
		buf_clear(&t->body);
	if (retry_after_s > RETRY_AFTER_S_MAX)
		retry_after_s = RETRY_AFTER_S_MAX;
	t->answered = true;
	upstream_transfer_watch_silence(t, t->upstream->idle_ms);
	upstream_transfer_judge(t, upstream_transfer_status_failed(status));
	t->events->headers(t->arg, (int)status, (unsigned)retry_after_s * 1000u);
}

void
upstream_transfer_over(struct upstream_transfer *t, enum upstream_end how, const char *detail)
{
	if (t->cancelled || t->is_over)
		return;
	t->is_over = true;
	t->how = how;
	t->detail = detail;
	evtimer_del(&t->silence);
	if (!t->buffered)
		upstream_backlog_clear(t);
	if (how == UPSTREAM_STALE)
		upstream_transfer_abandon(t);
	else
		upstream_transfer_judge(t, how != UPSTREAM_DONE);
	if (t->queue == QUEUE_NONE)
		upstream_add_ended(t);
}

static int
upstream_transfer_before_sending(void *arg, char *to, char *from, int to_port, int from_port)
{
	struct upstream_transfer *t = arg;

	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	t->resend = t->sent;
	t->sent = true;
	return t->resend ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static void
upstream_transfer_on_answer(struct upstream_transfer *t, long status)
{
	curl_off_t retry_after = 0, asked = 0;
	long version = 0;

	curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
	t->http2 = version >= CURL_HTTP_VERSION_2_0;
	t->upstream->http1 = !t->http2;
	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after);
	curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &asked);
	/* Negative: a date in the past. */
	upstream_transfer_answered(
	    t, status, retry_after > 0 ? (uint64_t)retry_after : 0, (size_t)asked);
}

/* Called for each line, the empty line last; interim responses (1xx) have their own. */
static size_t
upstream_transfer_on_header(char *line, size_t size, size_t n, void *arg)
{
	struct upstream_transfer *t = arg;
	long status = 0;

	t->upstream->activity++;
	t->activity_ms = clock_mono_ms();
	if (t->cancelled)
		return 0;
	if (size * n > 2 || t->answered || (*line != '\r' && *line != '\n'))
		return size * n;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200)
		upstream_transfer_on_answer(t, status);
	return t->cancelled ? 0 : size * n;
}

static size_t
upstream_transfer_on_body(char *piece, size_t size, size_t n, void *arg)
{
	struct upstream_transfer *t = arg;

	enum upstream_backlog backlog;

	t->upstream->activity++;
	t->activity_ms = clock_mono_ms();
	if (t->cancelled)
		return 0;
	backlog = upstream_backlog_take(t, (struct slice){(const uint8_t *)piece, size * n});
	if (backlog == BACKLOG_PAUSE)
		return CURL_WRITEFUNC_PAUSE;
	return t->cancelled || backlog == BACKLOG_FULL ? 0 : size * n;
}

static enum upstream_end
upstream_transfer_classify(const struct upstream_transfer *t, CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return UPSTREAM_DONE;
	case CURLE_ABORTED_BY_CALLBACK:
		return t->resend ? UPSTREAM_STALE : UPSTREAM_BROKEN;
	case CURLE_OPERATION_TIMEDOUT:
		return UPSTREAM_TIMEOUT;
	default:
		return t->sent ? UPSTREAM_BROKEN : UPSTREAM_CONNECT;
	}
}

void
upstream_transfer_finished(struct upstream_transfer *t, CURLcode code)
{
	enum upstream_end how = upstream_transfer_classify(t, code);

	t->upstream->activity++;
	upstream_transfer_over(t, how,
	    how == UPSTREAM_STALE
		? "a kept connection had died, or the question came back unread"
		: curl_easy_strerror(code));
}

/* The timeout that applies now: for connecting, for the first byte, or between two pieces. */
static unsigned
upstream_transfer_silence_limit(const struct upstream_transfer *t)
{
	const struct upstream *u = t->upstream;

	if (t->answered)
		return u->idle_ms;
	if (t->plain != NULL && upstream_plain_is_connecting(t->plain) &&
	    u->connect_ms < u->first_byte_ms)
		return u->connect_ms;
	return u->first_byte_ms;
}

static bool
upstream_transfer_is_throttled(const struct upstream_transfer *t)
{
	return t->queue == QUEUE_WAITING || (t->engine != NULL && t->engine->backlogged > 0);
}

static void
upstream_transfer_on_silence(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_transfer *t = arg;
	unsigned limit = upstream_transfer_silence_limit(t);
	uint64_t silent = clock_mono_ms() - t->activity_ms;

	(void)fd;
	(void)what;
	if (silent < limit && upstream_transfer_time_left(t) > 0) {
		upstream_transfer_watch_silence(t, limit - silent);
		return;
	}
	/* This side does not read at the moment. */
	if (upstream_transfer_is_throttled(t) && upstream_transfer_time_left(t) > 0) {
		upstream_transfer_watch_silence(t, BUSY_MS);
		return;
	}
	upstream_transfer_over(t, UPSTREAM_TIMEOUT,
	    upstream_transfer_time_left(t) == 0 ? "the answer was not whole in time"
		: t->answered                   ? "nothing came within the answer for too long"
						: "no answer began in time");
	upstream_settle(t->upstream);
}

static void
upstream_transfer_set_request(struct upstream_transfer *t)
{
	struct upstream *u = t->upstream;
	CURL *e = t->easy;

	curl_easy_setopt(e, CURLOPT_URL, u->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, u->headers);
	/* Not to the proxy: it must not see the key. */
	curl_easy_setopt(e, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "banter/" BANTER_VERSION);
	curl_easy_setopt(e, CURLOPT_POST, 1L);
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, (const char *)buf_data(&t->body));
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)buf_len(&t->body));
}

static void
upstream_transfer_set_connection(struct upstream_transfer *t, unsigned total_ms)
{
	struct upstream *u = t->upstream;
	CURL *e = t->easy;

	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	/* Over TLS the handshake tells whether requests can share the connection, and further
	 * requests wait for it. Without TLS they would wait for a complete HTTP/1.1 response. */
	curl_easy_setopt(e, CURLOPT_PIPEWAIT, u->tls ? 1L : 0L);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, (long)UPSTREAM_RECEIVE_BUFFER);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)u->connect_ms);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)total_ms);
	if (u->ca_bundle != NULL)
		curl_easy_setopt(e, CURLOPT_CAINFO, u->ca_bundle);
	if (u->proxy != NULL)
		curl_easy_setopt(e, CURLOPT_PROXY, u->proxy);
}

static void
upstream_transfer_set_callbacks(struct upstream_transfer *t)
{
	CURL *e = t->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, upstream_transfer_before_sending);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, upstream_transfer_on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, upstream_transfer_on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
}

static void
upstream_transfer_make_easy(struct upstream_transfer *t, unsigned total_ms)
{
	t->easy = curl_easy_init();
	must(t->easy != NULL);
	upstream_transfer_set_request(t);
	upstream_transfer_set_connection(t, total_ms);
	upstream_transfer_set_callbacks(t);
}

struct upstream_transfer *
upstream_transfer_new(struct upstream *u, struct buf *question, unsigned total_ms)
{
	struct upstream_transfer *t = xcalloc(1, sizeof(*t));

	t->upstream = u;
	t->body = *question;
	buf_init(question, question->max);
	t->activity_ms = clock_mono_ms();
	must(evtimer_assign(&t->silence, u->base, upstream_transfer_on_silence, t) == 0);
	if (u->plain != NULL)
		t->until_ms = t->activity_ms + total_ms;
	else
		upstream_transfer_make_easy(t, total_ms);
	upstream_transfer_watch_silence(t,
	    u->plain != NULL && u->connect_ms < u->first_byte_ms ? u->connect_ms
								 : u->first_byte_ms);
	return t;
}

void
upstream_transfer_free(struct upstream_transfer *t)
{
	must(!t->upstream->inside);
	upstream_backlog_clear(t);
	if (t->easy != NULL) {
		upstream_engine_remove(t->engine, t);
		curl_easy_cleanup(t->easy);
	}
	upstream_plain_release(t);
	event_del(&t->silence);
	buf_clear(&t->body);
	free(t);
}
