/*
 * Rate limits by the client's address, and of an account whatever the address. The cells are shared by
 * all workers (proto/ipc/ratelimit.h).
 *
 * Every answer to a request that was counted tells what is left, so that a client can slow down
 * before it is refused.
 */
#include "workerd/api/guard/guard.h"

#include "proto/base/clock.h"
#include "proto/base/email.h"

/* Seconds, rounded up. */
static unsigned
seconds(uint32_t ms)
{
	return (ms + 999) / 1000;
}

/* Whether the rule lets this client, or whatever the bytes name, go on. Of two rules the client is told
 * of the one that will refuse it first. */
static bool
count(struct api *api, struct http_exchange *x, const struct ratelimit_rule *rule,
    struct slice client)
{
	struct api_context *context = api_context(x);
	struct ratelimit_answer rate =
	    ratelimit_take(&api->board->rates, rule, client, clock_mono_ns());

	if (context->counted_by == NULL || !rate.allowed ||
	    rate.remaining < context->rate.remaining) {
		context->counted_by = rule;
		context->rate = rate;
	}
	return rate.allowed;
}

/* 429, with what count() has found. */
static void
refuse(
    struct api *api, struct http_exchange *x, enum metric_rate_limited what, const char *error)
{
	metric_add(&api->me->rate_limited[what], 1);
	reply_start(x, 429);
	reply_header_fmt(x, "Retry-After", "%u", seconds(api_context(x)->rate.retry_after_ms));
	reply_error_body(x, "rate_limited", error);
}

static enum guard_verdict
count_address(struct api_call *c, const struct ratelimit_rule *rule,
    enum metric_rate_limited what, const char *error)
{
	struct slice client = ip_customer(&api_context(c->x)->caller.address);

	if (count(c->api, c->x, rule, client))
		return GUARD_NEXT;
	refuse(c->api, c->x, what, error);
	return GUARD_REFUSED;
}

enum guard_verdict
guard_chat_rate(struct api_call *c)
{
	return count_address(
	    c, &c->api->chat_rate, METRIC_RATE_LIMITED_CHAT, "Too many requests");
}

/* Coming back to a reply must not cost a visitor the right to write. */
enum guard_verdict
guard_chat_read_rate(struct api_call *c)
{
	return count_address(
	    c, &c->api->chat_read_rate, METRIC_RATE_LIMITED_CHAT_READ, "Too many requests");
}

static const char too_many_logins[] = "Too many login attempts";

enum guard_verdict
guard_login_rate(struct api_call *c)
{
	return count_address(
	    c, &c->api->login_rate, METRIC_RATE_LIMITED_LOGIN, too_many_logins);
}

/* Looking at pages with a widget must not cost a visitor the right to write either. */
enum guard_verdict
guard_widget_rate(struct api_call *c)
{
	return count_address(
	    c, &c->api->widget_rate, METRIC_RATE_LIMITED_WIDGET, "Too many requests");
}

/* Without a word to x, whose answer began long ago. */
static bool
takes(struct api *api, const struct http_exchange *x, const struct ratelimit_rule *rule,
    enum metric_rate_limited what)
{
	struct slice client = ip_customer(&api_context(x)->caller.address);

	if (ratelimit_take(&api->board->rates, rule, client, clock_mono_ns()).allowed)
		return true;
	metric_add(&api->me->rate_limited[what], 1);
	return false;
}

bool
guard_chat_takes(struct api *api, const struct http_exchange *x)
{
	return takes(api, x, &api->chat_rate, METRIC_RATE_LIMITED_CHAT);
}

bool
guard_chat_read_takes(struct api *api, const struct http_exchange *x)
{
	return takes(api, x, &api->chat_read_rate, METRIC_RATE_LIMITED_CHAT_READ);
}

/* Who is signed in already is told of this rate only when it refuses. */
bool
guard_account_count(struct api *api, struct http_exchange *x, struct slice email)
{
	struct api_context *context = api_context(x);
	const struct ratelimit_rule *before = context->counted_by;
	uint8_t lower[EMAIL_TEXT_MAX];
	bool allowed = count(api, x, &api->account_rate, email_lower(email, lower));

	if (allowed && before == NULL)
		context->counted_by = NULL;
	return allowed;
}

void
guard_account_refuse(struct api *api, struct http_exchange *x)
{
	refuse(api, x, METRIC_RATE_LIMITED_LOGIN, too_many_logins);
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
