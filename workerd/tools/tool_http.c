/*
 * A request to a server that is left alone ends by a timer, as its caller is called from the loop only.
 */
#include "workerd/tools/tool_http.h"

#include <curl/curl.h>
#include <event2/event_struct.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/net/curl_loop.h"
#include "workerd/net/guard.h"
#include "workerd/tools/mcp_token.h"

#define NAMES_S   5L /* how long a resolved name is kept */
#define IDLE_MAX  32L
#define IDLE_S    60L
#define HOSTS_MAX 64
#define HOST_SIZE 256

/* A server that has failed. */
struct tool_host {
	char name[HOST_SIZE]; /* scheme, host and port; "": unused */
	unsigned failures;    /* in a row */
	uint64_t until_ms;    /* when it may be asked again */
};

struct tool_http {
	struct event_base *base;
	struct curl_loop *loop;
	const struct network_list *allowed;
	struct tool_host hosts[HOSTS_MAX];
	size_t next;                 /* the one to be replaced */
	LIST_HEAD(, tool_post) told; /* requests whose answer nobody waits for */
	tool_changed_fn *changed;
	void *changed_arg;
	struct mcp_tokens tokens;
};

struct tool_post {
	struct tool_http *http;
	CURL *easy; /* NULL: the server is left alone */
	struct curl_slist *headers;
	tool_answer_fn *fn;
	void *arg;
	uint64_t began_ms;
	char host[HOST_SIZE];
	size_t head; /* bytes of the answer's headers */
	struct buf body;
	bool too_long;
	bool (*enough)(void *arg, struct slice body);
	bool has_enough;
	struct guard guard;
	struct event timer;
	LIST_ENTRY(tool_post) link; /* of told, if fn is NULL */
};

/* The part of the URL that names the server. One that is too long has no name, and is never left alone. */
static void
tool_http_name_host(const char *url, char name[HOST_SIZE])
{
	const char *host = strstr(url, "://");
	const size_t n = host == NULL ? 0 : (size_t)(host - url) + 3 + strcspn(host + 3, "/?");

	name[0] = '\0';
	if (n < HOST_SIZE)
		must(slice_copy_text((struct slice){(const uint8_t *)url, n}, name, HOST_SIZE));
}

static struct tool_host *
tool_http_find_host(struct tool_http *h, const char *name)
{
	for (size_t i = 0; i < HOSTS_MAX && *name != '\0'; i++)
		if (strcmp(h->hosts[i].name, name) == 0)
			return &h->hosts[i];
	return NULL;
}

static bool
tool_http_is_left_alone(struct tool_http *h, const char *name)
{
	const struct tool_host *host = tool_http_find_host(h, name);

	return host != NULL && host->failures >= TOOL_FAILURES &&
	    clock_mono_ms() < host->until_ms;
}

/* Notes how a request has ended. */
static void
tool_http_judge_host(struct tool_http *h, const char *name, bool failed)
{
	struct tool_host *host = tool_http_find_host(h, name);

	if (!failed && host != NULL)
		*host = (struct tool_host){0};
	if (!failed || *name == '\0')
		return;
	if (host == NULL) {
		host = &h->hosts[h->next++ % HOSTS_MAX];
		*host = (struct tool_host){0};
		must(slice_copy_text(slice_str(name), host->name, sizeof(host->name)));
	}
	host->failures++;
	host->until_ms = clock_mono_ms() + TOOL_PAUSE_MS;
}

static const char *
tool_http_why(const struct tool_post *p, CURLcode code)
{
	const char *refusal = guard_refusal(&p->guard);

	if (refusal != NULL &&
	    (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK))
		return refusal;
	if (p->too_long)
		return p->body.max > TOOL_ANSWER_MAX ? "the answer is longer than 512 KiB"
						     : "the answer is longer than 64 KiB";
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return "the tool's host was not found";
	case CURLE_COULDNT_CONNECT:
		return "no connection to the tool's host";
	case CURLE_OPERATION_TIMEDOUT:
		return "the tool's server did not answer in time";
	default:
		return curl_easy_strerror(code);
	}
}

/* What a status other than 2xx says. */
static void
tool_http_explain(const struct tool_post *p, struct tool_answer *answer)
{
	curl_off_t seconds = 0;
	const int status = answer->status;

	if (status >= 200 && status < 300)
		return;
	curl_easy_getinfo(p->easy, CURLINFO_RETRY_AFTER, &seconds);
	if (status >= 300 && status < 400)
		snprintf(answer->error, sizeof(answer->error),
		    "the tool's server redirects (%d), which is not followed", status);
	else if (status == 401 || status == 403)
		snprintf(answer->error, sizeof(answer->error),
		    "the tool's server refuses its credentials (%d)", status);
	else if (status == 429 && seconds > 0)
		snprintf(answer->error, sizeof(answer->error),
		    "the tool's server is busy (429): try again in %lld s", (long long)seconds);
	else
		snprintf(answer->error, sizeof(answer->error),
		    "the tool's server answered with status %d", status);
}

static void
tool_http_free_post(struct tool_post *p)
{
	if (p->fn == NULL)
		LIST_REMOVE(p, link);
	event_del(&p->timer);
	if (p->easy != NULL) {
		curl_loop_remove(p->http->loop, p->easy);
		curl_easy_cleanup(p->easy);
	}
	curl_slist_free_all(p->headers);
	buf_clear(&p->body);
	free(p);
}

/* Parts of the answer's headers that MCP servers use. */
static void
tool_http_read_headers(const struct tool_post *p, struct tool_answer *answer)
{
	static const char events[] = "text/event-stream";
	struct curl_header *header;
	const char *type = NULL;

	curl_easy_getinfo(p->easy, CURLINFO_CONTENT_TYPE, &type);
	answer->events = type != NULL && strncasecmp(type, events, strlen(events)) == 0;
	if (curl_easy_header(p->easy, "Mcp-Session-Id", 0, CURLH_HEADER, -1, &header) ==
	    CURLHE_OK)
		answer->session = slice_str(header->value);
}

static void
tool_http_answer(struct tool_post *p, const struct tool_answer *answer)
{
	if (p->fn != NULL)
		p->fn(p->arg, answer);
	tool_http_free_post(p);
}

/* curl_loop_events.done. */
static void
tool_http_on_done(void *arg, void *easy, int code)
{
	struct tool_answer answer = {0};
	struct tool_post *p;
	curl_off_t ready = 0;
	long status = 0;

	(void)arg;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &p);
	answer.ms = (unsigned)(clock_mono_ms() - p->began_ms);
	answer.body = buf_slice(&p->body);
	curl_easy_getinfo(p->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	answer.sent = ready > 0;
	if (p->has_enough)
		code = CURLE_OK;
	if (code == CURLE_OK) {
		tool_http_read_headers(p, &answer);
		curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
		answer.status = status >= 100 && status <= 999 ? (int)status : 0;
		tool_http_explain(p, &answer);
	} else {
		snprintf(
		    answer.error, sizeof(answer.error), "%s", tool_http_why(p, (CURLcode)code));
	}
	tool_http_judge_host(
	    p->http, p->host, (code != CURLE_OK && !p->too_long) || answer.status >= 500);
	tool_http_answer(p, &answer);
}

static void
tool_http_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct tool_post *p = arg;
	const struct tool_answer answer = {
	    .error = "the tool's server has failed several times, and is not asked now"};

	(void)fd;
	(void)what;
	tool_http_answer(p, &answer);
}

struct tool_http *
tool_http_new(struct event_base *base, const struct network_list *allowed)
{
	static const struct curl_loop_events events = {.done = tool_http_on_done};
	struct tool_http *h = xcalloc(1, sizeof(*h));

	/* At once: a running worker may not make an epoll set (proto/process/call_filter.h). */
	h->loop = curl_loop_new(base, &events, h);
	h->base = base;
	h->allowed = allowed;
	LIST_INIT(&h->told);
	return h;
}

void
tool_http_assign(struct tool_http *h, struct event *timer, event_callback_fn fn, void *arg)
{
	must(evtimer_assign(timer, h->base, fn, arg) == 0);
}

void
tool_http_free(struct tool_http *h)
{
	if (h == NULL)
		return;
	while (!LIST_EMPTY(&h->told))
		tool_http_free_post(LIST_FIRST(&h->told));
	curl_loop_free(h->loop);
	mcp_tokens_clear(&h->tokens);
	free(h);
}

static size_t
tool_http_on_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct tool_post *p = arg;

	(void)bytes;
	p->head += size * n;
	p->too_long |= p->head > TOOL_ANSWER_MAX;
	return p->too_long ? 0 : size * n;
}

static size_t
tool_http_on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct tool_post *p = arg;

	p->too_long |= buf_append(&p->body, bytes, size * n) == -1;
	/* An event ends with an empty line. */
	p->has_enough = !p->too_long && n > 0 && bytes[n - 1] == '\n' && p->enough != NULL &&
	    p->enough(p->arg, buf_slice(&p->body));
	return p->too_long || p->has_enough ? 0 : size * n;
}

static void
tool_http_add_header(struct tool_post *p, const char *header)
{
	struct curl_slist *longer = curl_slist_append(p->headers, header);

	must(longer != NULL);
	p->headers = longer;
}

static void
tool_http_add_headers(struct tool_post *p, const struct tool_request *request)
{
	const char *name;
	json_t *value;

	tool_http_add_header(p,
	    request->events ? "Accept: application/json, text/event-stream"
			    : "Accept: application/json");
	tool_http_add_header(p, "Expect:"); /* libcurl's own would cost a round trip */
	if (request->post)
		tool_http_add_header(p,
		    request->form ? "Content-Type: application/x-www-form-urlencoded"
				  : "Content-Type: application/json");
	json_object_foreach (request->headers, name, value) {
		const char *text = json_string_value(value);
		struct buf header;

		buf_init(&header, TOOL_ANSWER_MAX);
		/* libcurl leaves out a header without a value that does not end in a semicolon. */
		must(buf_printf(&header, *text == '\0' ? "%s;" : "%s: %s", name, text) == 0);
		must(buf_append(&header, "", 1) == 0);
		tool_http_add_header(p, (const char *)buf_data(&header));
		buf_wipe(&header);
	}
	curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers);
}

/* What protects us from the URL and from the server. */
static void
tool_http_set_limits(struct tool_post *p, unsigned timeout_ms)
{
	CURL *e = p->easy;

	guard_start(&p->guard, e, p->http->allowed);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, NAMES_S);
	curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, IDLE_S);
	curl_easy_setopt(e, CURLOPT_MAXCONNECTS, IDLE_MAX);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, tool_http_on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, p);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, tool_http_on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, p);
}

static void
tool_http_send(struct tool_post *p, const struct tool_request *request)
{
	struct tool_http *h = p->http;

	p->easy = curl_easy_init();
	must(p->easy != NULL);
	tool_http_set_limits(p, request->timeout_ms);
	tool_http_add_headers(p, request);
	curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p);
	curl_easy_setopt(p->easy, CURLOPT_URL, request->url);
	curl_easy_setopt(p->easy, CURLOPT_USERAGENT, "banter/" BANTER_VERSION);
	/* libcurl sends a request again, also a POST, if the connection that it has kept for it ends without an answer. */
	curl_easy_setopt(
	    p->easy, CURLOPT_FRESH_CONNECT, request->once || request->post ? 1L : 0L);
	if (request->delete)
		curl_easy_setopt(p->easy, CURLOPT_CUSTOMREQUEST, "DELETE");
	if (request->post) {
		curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE, (long)request->body.len);
		curl_easy_setopt(p->easy, CURLOPT_COPYPOSTFIELDS, request->body.p);
	}
	curl_loop_add(h->loop, p->easy);
}

struct tool_post *
tool_http_start(
    struct tool_http *h, const struct tool_request *request, tool_answer_fn *fn, void *arg)
{
	static const struct timeval now = {0};
	struct tool_post *p = xcalloc(1, sizeof(*p));

	if (fn == NULL)
		LIST_INSERT_HEAD(&h->told, p, link);
	p->http = h;
	p->fn = fn;
	p->arg = arg;
	p->began_ms = clock_mono_ms();
	p->enough = request->enough;
	buf_init(&p->body, request->answer_max > 0 ? request->answer_max : TOOL_ANSWER_MAX);
	must(evtimer_assign(&p->timer, h->base, tool_http_on_timer, p) == 0);
	tool_http_name_host(request->url, p->host);
	if (tool_http_is_left_alone(h, p->host))
		evtimer_add(&p->timer, &now);
	else
		tool_http_send(p, request);
	return p;
}

void
tool_http_cancel(struct tool_post *post)
{
	tool_http_free_post(post);
}

void
tool_http_tell(struct tool_http *h, const struct tool_request *request)
{
	(void)tool_http_start(h, request, NULL, NULL);
}

struct mcp_tokens *
tool_http_tokens(struct tool_http *h)
{
	return &h->tokens;
}

void
tool_http_watch(struct tool_http *h, tool_changed_fn *fn, void *arg)
{
	h->changed = fn;
	h->changed_arg = arg;
}

void
tool_http_note_change(struct tool_http *h, struct slice record)
{
	if (h->changed != NULL)
		h->changed(h->changed_arg, record);
}
