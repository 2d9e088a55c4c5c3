/*
 * /api/login and /api/logout (API.md, section 6). A session is a random token in a cookie
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
#include "workerd/api/accounts/accounts_handlers.h"
#include "workerd/api/accounts/login_body.h"
#include "workerd/api/accounts/password_query.h"
#include "workerd/api/accounts/sign_in.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/guard/known_browser.h"
#include "workerd/api/guard/login_limit.h"
#include "workerd/api/guard/session.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/mail_reader.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/request/store_query.h"
#include "workerd/http/http_server.h"

#define WAYS_MAX 256 /* bytes of JSON */

/* A login or logout that waits for the store or the hasher. */
struct login_query {
	struct sign_in in;
	size_t cookie; /* of a logout: the next cookie */
	uint8_t email[EMAIL_TEXT_MAX];
	uint8_t password[PASSWORD_MAX];
	size_t email_len,
	    password_len; /* password_len over PASSWORD_MAX: too long, not copied */
};

static void
login_refuse_password(struct sign_in *s)
{
	struct log_field whose =
	    id_is_zero(&s->user) ? L_STR("user", NULL) : L_ID("user", &s->user);

	s->failed = true;
	log_event(LOG_WARN, "login_failed", L_UINT("conn", s->q.x->number), whose);
	store_query_refuse(&s->q, 401, "invalid_password", "Invalid password");
}

static void
login_on_end(struct store_query *q)
{
	struct login_query *s = (struct login_query *)q;

	sign_in_on_end(q);
	explicit_bzero(s->password, sizeof(s->password));
}

static struct login_query *
login_query_new(const struct api_call *c)
{
	struct login_query *s = sign_in_new(c, sizeof(*s), 0);

	s->in.q.on_end = login_on_end;
	s->in.refuse = login_refuse_password;
	return s;
}

static bool
login_is_correct(const struct login_query *s, enum password_verdict verdict)
{
	const struct slice given = {s->password, s->password_len};

	if (s->in.attempt.shared)
		return secret_equal(
		    slice_str(s->in.q.api->settings->dashboard_password), given);
	return verdict == PASSWORD_CORRECT && !id_is_zero(&s->in.user);
}

static void
login_on_verified(void *arg, enum password_verdict verdict, const char *text)
{
	struct login_query *s = arg;

	(void)text;
	if (login_is_correct(s, verdict))
		sign_in_create(&s->in);
	else
		login_refuse_password(&s->in);
}

static void
login_verify(struct login_query *s, struct slice text)
{
	const struct password_owner owner = {s->in.attempt.known, s->in.attempt.recent};

	password_query_verify(&s->in.q, (struct slice){s->password, s->password_len}, text,
	    owner, login_on_verified);
}

static void
login_on_user(void *arg, uint16_t type, const union msg *m)
{
	struct login_query *s = arg;
	struct slice text = slice_str(password_dummy_hash);
	struct msg_user_record user;
	bool found = msg_read_record(type, m, MSG_USER_RECORD, &user);

	if (!found && !store_refused(type, m, STORE_NOT_FOUND)) {
		store_query_fail(&s->in.q, type, m);
		return;
	}
	/* The store folds more letters than the limits do: an e-mail that only the store finds would be
	 * another account for them. */
	if (found && email_same(user.email, (struct slice){s->email, s->email_len})) {
		s->in.org = user.org;
		s->in.user = user.id;
		s->in.checked = secret_hash(user.password);
		text = user.password;
	}
	login_verify(s, text);
}

/* Checks the password, unless the limits refuse that. */
static void
login_try(struct sign_in *in)
{
	struct login_query *s = (struct login_query *)in;
	struct api *api = s->in.q.api;
	struct msg_record_get ask = {.kind = MSG_USER_RECORD, .name = {s->email, s->email_len}};

	if (!login_limit_take(api, s->in.q.x, &s->in.secret, &s->in.attempt))
		guard_login_refuse(api, store_query_done(&s->in.q));
	else if (s->password_len > PASSWORD_MAX)
		login_refuse_password(&s->in);
	else if (s->in.attempt.shared)
		login_verify(s, slice_str(password_dummy_hash));
	else
		store_query_ask(&s->in.q, MSG_RECORD_GET, &ask, login_on_user);
}

static void
login_begin(const struct api_call *c, struct slice email, struct slice password)
{
	struct login_query *s = login_query_new(c);

	must(slice_copy(email, s->email, sizeof(s->email)));
	/* One that is too long is wrong: login_verify() looks at its length. */
	(void)!slice_copy(password, s->password, sizeof(s->password));
	s->email_len = email.len;
	s->password_len = password.len;
	s->in.attempt.account = login_limit_account(email);
	s->in.attempt.shared = email.len == 0;
	if (s->in.attempt.shared)
		s->in.org = id_default_org;
	sign_in_begin(&s->in, login_try);
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

static void
login_ways_on_users(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct slice users, first;

	if (type != MSG_RECORD_PAGE) {
		store_query_fail(q, type, m);
		return;
	}
	users = m->record_page.records;
	json_write_open(&q->json, NULL, '{');
	json_write_bool(&q->json, "password", q->api->settings->dashboard_password != NULL);
	json_write_bool(&q->json, "users", wire_list_next(&users, &first));
	json_write_bool(&q->json, "mails", mail_reader_is_reached(q->api->settings));
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

/* The users of the organization that DASHBOARD_PASSWORD signs in to. */
void
handle_login_ways(const struct api_call *c)
{
	struct msg_record_list ask = {
	    .kind = MSG_USER_RECORD, .org = id_default_org, .limit = 1};

	store_query_ask(store_query_new(c, sizeof(struct store_query), WAYS_MAX, "Not found"),
	    MSG_RECORD_LIST, &ask, login_ways_on_users);
}

static void login_on_ended(void *arg, uint16_t type, const union msg *m);

/* Ends the session of the next cookie, and answers after the last one. */
static void
login_end_next(struct login_query *s)
{
	struct api *api = s->in.q.api;
	bool secure = api_has_secure_cookies(api, s->in.q.x);
	struct slice token = session_token(s->in.q.x->req, secure, s->cookie++);
	struct msg_login_delete delete = {.token = session_hash(api->settings, token)};
	struct http_exchange *x;

	if (token.len > 0) {
		store_query_ask(&s->in.q, MSG_LOGIN_DELETE, &delete, login_on_ended);
		return;
	}
	x = store_query_done(&s->in.q);
	sign_in_reply_start(x, secure, "", 0);
	sign_in_reply_end(x);
}

static void
login_on_ended(void *arg, uint16_t type, const union msg *m)
{
	struct login_query *s = arg;

	if (type == MSG_OK)
		login_end_next(s);
	else
		store_query_fail(&s->in.q, type, m);
}

void
handle_logout(const struct api_call *c)
{
	login_end_next(login_query_new(c));
}
