/*
 * Rate limits by the client's address. The cells are shared by all workers (proto/ratelimit.h).
 *
 * Every answer to a request that was counted tells what is left, so that a client can slow down
 * before it is refused.
 */
#include "workerd/api/guard.h"

#include "proto/clock.h"

/* Seconds, rounded up. */
static unsigned
seconds(uint32_t ms)
{
	return (ms + 999) / 1000;
}

static enum guard_verdict
count(struct api_call *c, const struct ratelimit_rule *rule, enum metric_rate_limited what,
    const char *error)
{
	struct api_context *context = api_context(c->x);
	struct slice client = ip_customer(&context->caller.address);

	context->counted_by = rule;
	context->rate = ratelimit_take(&c->api->board->rates, rule, client, clock_mono_ns());
	if (context->rate.allowed)
		return GUARD_NEXT;
	metric_add(&c->api->me->rate_limited[what], 1);
	reply_start(c->x, 429);
	reply_header_fmt(c->x, "Retry-After", "%u", seconds(context->rate.retry_after_ms));
	reply_error_body(c->x, "rate_limited", error);
	return GUARD_REFUSED;
}

enum guard_verdict
guard_chat_rate(struct api_call *c)
{
	return count(c, &c->api->chat_rate, METRIC_RATE_LIMITED_CHAT, "Too many requests");
}

/* Coming back to a reply must not cost a visitor the right to write. */
enum guard_verdict
guard_chat_read_rate(struct api_call *c)
{
	return count(
	    c, &c->api->chat_read_rate, METRIC_RATE_LIMITED_CHAT_READ, "Too many requests");
}

enum guard_verdict
guard_login_rate(struct api_call *c)
{
	return count(
	    c, &c->api->login_rate, METRIC_RATE_LIMITED_LOGIN, "Too many login attempts");
}

int
guard_rate_headers(const struct http_exchange *x, struct buf *out)
{
	const struct api_context *context = api_context(x);

	if (context->counted_by == NULL)
		return 0;
	return buf_printf(out,
	    "RateLimit-Limit: %u\r\n"
	    "RateLimit-Remaining: %u\r\n"
	    "RateLimit-Reset: %u\r\n",
	    context->counted_by->max, context->rate.remaining, seconds(context->rate.reset_ms));
}
