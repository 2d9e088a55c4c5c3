/*
 * POST /api/login and /api/logout (API.md, section 6). A session is a random token in a cookie
 * (session.h); the store has its hash, so a logout ends it immediately.
 *
 * A login is by DASHBOARD_PASSWORD alone, or by a user's e-mail and password:
 *
 *	rate limit of the account → user record → password hasher → LOGIN_CREATE
 *
 * For an unknown e-mail a password is hashed too, so that the time does not reveal whether it exists.
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
#include "workerd/api/guard/session.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/request/store_query.h"

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
	uint8_t email[EMAIL_TEXT_MAX];
	uint8_t password[PASSWORD_MAX];
	size_t email_len, password_len;
};

static struct login_query *
login_query_new(const struct api_call *c)
{
	return store_query_new(c, sizeof(struct login_query), 0, NULL);
}

/* Answers {"ok":true} and sets the cookie for so many seconds; 0 deletes it. */
static void
login_reply_cookie(
    const struct api *api, struct http_exchange *x, const char *token, int seconds)
{
	bool secure = api_has_secure_cookies(api, x);

	reply_start(x, 200);
	reply_header_fmt(x, "Set-Cookie", "%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s",
	    secure ? SESSION_COOKIE_SECURE : SESSION_COOKIE, token, seconds,
	    secure ? "; Secure" : "");
	reply_header_str(x, "Cache-Control", "no-store");
	reply_body(x, "application/json; charset=utf-8", slice_str("{\"ok\":true}"));
}

static void
login_refuse_password(struct login_query *s)
{
	struct log_field whose =
	    id_is_zero(&s->user) ? L_STR("user", NULL) : L_ID("user", &s->user);

	log_event(LOG_WARN, "login_failed", L_UINT("conn", s->q.x->number), whose);
	store_query_refuse(&s->q, 401, "invalid_password", "Invalid password");
}

static void
login_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct login_query *s = arg;
	char token[sizeof(s->token)];
	struct api *api = s->q.api;

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
	memcpy(token, s->token, sizeof(token));
	login_reply_cookie(api, store_query_done(&s->q), token, SESSION_SECONDS);
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

static void
login_by_shared_password(const struct api_call *c, struct slice given)
{
	const char *password = c->api->settings->dashboard_password;
	struct login_query *s;

	if (password == NULL) {
		reply_json_error(c->x, 503, "dashboard_not_configured",
		    "DASHBOARD_PASSWORD is not configured on this deployment");
		return;
	}
	s = login_query_new(c);
	s->org = id_default_org;
	if (secret_equal(slice_str(password), given))
		login_create(s);
	else
		login_refuse_password(s);
}

static void
login_on_verified(void *arg, enum password_verdict verdict, const char *text)
{
	struct login_query *s = arg;

	(void)text;
	if (verdict == PASSWORD_CORRECT && !id_is_zero(&s->user))
		login_create(s);
	else
		login_refuse_password(s);
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
	if (found) {
		/* The store folds more letters than the rate limit does: an e-mail that only the
		 * store finds would be counted as another account. */
		if (email_same(user.email, (struct slice){s->email, s->email_len})) {
			s->org = user.org;
			s->user = user.id;
			s->checked = secret_hash(user.password);
			text = user.password;
		}
	}
	password_query_verify(
	    &s->q, (struct slice){s->password, s->password_len}, text, login_on_verified);
}

static void
login_by_user(const struct api_call *c, struct slice email, struct slice password)
{
	struct msg_record_get ask = {.kind = MSG_USER_RECORD, .name = email};
	struct login_query *s;

	if (!guard_account_rate_take(c->api, c->x, email)) {
		guard_account_rate_refuse(c->api, c->x);
		return;
	}
	s = login_query_new(c);
	if (password.len > PASSWORD_MAX) {
		login_refuse_password(s);
		return;
	}
	memcpy(s->email, email.p, email.len);
	s->email_len = email.len;
	memcpy(s->password, password.p, password.len);
	s->password_len = password.len;
	store_query_ask(&s->q, MSG_RECORD_GET, &ask, login_on_user);
}

void
handle_login(const struct api_call *c)
{
	struct login_body body;
	const char *wrong = login_body_read(c->x->body, &body);

	if (wrong != NULL)
		api_reply_invalid(c, wrong,
		    "the body must be {\"password\":\"…\"}, or "
		    "{\"email\":\"…\",\"password\":\"…\"}");
	else if (body.email.len == 0)
		login_by_shared_password(c, body.password);
	else
		login_by_user(c, body.email, body.password);
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

	if (token.len == 0)
		login_reply_cookie(api, store_query_done(&s->q), "", 0);
	else
		store_query_ask(&s->q, MSG_LOGIN_DELETE, &delete, login_on_ended);
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
