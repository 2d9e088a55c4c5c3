/*
 * One request of libcurl, whose connection guard.h checks, and what became of it.
 */
#include "workerd/webhooks/webhook_post.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/net/curl_loop.h"
#include "workerd/net/guard.h"
#include "workerd/webhooks/webhook_signature.h"

#define NAMES_S     5L  /* how long a resolved name is kept */
#define IDLE_MAX    16L /* connections that are kept for further requests */
#define IDLE_S      30L
#define HEADER_SIZE 256

#define RETRY_AFTER_S_MAX 86400 /* the queue has its own, lower bound */

struct webhook_poster {
	struct curl_loop *loop;
	const struct network_list *allowed;
	unsigned limit_ms;
};

struct webhook_post {
	struct webhook_poster *poster;
	CURL *easy;
	struct curl_slist *headers;
	webhook_post_fn *fn;
	void *arg;
	uint64_t began_ms;
	size_t received; /* bytes of the reply */
	bool too_long;   /* WEBHOOK_REPLY_MAX was reached */
	bool body_began; /* the status is final */
	struct guard guard;
};

static const char *
webhook_post_why(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return "the host was not found";
	case CURLE_COULDNT_CONNECT:
		return "no connection to the host";
	case CURLE_UNSUPPORTED_PROTOCOL:
		return "the protocol is not HTTP";
	case CURLE_OPERATION_TIMEDOUT:
		return "no complete reply in time";
	case CURLE_OUT_OF_MEMORY: /* what libcurl 7.88 calls a header of more than 100 KB */
	case CURLE_WRITE_ERROR:
		return "the reply is longer than 64 KiB";
	default:
		return curl_easy_strerror(code);
	}
}

/* Retry-After (RFC 9110, section 10.2.3): a number of seconds, which some receivers send with a fraction, or a date,
 * which libcurl reads. */
static uint64_t
webhook_post_retry_after(const struct webhook_post *p)
{
	struct curl_header *header;
	curl_off_t seconds = 0;
	double exact;
	char *end;

	if (curl_easy_header(p->easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return 0;
	exact = strtod(header->value, &end);
	if (*header->value >= '0' && *header->value <= '9' && *end == '\0')
		return exact > RETRY_AFTER_S_MAX ? RETRY_AFTER_S_MAX * 1000
						 : (uint64_t)ceil(exact * 1000);
	curl_easy_getinfo(p->easy, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds <= 0)
		return 0;
	return (uint64_t)(seconds > RETRY_AFTER_S_MAX ? RETRY_AFTER_S_MAX : seconds) * 1000;
}

/* A body that is too long is cut: the status counts. */
static void
webhook_post_judge(const struct webhook_post *p, CURLcode code, struct webhook_result *result)
{
	const char *refusal = guard_refusal(&p->guard);
	long status = 0;

	if (code == CURLE_OK || (p->too_long && p->body_began)) {
		curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
		/* libcurl takes "HTTP/2 7" and "HTTP/2 65736". */
		if (status < 100 || status > 999) {
			snprintf(result->error, sizeof(result->error),
			    "the reply has no valid status");
			return;
		}
		result->status = (int)status;
		if (status < 200 || status >= 300)
			result->retry_after_ms = webhook_post_retry_after(p);
		if (status >= 300 && status < 400)
			snprintf(result->error, sizeof(result->error),
			    "status %ld: redirects are not followed", status);
		else if (status < 200 || status >= 300)
			snprintf(result->error, sizeof(result->error), "status %ld", status);
		return;
	}
	if (refusal != NULL &&
	    (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK))
		snprintf(
		    result->error, sizeof(result->error), "%s (see WEBHOOK_ALLOW)", refusal);
	else
		snprintf(result->error, sizeof(result->error), "%s", webhook_post_why(code));
}

static void
webhook_post_free(struct webhook_post *p)
{
	curl_loop_remove(p->poster->loop, p->easy);
	curl_easy_cleanup(p->easy);
	curl_slist_free_all(p->headers);
	free(p);
}

/* curl_loop_events.done. */
static void
webhook_post_on_done(void *arg, void *easy, int code)
{
	struct webhook_result result = {0};
	struct webhook_post *p;
	webhook_post_fn *fn;
	void *fn_arg;

	(void)arg;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &p);
	result.ms = (unsigned)(clock_mono_ms() - p->began_ms);
	webhook_post_judge(p, (CURLcode)code, &result);
	fn = p->fn;
	fn_arg = p->arg;
	webhook_post_free(p);
	fn(fn_arg, &result);
}

struct webhook_poster *
webhook_poster_new(const struct webhook_poster_config *config)
{
	static const struct curl_loop_events events = {.done = webhook_post_on_done};
	struct webhook_poster *p = xcalloc(1, sizeof(*p));

	p->loop = curl_loop_new(config->base, &events, p);
	p->allowed = config->allowed;
	p->limit_ms = config->limit_ms;
	return p;
}

void
webhook_poster_free(struct webhook_poster *p)
{
	curl_loop_free(p->loop);
	free(p);
}

/* Counts a part of the reply, and drops it. Less than n ends the request. */
static size_t
webhook_post_drop(struct webhook_post *p, size_t n)
{
	p->received += n;
	p->too_long = p->received > WEBHOOK_REPLY_MAX;
	return p->too_long ? 0 : n;
}

static size_t
webhook_post_on_header(char *bytes, size_t size, size_t n, void *arg)
{
	(void)bytes;
	return webhook_post_drop(arg, size * n);
}

static size_t
webhook_post_on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct webhook_post *p = arg;

	(void)bytes;
	p->body_began = true;
	return webhook_post_drop(p, size * n);
}

[[gnu::format(printf, 2, 3)]] static void
webhook_post_add_header(struct webhook_post *p, const char *format, ...)
{
	char header[HEADER_SIZE];
	struct curl_slist *longer;
	va_list args;

	va_start(args, format);
	must((size_t)vsnprintf(header, sizeof(header), format, args) < sizeof(header));
	va_end(args);
	longer = curl_slist_append(p->headers, header);
	must(longer != NULL);
	p->headers = longer;
}

void
webhook_request_sign(struct webhook_request *request, const struct msg_webhook_record *webhook)
{
	request->secret = webhook->secret;
	request->old_secret =
	    webhook->old_until > clock_wall_ms() ? webhook->old_secret : (struct slice){0};
}

/* Standard Webhooks: each valid secret has its signature. */
static void
webhook_post_add_standard(
    struct webhook_post *p, const struct webhook_request *request, uint64_t seconds)
{
	char now[WEBHOOK_STANDARD_SIZE], old[WEBHOOK_STANDARD_SIZE] = "";
	const bool has_old = request->old_secret.len > 0;

	webhook_signature_standard(
	    now, request->secret, request->delivery, seconds, request->body);
	if (has_old)
		webhook_signature_standard(
		    old, request->old_secret, request->delivery, seconds, request->body);
	webhook_post_add_header(p, "webhook-id: %s", request->delivery);
	webhook_post_add_header(p, "webhook-timestamp: %" PRIu64, seconds);
	webhook_post_add_header(p, "webhook-signature: %s%s%s", now, has_old ? " " : "", old);
}

/* X-Banter-Signature has one signature. Until the old secret ends it is of that one, which every receiver knows. */
static void
webhook_post_set_headers(struct webhook_post *p, const struct webhook_request *request)
{
	const bool has_old = request->old_secret.len > 0;
	const uint64_t seconds = clock_wall_ms() / 1000;
	char signature[WEBHOOK_SIGNATURE_SIZE];

	webhook_signature(
	    signature, has_old ? request->old_secret : request->secret, seconds, request->body);
	webhook_post_add_header(p, "Content-Type: application/json");
	webhook_post_add_header(p, "Expect:"); /* libcurl's own would cost a round trip */
	webhook_post_add_header(p, "X-Banter-Signature: %s", signature);
	webhook_post_add_header(p, "X-Banter-Delivery: %s", request->delivery);
	webhook_post_add_standard(p, request, seconds);
	curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers);
}

/* What protects us from the URL and from the receiver. */
static void
webhook_post_set_limits(struct webhook_post *p)
{
	CURL *e = p->easy;

	guard_start(&p->guard, e, p->poster->allowed);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)p->poster->limit_ms);
	curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, NAMES_S);
	curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, IDLE_S);
	curl_easy_setopt(e, CURLOPT_MAXCONNECTS, IDLE_MAX);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, webhook_post_on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, p);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, webhook_post_on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, p);
}

struct webhook_post *
webhook_post_start(struct webhook_poster *poster, const struct webhook_request *request,
    webhook_post_fn *fn, void *arg)
{
	struct webhook_post *p = xcalloc(1, sizeof(*p));

	p->poster = poster;
	p->fn = fn;
	p->arg = arg;
	p->began_ms = clock_mono_ms();
	p->easy = curl_easy_init();
	must(p->easy != NULL);
	webhook_post_set_limits(p);
	webhook_post_set_headers(p, request);
	curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p);
	curl_easy_setopt(p->easy, CURLOPT_URL, request->url);
	curl_easy_setopt(p->easy, CURLOPT_USERAGENT, "banter/" BANTER_VERSION);
	curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE, (long)request->body.len);
	curl_easy_setopt(p->easy, CURLOPT_COPYPOSTFIELDS, request->body.p);
	curl_loop_add(poster->loop, p->easy);
	return p;
}

void
webhook_post_cancel(struct webhook_post *p)
{
	webhook_post_free(p);
}
