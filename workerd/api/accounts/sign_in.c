/*
 * A session is a random token in a cookie (session.h); the store has its hash.
 */
#include "workerd/api/accounts/sign_in.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/api/guard/known_browser.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/request_context.h"

#define SESSION_SECONDS (7 * 24 * 60 * 60)
#define PROGRAM_MAX     250 /* bytes */

void
sign_in_on_end(struct store_query *q)
{
	struct sign_in *s = (struct sign_in *)q;

	if (!s->failed && !q->client_left)
		login_limit_forgive(q->api, q->x, &s->attempt);
	explicit_bzero(s->token, sizeof(s->token));
}

void *
sign_in_new(const struct api_call *c, size_t size, size_t out_max)
{
	struct sign_in *s = store_query_new(c, size, out_max, NULL);

	s->q.on_end = sign_in_on_end;
	return s;
}

static void
sign_in_on_secret(void *arg, uint16_t type, const union msg *m)
{
	struct sign_in *s = arg;

	if (type != MSG_LOGIN_SECRET) {
		store_query_fail(&s->q, type, m);
		return;
	}
	s->secret = m->login_secret.secret;
	api_use_login_secret(s->q.api, &s->secret);
	s->next(s);
}

void
sign_in_begin(struct sign_in *s, void (*next)(struct sign_in *s))
{
	s->next = next;
	s->secret = s->q.api->login_secret;
	if (hash_is_zero(&s->secret))
		store_query_ask(&s->q, MSG_LOGIN_SECRET_GET, &(struct msg_login_secret_get){},
		    sign_in_on_secret);
	else
		next(s);
}

/* Sets a cookie for so many seconds; 0 deletes it. */
static void
sign_in_set_cookie(
    struct http_exchange *x, const char *name, const char *value, bool secure, int seconds)
{
	reply_header_fmt(x, "Set-Cookie", "%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s",
	    name, value, seconds, secure ? "; Secure" : "");
}

void
sign_in_reply_start(struct http_exchange *x, bool secure, const char *token, int seconds)
{
	reply_start(x, 200);
	sign_in_set_cookie(
	    x, secure ? SESSION_COOKIE_SECURE : SESSION_COOKIE, token, secure, seconds);
}

void
sign_in_reply_end(struct http_exchange *x)
{
	reply_header_str(x, "Cache-Control", "no-store");
	reply_body(x, "application/json; charset=utf-8", slice_str("{\"ok\":true}"));
}

/* Signs the browser in, which is known from now on. */
static void
sign_in_reply(struct sign_in *s)
{
	struct api *api = s->q.api;
	const bool secure = api_has_secure_cookies(api, s->q.x);
	const struct id browser = id_new();
	char token[sizeof(s->token)], known[KNOWN_BROWSER_TEXT + 1];
	struct http_exchange *x;

	memcpy(token, s->token, sizeof(token));
	known_browser_format(&s->secret, &s->attempt.account, &browser, known);
	login_limit_remember(api, s->q.x, &s->attempt);
	x = store_query_done(&s->q);
	sign_in_reply_start(x, secure, token, SESSION_SECONDS);
	sign_in_set_cookie(x, secure ? KNOWN_BROWSER_COOKIE_SECURE : KNOWN_BROWSER_COOKIE,
	    known, secure, KNOWN_BROWSER_SECONDS);
	sign_in_reply_end(x);
	explicit_bzero(token, sizeof(token));
}

static void
sign_in_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct sign_in *s = arg;

	/* The user was deleted or changed the password meanwhile. */
	if (store_refused(type, m, STORE_NOT_FOUND) || store_refused(type, m, STORE_STALE)) {
		s->refuse(s);
		return;
	}
	if (type != MSG_OK) {
		store_query_fail(&s->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "login", L_UINT("conn", s->q.x->number), L_ID("login", &s->login),
	    L_ID("org", &s->org), L_ID("user", &s->user));
	sign_in_reply(s);
}

/* The User-Agent as one line of printable ASCII. */
static struct slice
sign_in_program_of(const struct http_request *req, uint8_t text[PROGRAM_MAX])
{
	struct slice agent = http_header(req, "user-agent");
	size_t n = agent.len < PROGRAM_MAX ? agent.len : PROGRAM_MAX;

	for (size_t i = 0; i < n; i++)
		text[i] = agent.p[i] >= 0x20 && agent.p[i] <= 0x7e ? agent.p[i] : '?';
	return (struct slice){text, n};
}

/* The password was correct: creates the session. */
void
sign_in_create(struct sign_in *s)
{
	struct http_exchange *x = s->q.x;
	char address[IP_TEXT_SIZE];
	uint8_t program[PROGRAM_MAX];
	struct msg_login_create create = {
	    .org = s->org,
	    .expires_at = clock_wall_ms() + SESSION_SECONDS * 1000ull,
	    .id = s->login = id_new(),
	    .user = s->user,
	    .program = sign_in_program_of(x->req, program),
	    .checked = s->checked,
	};

	ip_format(&request_context_of(x)->client.address, address);
	create.address = slice_str(address);
	session_token_new(id_is_zero(&s->user), s->token);
	create.token = session_hash(s->q.api->settings, slice_str(s->token));
	store_query_ask(&s->q, MSG_LOGIN_CREATE, &create, sign_in_on_stored);
}
