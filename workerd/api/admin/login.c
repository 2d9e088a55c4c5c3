/*
 * POST /api/login and /api/logout (API.md, section 6). A session is a random token in a cookie
 * (session.h); the store has its hash, so a logout ends it immediately.
 *
 * A login is by DASHBOARD_PASSWORD alone, or by a user's e-mail and password:
 *
 *	the store's login secret → limits → user record → password hasher → LOGIN_CREATE
 *
 * For an unknown e-mail a password is hashed too, so that the time does not reveal whether it exists; and
 * with DASHBOARD_PASSWORD, so that each guess costs the same. That password needs no hash of its own: the
 * settings have it as text.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/email.h"
#include "proto/base/log.h"
#include "proto/base/secrets.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/login_body.h"
#include "workerd/api/admin/password_query.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/guard/known_browser.h"
#include "workerd/api/guard/login_limit.h"
#include "workerd/api/guard/session.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/request/store_query.h"
#include "workerd/http/http_server.h"

#define SESSION_SECONDS (7 * 24 * 60 * 60)
#define PROGRAM_MAX     250 /* bytes */

/* A login or logout that waits for the store or the hasher. */
struct login_query {
	struct store_query q;
	struct id org, user;    /* who logs in; zero until known */
	struct hash256 checked; /* hash of the password that was checked, for LOGIN_CREATE */
	struct id login;
	char token[SESSION_TOKEN_SIZE];
	size_t cookie; /* of a logout: the next cookie */
	struct login_attempt attempt;
	bool failed; /* the attempt stays charged */
	uint8_t email[EMAIL_TEXT_MAX];
	uint8_t password[PASSWORD_MAX];
	size_t email_len,
	    password_len; /* password_len over PASSWORD_MAX: too long, not copied */
};

/* A client that leaves is charged: its password may have been checked. */
static void
login_on_end(struct store_query *q)
{
	struct login_query *s = (struct login_query *)q;

	if (!s->failed && !q->client_left)
		login_limit_forgive(q->api, q->x, &s->attempt);
	explicit_bzero(s->password, sizeof(s->password));
	explicit_bzero(s->token, sizeof(s->token));
}

static struct login_query *
login_query_new(const struct api_call *c)
{
	struct login_query *s = store_query_new(c, sizeof(*s), 0, NULL);

	s->q.on_end = login_on_end;
	return s;
}

/* Sets a cookie for so many seconds; 0 deletes it. */
static void
login_set_cookie(
    struct http_exchange *x, const char *name, const char *value, bool secure, int seconds)
{
	reply_header_fmt(x, "Set-Cookie", "%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s",
	    name, value, seconds, secure ? "; Secure" : "");
}

/* Begins an answer that sets the session's cookie. */
static void
login_reply_start(struct http_exchange *x, bool secure, const char *token, int seconds)
{
	reply_start(x, 200);
	login_set_cookie(
	    x, secure ? SESSION_COOKIE_SECURE : SESSION_COOKIE, token, secure, seconds);
}

static void
login_reply_end(struct http_exchange *x)
{
	reply_header_str(x, "Cache-Control", "no-store");
	reply_body(x, "application/json; charset=utf-8", slice_str("{\"ok\":true}"));
}

/* Signs the browser in, which is known from now on. */
static void
login_reply(struct login_query *s)
{
	struct api *api = s->q.api;
	const bool secure = api_has_secure_cookies(api, s->q.x);
	const struct id browser = id_new();
	char token[sizeof(s->token)], known[KNOWN_BROWSER_TEXT + 1];
	struct http_exchange *x;

	memcpy(token, s->token, sizeof(token));
	known_browser_format(&api->login_secret, &s->attempt.account, &browser, known);
	login_limit_remember(api, s->q.x, &s->attempt);
	x = store_query_done(&s->q);
	login_reply_start(x, secure, token, SESSION_SECONDS);
	login_set_cookie(x, secure ? KNOWN_BROWSER_COOKIE_SECURE : KNOWN_BROWSER_COOKIE, known,
	    secure, KNOWN_BROWSER_SECONDS);
	login_reply_end(x);
	explicit_bzero(token, sizeof(token));
}

static void
login_refuse_password(struct login_query *s)
{
	struct log_field whose =
	    id_is_zero(&s->user) ? L_STR("user", NULL) : L_ID("user", &s->user);

	s->failed = true;
	log_event(LOG_WARN, "login_failed", L_UINT("conn", s->q.x->number), whose);
	store_query_refuse(&s->q, 401, "invalid_password", "Invalid password");
}

static void
login_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct login_query *s = arg;

	/* The user was deleted or changed the password meanwhile. */
	if (store_refused(type, m, STORE_NOT_FOUND) || store_refused(type, m, STORE_STALE)) {
		login_refuse_password(s);
		return;
	}
	if (type != MSG_OK) {
		store_query_fail(&s->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "login", L_UINT("conn", s->q.x->number), L_ID("login", &s->login),
	    L_ID("org", &s->org), L_ID("user", &s->user));
	login_reply(s);
}

/* The User-Agent as one line of printable ASCII. */
static struct slice
login_program_of(const struct http_request *req, uint8_t text[PROGRAM_MAX])
{
	struct slice agent = http_header(req, "user-agent");
	size_t n = agent.len < PROGRAM_MAX ? agent.len : PROGRAM_MAX;

	for (size_t i = 0; i < n; i++)
		text[i] = agent.p[i] >= 0x20 && agent.p[i] <= 0x7e ? agent.p[i] : '?';
	return (struct slice){text, n};
}

/* The password was correct: creates the session. */
static void
login_create(struct login_query *s)
{
	struct http_exchange *x = s->q.x;
	char address[IP_TEXT_SIZE];
	uint8_t program[PROGRAM_MAX];
	struct msg_login_create create = {
	    .org = s->org,
	    .expires_at = clock_wall_ms() + SESSION_SECONDS * 1000ull,
	    .id = s->login = id_new(),
	    .user = s->user,
	    .program = login_program_of(x->req, program),
	    .checked = s->checked,
	};

	ip_format(&request_context_of(x)->client.address, address);
	create.address = slice_str(address);
	session_token_new(id_is_zero(&s->user), s->token);
	create.token = session_hash(s->q.api->settings, slice_str(s->token));
	store_query_ask(&s->q, MSG_LOGIN_CREATE, &create, login_on_stored);
}

static bool
login_is_correct(const struct login_query *s, enum password_verdict verdict)
{
	const struct slice given = {s->password, s->password_len};

	if (s->attempt.shared)
		return secret_equal(slice_str(s->q.api->settings->dashboard_password), given);
	return verdict == PASSWORD_CORRECT && !id_is_zero(&s->user);
}

static void
login_on_verified(void *arg, enum password_verdict verdict, const char *text)
{
	struct login_query *s = arg;

	(void)text;
	if (login_is_correct(s, verdict))
		login_create(s);
	else
		login_refuse_password(s);
}

static void
login_verify(struct login_query *s, struct slice text)
{
	const struct password_owner owner = {s->attempt.known, s->attempt.recent};

	password_query_verify(&s->q, (struct slice){s->password, s->password_len}, text, owner,
	    login_on_verified);
}

static void
login_on_user(void *arg, uint16_t type, const union msg *m)
{
	struct login_query *s = arg;
	struct slice text = slice_str(password_dummy_hash);
	struct msg_user_record user;
	bool found = msg_read_record(type, m, MSG_USER_RECORD, &user);

	if (!found && !store_refused(type, m, STORE_NOT_FOUND)) {
		store_query_fail(&s->q, type, m);
		return;
	}
	/* The store folds more letters than the limits do: an e-mail that only the store finds would be
	 * another account for them. */
	if (found && email_same(user.email, (struct slice){s->email, s->email_len})) {
		s->org = user.org;
		s->user = user.id;
		s->checked = secret_hash(user.password);
		text = user.password;
	}
	login_verify(s, text);
}

/* Checks the password, unless the limits refuse that. */
static void
login_try(struct login_query *s)
{
	struct api *api = s->q.api;
	struct msg_record_get ask = {.kind = MSG_USER_RECORD, .name = {s->email, s->email_len}};

	if (!login_limit_take(api, s->q.x, &api->login_secret, &s->attempt))
		guard_login_refuse(api, store_query_done(&s->q));
	else if (s->password_len > PASSWORD_MAX)
		login_refuse_password(s);
	else if (s->attempt.shared)
		login_verify(s, slice_str(password_dummy_hash));
	else
		store_query_ask(&s->q, MSG_RECORD_GET, &ask, login_on_user);
}

static void
login_on_secret(void *arg, uint16_t type, const union msg *m)
{
	struct login_query *s = arg;

	if (type != MSG_LOGIN_SECRET) {
		store_query_fail(&s->q, type, m);
		return;
	}
	s->q.api->login_secret = m->login_secret.secret;
	login_try(s);
}

static void
login_begin(const struct api_call *c, struct slice email, struct slice password)
{
	struct login_query *s = login_query_new(c);

	if (email.len > 0)
		memcpy(s->email, email.p, email.len);
	if (password.len <= PASSWORD_MAX)
		memcpy(s->password, password.p, password.len);
	s->email_len = email.len;
	s->password_len = password.len;
	s->attempt.account = login_limit_account(email);
	s->attempt.shared = email.len == 0;
	if (s->attempt.shared)
		s->org = id_default_org;
	if (hash_is_zero(&c->api->login_secret))
		store_query_ask(&s->q, MSG_LOGIN_SECRET_GET, &(struct msg_login_secret_get){},
		    login_on_secret);
	else
		login_try(s);
}

void
handle_login(const struct api_call *c)
{
	struct http_exchange *x = c->x;
	struct login_body body;
	const char *wrong = login_body_read(x->body, &body);

	http_server_wipe_body(x);
	if (wrong != NULL)
		api_reply_invalid(c, wrong,
		    "the body must be {\"password\":\"…\"}, or "
		    "{\"email\":\"…\",\"password\":\"…\"}");
	else if (body.email.len == 0 && c->api->settings->dashboard_password == NULL)
		reply_json_error(x, 503, "dashboard_not_configured",
		    "DASHBOARD_PASSWORD is not configured on this deployment");
	else
		login_begin(c, body.email, body.password);
	login_body_clear(&body);
}

static void login_on_ended(void *arg, uint16_t type, const union msg *m);

/* Ends the session of the next cookie, and answers after the last one. */
static void
login_end_next(struct login_query *s)
{
	struct api *api = s->q.api;
	bool secure = api_has_secure_cookies(api, s->q.x);
	struct slice token = session_token(s->q.x->req, secure, s->cookie++);
	struct msg_login_delete delete = {.token = session_hash(api->settings, token)};
	struct http_exchange *x;

	if (token.len > 0) {
		store_query_ask(&s->q, MSG_LOGIN_DELETE, &delete, login_on_ended);
		return;
	}
	x = store_query_done(&s->q);
	login_reply_start(x, secure, "", 0);
	login_reply_end(x);
}

static void
login_on_ended(void *arg, uint16_t type, const union msg *m)
{
	struct login_query *s = arg;

	if (type == MSG_OK)
		login_end_next(s);
	else
		store_query_fail(&s->q, type, m);
}

void
handle_logout(const struct api_call *c)
{
	login_end_next(login_query_new(c));
}
