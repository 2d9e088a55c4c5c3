/*
 * Signing in to the dashboard and out again (API.md, section 6). A session is a random token in a
 * cookie; the store holds its hash, so that signing out ends it for good.
 */
#include <jansson.h>
#include <stdlib.h>

#include "proto/basics.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "proto/secrets.h"
#include "workerd/api/api.h"
#include "workerd/api/guard.h"

#define SESSION_SECONDS (7 * 24 * 60 * 60)

/* A request that waits for the store. */
struct signing {
	struct api *api;
	struct http_exchange *x;
	struct store_call *store;
	char token[SECRET_TOKEN_TEXT + 1]; /* "" when signing out */
};

static void
on_client_gone(struct http_exchange *x)
{
	struct signing *s = x->data;

	store_call_forget(s->store);
	free(s);
}

/* Answers {"ok":true} with the cookie set to this token for so many seconds; 0 takes it away. In
 * production it is never sent over plain HTTP, whatever a proxy says. */
static void
reply_cookie(const struct api *api, struct http_exchange *x, const char *token, int seconds)
{
	bool secure = api->settings->app_env == APP_ENV_PRODUCTION || api_is_https(api, x);

	reply_start(x, 200);
	reply_header_fmt(x, "Set-Cookie",
	    SESSION_COOKIE "=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s", token, seconds,
	    secure ? "; Secure" : "");
	reply_header_str(x, "Cache-Control", "no-store");
	reply_body(x, "application/json; charset=utf-8", slice_str("{\"ok\":true}"));
}

static void
on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct signing *s = arg;

	s->x->on_close = NULL;
	s->x->data = NULL;
	if (type != MSG_OK)
		api_reply_store_failure(s->x, type, m);
	else
		reply_cookie(s->api, s->x, s->token, *s->token == '\0' ? 0 : SESSION_SECONDS);
	free(s);
}

/* Sends the change to the store, and answers from there. */
static void
store_change(const struct api_call *c, const char *token, enum msg_type type, const void *msg)
{
	struct signing *s = xcalloc(1, sizeof(*s));

	s->api = c->api;
	s->x = c->x;
	snprintf(s->token, sizeof(s->token), "%s", token);
	s->store = store_call(c->api->store, type, msg, STORE_TIMEOUT_MS, on_stored, s);
	if (s->store == NULL) {
		free(s);
		api_reply_store_failure(c->x, 0, NULL);
		return;
	}
	c->x->data = s;
	c->x->on_close = on_client_gone;
}

/* The outcome of comparing a body's password with ours. */
enum password { PASSWORD_MISSING, PASSWORD_WRONG, PASSWORD_RIGHT };

static enum password
check_password(struct slice body, const char *password)
{
	json_t *root = json_loadb(
	    (const char *)body.p, body.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	const json_t *given = json_object_get(root, "password");
	enum password result = PASSWORD_MISSING;

	if (json_is_string(given) && json_string_length(given) > 0) {
		struct slice text = {
		    (const uint8_t *)json_string_value(given), json_string_length(given)};

		result =
		    secret_equal(slice_str(password), text) ? PASSWORD_RIGHT : PASSWORD_WRONG;
	}
	json_decref(root);
	return result;
}

static void
sign_in(const struct api_call *c)
{
	char token[SECRET_TOKEN_TEXT + 1];
	struct msg_login_create create = {.org = id_default_org};

	secret_token(token);
	create.token = secret_hash(slice_str(token));
	create.expires_at = clock_wall_ms() + SESSION_SECONDS * 1000ull;
	log_event(LOG_NOTICE, "login", L_UINT("conn", c->x->number));
	store_change(c, token, MSG_LOGIN_CREATE, &create);
}

void
handle_login(const struct api_call *c)
{
	const char *password = c->api->settings->dashboard_password;

	if (password == NULL) {
		reply_json_error(c->x, 503, "dashboard_not_configured",
		    "DASHBOARD_PASSWORD is not configured on this deployment");
		return;
	}
	switch (check_password(c->x->body, password)) {
	case PASSWORD_MISSING:
		api_reply_invalid(c->api, c->x, "Password is required",
		    "the body must be {\"password\":\"…\"}");
		break;
	case PASSWORD_WRONG:
		log_event(LOG_WARN, "login_failed", L_UINT("conn", c->x->number));
		reply_json_error(c->x, 401, "invalid_password", "Invalid password");
		break;
	case PASSWORD_RIGHT:
		sign_in(c);
		break;
	}
}

void
handle_logout(const struct api_call *c)
{
	struct slice token = guard_session_token(c->x->req);
	struct msg_login_delete delete = {.token = secret_hash(token)};

	if (token.len == 0)
		reply_cookie(c->api, c->x, "", 0);
	else
		store_change(c, "", MSG_LOGIN_DELETE, &delete);
}
