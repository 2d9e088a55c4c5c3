/*
 * /v1/admin/me and /v1/admin/logins: the caller's account, password, and sessions.
 *
 * A login belongs to a user, or to no user if it is by DASHBOARD_PASSWORD: those are shared by everyone
 * who knows that password, and by the callers with an admin key.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/accounts/accounts_handlers.h"
#include "workerd/api/accounts/password_query.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/list_frame.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/fields/password_fields.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/guard/login_limit.h"
#include "workerd/api/guard/rights.h"
#include "workerd/api/guard/session.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/mail_reader.h"
#include "workerd/api/request/store_query.h"

#define NAME_UNITS 100
#define ONE_MAX    16384 /* bytes of JSON */

/* Bytes of JSON of the longest list of logins (messages.def), with each byte of an address and a program
 * escaped. */
#define LIST_MAX (1000u * (256 + 6 * (64 + 256)))

/* A request that waits for the store or the hasher. */
struct account_query {
	struct store_query q;
	struct id user, login;
	enum user_role role;
	uint32_t rights;
	bool by_key;
	struct msg_login_revoke revoke; /* of a request that ends logins */
	/* of a change */
	bool conflict; /* the answer is 412, with the user as it is now */
	struct fields in;
	struct slice current, fresh, name, picture; /* borrowed from in */
	struct hash256 token, checked;
	struct login_attempt attempt;
	bool failed;
	char password[PASSWORD_TEXT_SIZE]; /* hash text of fresh */
};

static void
account_on_end(struct store_query *q)
{
	struct account_query *a = (struct account_query *)q;

	if (!a->failed && !q->client_left)
		login_limit_forgive(q->api, q->x, &a->attempt);
	fields_clear(&a->in);
}

static struct account_query *
account_new_query(const struct api_call *c, size_t out_max)
{
	struct account_query *a = store_query_new(c, sizeof(*a), out_max, "Not found");

	a->q.on_end = account_on_end;
	a->user = c->user;
	a->login = c->login;
	a->role = c->role;
	a->rights = rights_of(c);
	a->by_key = c->by_key;
	return a;
}

static void
account_ask_for_user(struct account_query *a, store_answer_fn *fn)
{
	struct msg_record_get get = {.kind = MSG_USER_RECORD, .org = a->q.org, .id = a->user};

	store_query_ask(&a->q, MSG_RECORD_GET, &get, fn);
}

static void
account_end(struct account_query *a)
{
	const struct settings *limits = a->q.api->settings;
	struct json_writer *j = &a->q.json;

	json_write_str(j, "role", names_word(user_role_words, (uint8_t)a->role));
	rights_write(j, "rights", a->rights);
	json_write_bool(j, "key", a->by_key);
	json_write_bool(j, "mails", mail_reader_is_reached(limits));
	json_write_open(j, "files", '{');
	json_write_uint(j, "perMessage", limits->files_per_message);
	json_write_uint(j, "maxBytes", limits->files_each_max_bytes);
	json_write_close(j, '}');
	json_write_close(j, '}');
	if (a->conflict)
		json_write_close(j, '}');
	store_query_reply_status(&a->q, a->conflict ? 412 : 200);
}

static void
account_on_user(void *arg, uint16_t type, const union msg *m)
{
	struct account_query *a = arg;
	struct json_writer *j = &a->q.json;
	struct msg_user_record r;

	if (!msg_read_record(type, m, MSG_USER_RECORD, &r)) {
		store_query_fail(&a->q, type, m);
		return;
	}
	json_write_open(j, "user", '{');
	json_write_id(j, "id", &r.id);
	json_write_str(j, "email", r.email);
	if (r.name.len == 0)
		json_write_null(j, "name");
	else
		json_write_str(j, "name", r.name);
	if (r.picture.len == 0)
		json_write_null(j, "picture");
	else
		json_write_str(j, "picture", r.picture);
	json_write_str(j, "role", names_word(user_role_words, r.role));
	names_write_availability(j, &r);
	json_write_close(j, '}');
	record_version_tag(r.updated_at, a->q.etag);
	account_end(a);
}

static void
account_on_org(void *arg, uint16_t type, const union msg *m)
{
	struct account_query *a = arg;
	struct json_writer *j = &a->q.json;
	struct msg_org_record r;

	if (type != MSG_ORG) {
		store_query_fail(&a->q, type, m);
		return;
	}
	must(record_decode(m->org.org, MSG_ORG_RECORD, &r) == WIRE_OK);
	json_write_open(j, NULL, '{');
	if (a->conflict) {
		record_version_write_conflict(j);
		json_write_open(j, "current", '{');
	}
	json_write_open(j, "organization", '{');
	json_write_id(j, "id", &r.id);
	json_write_str(j, "name", r.name);
	json_write_close(j, '}');
	if (!id_is_zero(&a->user)) {
		account_ask_for_user(a, account_on_user);
		return;
	}
	json_write_null(j, "user");
	account_end(a);
}

static void
account_ask_for_org(struct account_query *a)
{
	store_query_ask(
	    &a->q, MSG_ORG_GET, &(struct msg_org_get){.org = a->q.org}, account_on_org);
}

void
handle_me_get(const struct api_call *c)
{
	account_ask_for_org(account_new_query(c, ONE_MAX));
}

static const struct field me_fields[] = {
    {"name", &field_line, offsetof(struct account_query, name), FIELD_NULLABLE, 1, NAME_UNITS,
	NULL},
    {"picture", &field_picture, offsetof(struct account_query, picture), FIELD_NULLABLE, 0,
	USER_PICTURE_MAX, NULL},
    {.name = NULL},
};

static void account_on_version(void *arg, uint16_t type, const union msg *m);

static void
account_on_profile(void *arg, uint16_t type, const union msg *m)
{
	struct account_query *a = arg;

	if (store_refused(type, m, STORE_STALE)) {
		account_ask_for_user(a, account_on_version);
		return;
	}
	if (type != MSG_OK) {
		store_query_fail(&a->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "user_changed", L_UINT("conn", a->q.x->number),
	    L_ID("org", &a->q.org), L_ID("user", &a->user), L_ID("by", &a->user));
	account_ask_for_org(a);
}

/* Changes the user if it has not changed since updated_at; 0: in any case. */
static void
account_change_profile(struct account_query *a, uint64_t updated_at)
{
	const struct msg_user_change change = {
	    .org = a->q.org,
	    .user = a->user,
	    .what = (uint8_t)((fields_has(&a->in, "name") ? USER_NAME : 0u) |
		(fields_has(&a->in, "picture") ? USER_PICTURE : 0u)),
	    .name = a->name,
	    .picture = a->picture,
	    .updated_at = updated_at,
	};

	store_query_ask(&a->q, MSG_USER_CHANGE, &change, account_on_profile);
}

/* The user as it is now, of a request that changes a certain version only. */
static void
account_on_version(void *arg, uint16_t type, const union msg *m)
{
	struct account_query *a = arg;
	char etag[RECORD_VERSION_TAG_SIZE];
	struct msg_user_record r;

	if (!msg_read_record(type, m, MSG_USER_RECORD, &r)) {
		store_query_fail(&a->q, type, m);
		return;
	}
	record_version_tag(r.updated_at, etag);
	a->conflict = !record_version_is_expected(a->q.x->req, etag);
	if (a->conflict)
		account_ask_for_org(a);
	else
		account_change_profile(a, r.updated_at);
}

void
handle_me_change(const struct api_call *c)
{
	struct account_query *a;
	struct fields in;

	if (id_is_zero(&c->user)) {
		reply_json_error(c->x, 403, "no_user", "Only a user has a profile");
		return;
	}
	if (!fields_body(c, &in))
		return;
	a = account_new_query(c, ONE_MAX);
	a->in = in;
	fields_read(&a->in, me_fields, true, a);
	if (fields_wrong(&a->in).len > 0) {
		fields_refuse_query(&a->q, &a->in);
		return;
	}
	if (http_header(c->x->req, "if-match").p != NULL)
		account_ask_for_user(a, account_on_version);
	else
		account_change_profile(a, 0);
}

static const struct field password_fields[] = {
    {"current", &field_password, offsetof(struct account_query, current), FIELD_REQUIRED, 0, 0,
	NULL},
    {"new", &field_password_new, offsetof(struct account_query, fresh), FIELD_REQUIRED, 0, 0,
	NULL},
    {0},
};

static void
account_refuse_current(struct account_query *a)
{
	a->failed = true;
	log_event(LOG_WARN, "password_refused", L_UINT("conn", a->q.x->number),
	    L_ID("user", &a->user));
	fields_refuse(&a->in, "current", REASON_PASSWORD_WRONG);
	fields_refuse_query(&a->q, &a->in);
}

static void
account_on_changed(void *arg, uint16_t type, const union msg *m)
{
	struct account_query *a = arg;

	if (store_refused(type, m, STORE_STALE)) {
		account_refuse_current(a);
		return;
	}
	if (type != MSG_OK) {
		store_query_fail(&a->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "password_changed", L_UINT("conn", a->q.x->number),
	    L_ID("org", &a->q.org), L_ID("user", &a->user), L_ID("by", &a->user));
	store_query_reply_empty(&a->q);
}

static void
account_on_hashed(void *arg, enum password_verdict verdict, const char *text)
{
	struct account_query *a = arg;
	struct msg_user_change change = {
	    .org = a->q.org,
	    .user = a->user,
	    .what = USER_PASSWORD,
	    .except = a->token,
	    .checked = a->checked,
	};

	(void)verdict;
	memcpy(a->password, text, strlen(text) + 1);
	change.password = slice_str(a->password);
	store_query_ask(&a->q, MSG_USER_CHANGE, &change, account_on_changed);
}

static void
account_on_verified(void *arg, enum password_verdict verdict, const char *text)
{
	struct account_query *a = arg;

	(void)text;
	if (verdict == PASSWORD_CORRECT) {
		password_query_hash(&a->q, a->fresh, account_on_hashed);
		return;
	}
	account_refuse_current(a);
}

/* Limited: a stolen session must not allow guessing the password. */
static void
account_on_current(void *arg, uint16_t type, const union msg *m)
{
	struct account_query *a = arg;
	struct api *api = a->q.api;
	struct msg_user_record r;

	if (!msg_read_record(type, m, MSG_USER_RECORD, &r)) {
		store_query_fail(&a->q, type, m);
		return;
	}
	a->checked = secret_hash(r.password);
	if (login_limit_take_session(api, a->q.x, &a->user, &a->attempt))
		password_query_verify(&a->q, a->current, r.password,
		    (struct password_owner){true, a->attempt.recent}, account_on_verified);
	else
		guard_login_refuse(api, store_query_done(&a->q));
}

void
handle_me_password(const struct api_call *c)
{
	struct fields in;
	struct account_query *a;

	if (id_is_zero(&c->user)) {
		reply_json_error(
		    c->x, 403, "no_user", "Only a user has a password that can be changed");
		return;
	}
	if (!fields_body(c, &in))
		return;
	a = account_new_query(c, ONE_MAX);
	a->in = in;
	a->token = session_hash(c->api->settings, c->session);
	fields_read(&a->in, password_fields, true, a);
	if (fields_wrong(&a->in).len > 0)
		fields_refuse_query(&a->q, &a->in);
	else
		account_ask_for_user(a, account_on_current);
}

static void
account_write_login(struct json_writer *j, struct slice item, const void *current)
{
	struct msg_login_record login;

	must(record_decode(item, MSG_LOGIN_RECORD, &login) == WIRE_OK);
	json_write_open(j, NULL, '{');
	json_write_id(j, "id", &login.id);
	json_write_uint(j, "created_at", login.created_at);
	json_write_uint(j, "expires_at", login.expires_at);
	json_write_str(j, "address", login.address);
	json_write_str(j, "program", login.program);
	json_write_bool(j, "current", id_equal(&login.id, current));
	json_write_close(j, '}');
}

static void
account_on_logins(void *arg, uint16_t type, const union msg *m)
{
	struct account_query *a = arg;
	struct json_writer *j = &a->q.json;

	if (type != MSG_LOGIN_PAGE) {
		store_query_fail(&a->q, type, m);
		return;
	}
	list_frame_open(j, "logins", m->login_page.logins, account_write_login, &a->login);
	json_write_close(j, '}');
	store_query_reply(&a->q);
}

void
handle_logins_list(const struct api_call *c)
{
	struct msg_login_list ask = {.org = c->org, .user = c->user};

	store_query_ask(
	    &account_new_query(c, LIST_MAX)->q, MSG_LOGIN_LIST, &ask, account_on_logins);
}

static void
account_on_revoked(void *arg, uint16_t type, const union msg *m)
{
	struct account_query *a = arg;

	if (type == MSG_UNFINISHED) {
		store_query_ask(&a->q, MSG_LOGIN_REVOKE, &a->revoke, account_on_revoked);
		return;
	}
	if (!store_query_removed(&a->q, type, m)) {
		store_query_fail(&a->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "login_ended", L_UINT("conn", a->q.x->number),
	    L_ID("org", &a->q.org), L_ID("user", &a->user), L_ID("by", &a->login));
	store_query_reply_empty(&a->q);
}

static void
account_revoke(const struct api_call *c, const struct msg_login_revoke *revoke)
{
	struct account_query *a = account_new_query(c, 0);

	a->q.missing = "Login not found";
	a->revoke = *revoke;
	store_query_ask(&a->q, MSG_LOGIN_REVOKE, revoke, account_on_revoked);
}

void
handle_logins_delete(const struct api_call *c)
{
	struct msg_login_revoke ask = {.org = c->org, .user = c->user};

	if (api_path_id(c, "Invalid loginId", &ask.id))
		account_revoke(c, &ask);
}

void
handle_logins_delete_others(const struct api_call *c)
{
	struct msg_login_revoke ask = {.org = c->org, .user = c->user};

	if (!c->by_key)
		ask.except = session_hash(c->api->settings, c->session);
	account_revoke(c, &ask);
}
