/*
 * The keys, compared in constant time.
 */
#include "workerd/api/guard.h"

#include "proto/basics.h"
#include "proto/secrets.h"

static enum guard_verdict
refuse(struct api_call *c)
{
	reply_json_error(c->x, 401, "unauthorized", "Unauthorized");
	return GUARD_REFUSED;
}

/* Whether it is the key or, while keys are being exchanged, the one before. Both are compared, so
 * that the time tells nothing. */
static bool
is_key(struct slice given, const char *key, const char *old)
{
	bool is_new = secret_equal(slice_str(key), given);
	bool is_old = old != NULL && secret_equal(slice_str(old), given);

	return is_new || is_old;
}

enum guard_verdict
guard_refuse_admin(struct api_call *c)
{
	if (c->api->settings->admin_api_key != NULL)
		return refuse(c);
	reply_json_error(c->x, 503, "admin_api_not_configured",
	    "ADMIN_API_KEY is not configured on this deployment");
	return GUARD_REFUSED;
}

enum guard_verdict
guard_chat_key(struct api_call *c)
{
	const struct settings *s = c->api->settings;
	struct slice given = http_header(c->x->req, "x-api-key");

	if (s->widget_api_key == NULL)
		return GUARD_NEXT;
	if (given.p == NULL)
		given = http_header(c->x->req, "x-widget-api-key");
	if (given.p == NULL || !is_key(given, s->widget_api_key, s->widget_api_key_old))
		return refuse(c);
	return GUARD_NEXT;
}

/* A key was given: is it the one? */
static enum guard_verdict
check_admin_key(struct api_call *c, struct slice given)
{
	const struct settings *s = c->api->settings;

	if (s->admin_api_key != NULL && given.p != NULL &&
	    is_key(given, s->admin_api_key, s->admin_api_key_old))
		return GUARD_GRANTED;
	return guard_refuse_admin(c);
}

enum guard_verdict
guard_admin_key(struct api_call *c)
{
	struct slice given = http_header(c->x->req, "x-admin-api-key");

	return given.p == NULL ? GUARD_NEXT : check_admin_key(c, given);
}

/* -- the metrics --------------------------------------------------------------------------- */

/* The host of a Host header is this machine to itself. A page that had its own name lead here
 * (DNS rebinding) still sends that name. */
static bool
is_loopback_name(struct slice host)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t n = slice_str(names[i]).len;

		if (host.len >= n && (host.len == n || host.p[n] == ':') &&
		    http_is_token((struct slice){host.p, n}, names[i]))
			return true;
	}
	return false;
}

/* Whether somebody passes this request on: then the connection says nothing about its client. */
static bool
is_passed_on(const struct http_exchange *x)
{
	static const char *const signs[] = {"x-forwarded-for", "x-forwarded-proto",
	    "x-forwarded-host", "x-real-ip", "forwarded", "via"};

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (http_header(x->req, signs[i]).p != NULL)
			return true;
	return api_context(x)->caller.trusted_peer;
}

enum guard_verdict
guard_local(struct api_call *c)
{
	if (c->x->loopback && !is_passed_on(c->x) &&
	    is_loopback_name(http_header(c->x->req, "host")))
		return GUARD_GRANTED;
	return GUARD_NEXT;
}

/* The value of "Authorization: Bearer VALUE" (RFC 6750, section 2.1); p is NULL without one. */
static struct slice
bearer(const struct http_request *req)
{
	static const char scheme[] = "bearer";
	const size_t n = sizeof(scheme) - 1;
	struct slice value = http_header(req, "authorization");

	if (value.len <= n || value.p[n] != ' ' ||
	    !http_is_token((struct slice){value.p, n}, scheme))
		return (struct slice){0};
	return http_trim((struct slice){value.p + n, value.len - n});
}

enum guard_verdict
guard_scrape_key(struct api_call *c)
{
	struct slice given = http_header(c->x->req, "x-admin-api-key");

	return check_admin_key(c, given.p != NULL ? given : bearer(c->x->req));
}
