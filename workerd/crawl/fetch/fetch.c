/*
 * Requests of libcurl, whose connections guard.h checks, in turns of the memory that their responses may need.
 */
#include "workerd/crawl/fetch/fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/crawl/fetch/fetch_fields.h"
#include "workerd/net/curl_loop.h"
#include "workerd/net/guard.h"

#define NAMES_S  60L /* how long a resolved name is kept */
#define IDLE_MAX 16L /* connections that are kept for further requests */
#define IDLE_S   10L
#define HEAD_MAX 65536 /* bytes of a response's fields */
/* Bytes that all responses at a time may have. Further requests wait, so that no site can make those to another one fail.
 * Pages alone never reach it. */
#define BODIES_MAX ((size_t)96 << 20)
#define HEADER_MAX (sizeof("If-Modified-Since: ") + FETCH_ETAG_MAX)

struct fetch_engine {
	struct event_base *base;
	const struct network_list *allowed;
	struct curl_loop *loop;      /* NULL before the first request */
	size_t reserved;             /* bytes that the responses to running requests may have */
	TAILQ_HEAD(, fetch) waiting; /* until there is room for theirs */
};

struct fetch {
	TAILQ_ENTRY(fetch) next; /* while it waits */
	bool runs;
	size_t bytes_max; /* of its response */
	struct fetch_engine *fetcher;
	CURL *easy;
	struct curl_slist *headers;
	char *url;
	size_t head; /* bytes */
	struct guard guard;
	bool too_long;
	struct fetch_response response;
	fetch_fn *fn;
	void *arg;
};

/* Begins the requests that wait, in their order, as far as there is room. */
static void
fetch_begin_waiting(struct fetch_engine *fetcher)
{
	struct fetch *f;

	while ((f = TAILQ_FIRST(&fetcher->waiting)) != NULL &&
	    fetcher->reserved + f->bytes_max <= BODIES_MAX) {
		TAILQ_REMOVE(&fetcher->waiting, f, next);
		fetcher->reserved += f->bytes_max;
		f->runs = true;
		curl_loop_add(fetcher->loop, f->easy);
	}
}

static void
fetch_free(struct fetch *f)
{
	struct fetch_engine *fetcher = f->fetcher;

	if (f->runs) {
		curl_loop_remove(fetcher->loop, f->easy);
		fetcher->reserved -= f->bytes_max;
	} else {
		TAILQ_REMOVE(&fetcher->waiting, f, next);
	}
	curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->headers);
	buf_clear(&f->response.body);
	free(f->url);
	free(f);
	fetch_begin_waiting(fetcher);
}

static enum fetch_outcome
fetch_outcome(const struct fetch *f, CURLcode code)
{
	if (code == CURLE_OK)
		return FETCH_DONE;
	if (f->too_long)
		return FETCH_SIZE;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return FETCH_TIMEOUT;
	if (guard_refusal(&f->guard) != NULL &&
	    (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK))
		return FETCH_ADDRESS;
	return FETCH_NETWORK;
}

static const char *
fetch_detail(const struct fetch *f, CURLcode code)
{
	switch (f->response.outcome) {
	case FETCH_DONE:
		return "";
	case FETCH_SIZE:
		return "the response is too long";
	case FETCH_TIMEOUT:
		return "no complete response within 30 s";
	case FETCH_ADDRESS:
		return guard_refusal(&f->guard);
	case FETCH_NETWORK:
		break;
	}
	return code == CURLE_COULDNT_RESOLVE_HOST ? "the host was not found"
						  : curl_easy_strerror(code);
}

/* curl_loop_events.done. */
static void
fetch_on_done(void *arg, void *easy, int code)
{
	struct fetch *f;
	long status = 0;

	(void)arg;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &f);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	f->response.status = (int)status;
	f->response.outcome = fetch_outcome(f, (CURLcode)code);
	snprintf(f->response.detail, sizeof(f->response.detail), "%s%s",
	    fetch_detail(f, (CURLcode)code),
	    f->response.outcome == FETCH_ADDRESS ? " (see CRAWL_ALLOW)" : "");
	f->fn(f->arg, &f->response);
	fetch_free(f);
}

struct fetch_engine *
fetch_engine_new(struct event_base *base, const struct network_list *allowed)
{
	struct fetch_engine *f = xcalloc(1, sizeof(*f));

	f->base = base;
	f->allowed = allowed;
	TAILQ_INIT(&f->waiting);
	return f;
}

void
fetch_engine_free(struct fetch_engine *f)
{
	if (f->loop != NULL)
		curl_loop_free(f->loop);
	free(f);
}

static size_t
fetch_on_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;
	struct slice line = {(const uint8_t *)bytes, size * n};

	f->head += line.len;
	f->too_long = f->head > HEAD_MAX;
	if (f->too_long)
		return 0;
	fetch_fields_take(&f->response, line, f->url);
	return line.len;
}

static size_t
fetch_on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;
	size_t len = size * n, room = buf_room(&f->response.body);

	f->too_long = len > room;
	must(buf_append(&f->response.body, bytes, f->too_long ? room : len) == 0);
	return f->too_long ? 0 : len;
}

static void
fetch_add_header(struct fetch *f, const char *name, const char *value)
{
	char text[HEADER_MAX];
	struct curl_slist *longer;

	/* A record from before such values were refused can have one. */
	if (value[0] == '\0' || !utf8_is_line(slice_str(value)))
		return;
	snprintf(text, sizeof(text), "%s: %s", name, value);
	longer = curl_slist_append(f->headers, text);
	must(longer != NULL);
	f->headers = longer;
}

/* What protects us from the site. */
static void
fetch_set_limits(struct fetch *f)
{
	CURL *e = f->easy;

	guard_start(&f->guard, e, f->fetcher->allowed);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)FETCH_MS);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, fetch_on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, f);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, fetch_on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
}

static void
fetch_set_request(struct fetch *f, const struct fetch_request *request)
{
	CURL *e = f->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, f);
	curl_easy_setopt(e, CURLOPT_URL, f->url);
	curl_easy_setopt(e, CURLOPT_USERAGENT, request->agent);
	curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, ""); /* what libcurl can decode */
	curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, NAMES_S);
	curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, IDLE_S);
	curl_easy_setopt(e, CURLOPT_MAXCONNECTS, IDLE_MAX);
	fetch_add_header(f, "If-None-Match", request->etag);
	fetch_add_header(f, "If-Modified-Since", request->last_modified);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, f->headers);
}

struct fetch *
fetch_start(
    struct fetch_engine *fetcher, const struct fetch_request *request, fetch_fn *fn, void *arg)
{
	static const struct curl_loop_events events = {.done = fetch_on_done};
	struct fetch *f = xcalloc(1, sizeof(*f));

	if (fetcher->loop == NULL)
		fetcher->loop = curl_loop_new(fetcher->base, &events, fetcher);
	f->fetcher = fetcher;
	f->fn = fn;
	f->arg = arg;
	f->url = xstrdup(request->url);
	must(request->bytes_max <= BODIES_MAX);
	f->bytes_max = request->bytes_max;
	buf_init(&f->response.body, request->bytes_max);
	f->easy = curl_easy_init();
	must(f->easy != NULL);
	fetch_set_limits(f);
	fetch_set_request(f, request);
	TAILQ_INSERT_TAIL(&fetcher->waiting, f, next);
	fetch_begin_waiting(fetcher);
	return f;
}

void
fetch_cancel(struct fetch *f)
{
	fetch_free(f);
}
