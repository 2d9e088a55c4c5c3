/*
 * Three may be charged for a login, tried in this order: the browser, the address, the source.
 */
#include "workerd/api/guard/login_limit.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/email.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/guard/known_browser.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/request_context.h"

#define SOURCE_IPV4     3 /* bytes */
#define SOURCE_IPV6     8
#define KNOWN_NS        (30ull * 24 * 60 * 60 * 1000000000) /* addresses */
#define TOTAL_WINDOW_MS 60000
#define COUNT_MAX       60
#define COUNT_MS        10000

/* Rules of the penalties, and the name under which known addresses are remembered. */
static const char by_browser[] = "login_browser", by_address[] = "login_address",
		  by_source[] = "login_source", by_session[] = "login_session",
		  by_link[] = "login_link", known_address[] = "login_known";

struct hash256
login_limit_account(struct slice email)
{
	uint8_t lower[EMAIL_TEXT_MAX];

	return secret_hash(email_lower(email, lower));
}

static struct penalty_rule
login_limit_rule(const struct api *api, const char *name)
{
	const struct settings *s = api->settings;

	const uint32_t most = s->login_penalty_max_ms, first = s->login_penalty_ms;

	return (struct penalty_rule){
	    name, s->login_failures, first < most ? first : most, most};
}

static struct slice
login_limit_client(const struct login_attempt *a)
{
	return (struct slice){a->client, a->client_len};
}

/* Adds bytes to the name of the one who is charged. */
static void
login_limit_append(struct login_attempt *a, struct slice bytes)
{
	must(slice_copy(bytes, a->client + a->client_len, sizeof(a->client) - a->client_len));
	a->client_len += bytes.len;
}

/* The answer's RateLimit headers. */
static struct ratelimit_answer
login_limit_headers(const struct penalty_rule *rule, const struct penalty_answer *p)
{
	return (struct ratelimit_answer){
	    .allowed = p->allowed,
	    .remaining =
		p->allowed && p->failures < rule->free ? rule->free - p->failures - 1 : 0,
	    .retry_after_ms = p->retry_after_ms,
	    .reset_ms = p->reset_ms,
	};
}

/* Counts an attempt, refuses none, and returns how many of those before are not forgotten: one is every ten
 * seconds. The password queue needs them all: those that it was too full for are forgiven. */
static uint32_t
login_limit_count(struct api *api, const struct login_attempt *a)
{
	static const struct ratelimit_rule rule = {
	    "login_count", COUNT_MAX, COUNT_MAX * COUNT_MS};
	struct ratelimit_answer n =
	    ratelimit_take(&api->board->rates, &rule, login_limit_client(a), clock_mono_ns());

	return n.allowed ? COUNT_MAX - 1 - n.remaining : COUNT_MAX;
}

/* Charges the one with the name in a->client. Signed-in callers see the headers only when they are
 * refused. If several are blocked, the headers are those of the first that may try again. */
static bool
login_limit_charge(
    struct api *api, struct http_exchange *x, const char *name, struct login_attempt *a)
{
	const struct penalty_rule rule = login_limit_rule(api, name);
	struct penalty_answer p =
	    penalty_take(&api->board->rates, &rule, login_limit_client(a), clock_mono_ns());
	struct ratelimit_answer headers = login_limit_headers(&rule, &p);
	const uint32_t wait_ms = a->penalty.retry_after_ms;

	if (!p.allowed && wait_ms > 0 && wait_ms <= p.retry_after_ms)
		return false;
	guard_rate_note(x, p.allowed && name == by_session ? 0 : rule.free, &headers);
	a->known = name != by_source && name != by_link;
	a->recent = p.failures + login_limit_count(api, a);
	a->charge = p.allowed ? name : NULL;
	a->penalty = p;
	return p.allowed;
}

static bool
login_limit_take_browser(struct api *api, struct http_exchange *x, const struct hash256 *secret,
    struct login_attempt *a)
{
	struct id browser;

	if (!known_browser_find(x->req, api_has_secure_cookies(api, x), secret, &a->account,
		clock_wall_ms(), &browser))
		return false;
	a->client_len = 0;
	login_limit_append(a, (struct slice){browser.b, sizeof(browser.b)});
	return login_limit_charge(api, x, by_browser, a);
}

/* The name of this address for this account. */
static void
login_limit_name_address(const struct http_exchange *x, struct login_attempt *a)
{
	a->client_len = 0;
	login_limit_append(a, (struct slice){a->account.b, sizeof(a->account.b)});
	login_limit_append(a, ip_client_prefix(&request_context_of(x)->client.address));
}

static bool
login_limit_take_address(struct api *api, struct http_exchange *x, struct login_attempt *a)
{
	login_limit_name_address(x, a);
	return ratelimit_remembers(
		   &api->board->rates, known_address, login_limit_client(a), clock_mono_ns()) &&
	    login_limit_charge(api, x, by_address, a);
}

/* Whether all sources together may try DASHBOARD_PASSWORD once more. */
static bool
login_limit_take_total(struct api *api, struct http_exchange *x)
{
	const struct ratelimit_rule rule = {
	    "dashboard", api->settings->dashboard_logins_per_minute, TOTAL_WINDOW_MS};
	struct ratelimit_answer total =
	    ratelimit_take(&api->board->rates, &rule, (struct slice){0}, clock_mono_ns());

	if (!total.allowed)
		guard_rate_note(x, rule.max, &total);
	return total.allowed;
}

static void
login_limit_take_back(struct api *api, struct login_attempt *a)
{
	const struct penalty_rule rule = login_limit_rule(api, a->charge);

	penalty_forgive(
	    &api->board->rates, &rule, login_limit_client(a), &a->penalty, clock_mono_ns());
	a->charge = NULL;
}

/* Charges the source by this rule. */
static bool
login_limit_charge_source(
    struct api *api, struct http_exchange *x, const char *name, struct login_attempt *a)
{
	const struct ip_address *address = &request_context_of(x)->client.address;
	const struct slice all = ip_slice(address);
	const size_t part = all.len == 4 ? SOURCE_IPV4 : SOURCE_IPV6;

	a->client_len = 0;
	login_limit_append(a, (struct slice){all.p, all.len == 0 ? 0 : part});
	return login_limit_charge(api, x, name, a);
}

static bool
login_limit_take_source(struct api *api, struct http_exchange *x, struct login_attempt *a)
{
	if (!login_limit_charge_source(api, x, by_source, a))
		return false;
	if (!a->shared || login_limit_take_total(api, x))
		return true;
	login_limit_take_back(api, a);
	return false;
}

bool
login_limit_take(struct api *api, struct http_exchange *x, const struct hash256 *secret,
    struct login_attempt *a)
{
	return login_limit_take_browser(api, x, secret, a) ||
	    login_limit_take_address(api, x, a) || login_limit_take_source(api, x, a);
}

bool
login_limit_take_session(
    struct api *api, struct http_exchange *x, const struct id *user, struct login_attempt *a)
{
	login_limit_append(a, (struct slice){user->b, sizeof(user->b)});
	return login_limit_charge(api, x, by_session, a);
}

bool
login_limit_take_link(struct api *api, struct http_exchange *x, struct login_attempt *a)
{
	return login_limit_charge_source(api, x, by_link, a);
}

void
login_limit_forgive(struct api *api, struct http_exchange *x, struct login_attempt *a)
{
	static const struct ratelimit_answer none;

	if (a->charge == NULL)
		return;
	login_limit_take_back(api, a);
	guard_rate_note(x, 0, &none);
}

void
login_limit_remember(struct api *api, const struct http_exchange *x, struct login_attempt *a)
{
	const uint64_t now = clock_mono_ns();

	login_limit_take_back(api, a);
	login_limit_name_address(x, a);
	ratelimit_remember(
	    &api->board->rates, known_address, login_limit_client(a), now + KNOWN_NS, now);
}
