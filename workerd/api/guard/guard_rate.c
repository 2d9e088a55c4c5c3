/*
 * Rate limits by client address. All workers share the cells (proto/ipc/ratelimit.h).
 *
 * Every answer to a counted request has the RateLimit-* headers, so that clients can slow down before
 * they are refused.
 */
#include "workerd/api/guard/guard.h"

#include "proto/base/clock.h"
#include "workerd/api/request/request_context.h"

#define READS_PER_CHAT \
	10 /* reads (resume, stop, history, widget settings) per allowed message */
#define POLLS_PER_CHAT \
	60 /* a poll a second for each of some visitors of an address; more while replies run */

static struct ratelimit_rule
guard_rate_chat_rule(const struct api *api, const char *name, uint32_t factor)
{
	const struct settings *s = api->settings;

	return (struct ratelimit_rule){
	    name, factor * s->rate_limit_max_requests, s->rate_limit_window_ms};
}

static unsigned
guard_rate_seconds(uint32_t ms)
{
	return (ms + 999) / 1000;
}

void
guard_rate_note(struct http_exchange *x, uint32_t max, const struct ratelimit_answer *rate)
{
	struct request_context *context = request_context_of(x);

	context->rate_max = max;
	context->rate = *rate;
}

/* 429, by the last guard_rate_note(). */
static void
guard_rate_refuse(struct api *api, struct http_exchange *x, enum metric_rate_limited metric,
    const char *error)
{
	metric_add(&api->worker->rate_limited[metric], 1);
	reply_start(x, 429);
	reply_header_fmt(x, "Retry-After", "%u",
	    guard_rate_seconds(request_context_of(x)->rate.retry_after_ms));
	reply_error_body(x, "rate_limited", error);
}

static enum guard_verdict
guard_rate_check(struct api_call *c, struct ratelimit_rule rule,
    enum metric_rate_limited metric, const char *error)
{
	struct slice client = ip_client_prefix(&request_context_of(c->x)->client.address);
	struct ratelimit_answer rate =
	    ratelimit_take(&c->api->board->rates, &rule, client, clock_mono_ns());

	guard_rate_note(c->x, rule.max, &rate);
	if (rate.allowed)
		return GUARD_NEXT;
	guard_rate_refuse(c->api, c->x, metric, error);
	return GUARD_REFUSED;
}

enum guard_verdict
guard_chat_rate(struct api_call *c)
{
	return guard_rate_check(c, guard_rate_chat_rule(c->api, "chat", 1),
	    METRIC_RATE_LIMITED_CHAT, "Too many requests");
}

/* A limit of its own: resuming a reply must not use up the visitor's messages. */
enum guard_verdict
guard_chat_read_rate(struct api_call *c)
{
	return guard_rate_check(c, guard_rate_chat_rule(c->api, "chat_read", READS_PER_CHAT),
	    METRIC_RATE_LIMITED_CHAT_READ, "Too many requests");
}

/* Nor must loading pages with a widget. */
enum guard_verdict
guard_widget_rate(struct api_call *c)
{
	return guard_rate_check(c, guard_rate_chat_rule(c->api, "widget", READS_PER_CHAT),
	    METRIC_RATE_LIMITED_WIDGET, "Too many requests");
}

enum guard_verdict
guard_poll_rate(struct api_call *c)
{
	return guard_rate_check(c, guard_rate_chat_rule(c->api, "poll", POLLS_PER_CHAT),
	    METRIC_RATE_LIMITED_WIDGET, "Too many requests");
}

bool
guard_person_rate_take(struct api *api, struct http_exchange *x, struct slice session)
{
	const struct ratelimit_rule rule = guard_rate_chat_rule(api, "person", 1);
	const struct ratelimit_answer rate =
	    ratelimit_take(&api->board->rates, &rule, session, clock_mono_ns());

	guard_rate_note(x, rule.max, &rate);
	return rate.allowed;
}

void
guard_chat_refuse(struct api *api, struct http_exchange *x)
{
	guard_rate_refuse(api, x, METRIC_RATE_LIMITED_CHAT, "Too many requests");
}

void
guard_login_refuse(struct api *api, struct http_exchange *x)
{
	guard_rate_refuse(api, x, METRIC_RATE_LIMITED_LOGIN, "Too many login attempts");
}

/* Without headers: the exchange's answer has begun long ago. */
static unsigned
guard_rate_take(struct api *api, const struct http_exchange *x, struct ratelimit_rule rule,
    enum metric_rate_limited metric)
{
	struct slice client = ip_client_prefix(&request_context_of(x)->client.address);
	struct ratelimit_answer rate =
	    ratelimit_take(&api->board->rates, &rule, client, clock_mono_ns());

	if (rate.allowed)
		return 0;
	metric_add(&api->worker->rate_limited[metric], 1);
	return rate.retry_after_ms > 0 ? rate.retry_after_ms : 1;
}

unsigned
guard_chat_rate_take(struct api *api, const struct http_exchange *x)
{
	return guard_rate_take(
	    api, x, guard_rate_chat_rule(api, "chat", 1), METRIC_RATE_LIMITED_CHAT);
}

unsigned
guard_chat_read_rate_take(struct api *api, const struct http_exchange *x)
{
	return guard_rate_take(api, x, guard_rate_chat_rule(api, "chat_read", READS_PER_CHAT),
	    METRIC_RATE_LIMITED_CHAT_READ);
}

int
guard_rate_headers(const struct http_exchange *x, struct buf *out)
{
	const struct request_context *context = request_context_of(x);

	if (context->rate_max == 0)
		return 0;
	return buf_printf(out,
	    "RateLimit-Limit: %u\r\n"
	    "RateLimit-Remaining: %u\r\n"
	    "RateLimit-Reset: %u\r\n",
	    context->rate_max, context->rate.remaining,
	    guard_rate_seconds(context->rate.reset_ms));
}
