/*
 * What handlers ask about a call.
 */
#include "workerd/api/request/api_call.h"

#include <stdio.h>

#include "workerd/api/request/request_context.h"

void
api_caller_name(const struct api_call *c, char name[API_CALLER_SIZE])
{
	if (!id_is_zero(&c->user))
		id_format(&c->user, name);
	else
		snprintf(name, API_CALLER_SIZE, "%s", c->by_key ? "key" : "password");
}

struct id
api_operator(const struct api_call *c)
{
	if (!id_is_zero(&c->user))
		return c->user;
	if (!id_is_zero(&c->key))
		return c->key;
	/* 00000000-0000-0000-0000-000000000001 is ADMIN_API_KEY, …2 DASHBOARD_PASSWORD. */
	return (struct id){.b = {[15] = c->by_key ? 1 : 2}};
}

bool
api_is_https(const struct api *api, const struct http_exchange *x)
{
	enum client_scheme scheme = request_context_of(x)->client.scheme;

	if (scheme == SCHEME_UNKNOWN)
		return api->settings->app_env == APP_ENV_PRODUCTION;
	return scheme == SCHEME_HTTPS;
}

bool
api_has_secure_cookies(const struct api *api, const struct http_exchange *x)
{
	return api->settings->app_env == APP_ENV_PRODUCTION || api_is_https(api, x);
}
