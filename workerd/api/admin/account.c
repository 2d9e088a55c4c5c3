/*
 * /v1/admin/me and /v1/admin/logins: who calls, their password, and where they are signed in.
 *
 * A login belongs to a user, or, like all of an organization's by DASHBOARD_PASSWORD, to whoever knows
 * that; a key sees and ends the latter.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/password_query.h"
#include "workerd/api/admin/users.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/password_fields.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/guard/session.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

#define ONE_MAX 8192 /* bytes of JSON */

/* The same of all logins that there may be in a list (messages.def), each byte of an address and a program
 * as an escape. */
#define LIST_MAX (1000u * (256 + 6 * (64 + 256)))

/* A request of somebody about themselves that waits. */
struct me {
	struct store_query q;
	struct id user, login;
	enum user_role role;
	bool by_key;
	struct msg_login_revoke revoke; /* of one who ends logins */
	/* of one who changes the password */
	struct fields in;
	struct slice current, fresh; /* in's */
	struct hash256 token, checked;
	char password[PASSWORD_TEXT_SIZE]; /* fresh, hashed */
};

static void
on_end(struct store_query *q)
{
	struct me *me = (struct me *)q;

	fields_clear(&me->in);
}

static struct me *
new_query(const struct api_call *c, size_t out_max)
{
	struct me *me = store_query_new(c, sizeof(*me), out_max, "Not found");

	me->q.on_end = on_end;
	me->user = c->user;
	me->login = c->login;
	me->role = c->role;
	me->by_key = c->by_key;
	return me;
}

static void
ask_for_user(struct me *me, store_answer_fn *fn)
{
	struct msg_record_get get = {.kind = MSG_USER_RECORD, .org = me->q.org, .id = me->user};

	store_query_ask(&me->q, MSG_RECORD_GET, &get, fn);
}

/* -- who calls ------------------------------------------------------------------------------- */

static void
end_me(struct me *me)
{
	struct json_writer *j = &me->q.json;

	json_write_str(j, "role", slice_str(user_role_names[me->role]));
	json_write_bool(j, "key", me->by_key);
	json_write_close(j, '}');
	store_query_reply(&me->q);
}

static void
on_user(void *arg, uint16_t type, const union msg *m)
{
	struct me *me = arg;
	struct json_writer *j = &me->q.json;
	struct msg_user_record r;

	if (!msg_read_record(type, m, MSG_USER_RECORD, &r)) {
		store_query_fail(&me->q, type, m);
		return;
	}
	json_write_open(j, "user", '{');
	json_write_id(j, "id", &r.id);
	json_write_str(j, "email", r.email);
	if (r.name.len == 0)
		json_write_null(j, "name");
	else
		json_write_str(j, "name", r.name);
	json_write_str(j, "role", slice_str(user_role_names[r.role]));
	json_write_close(j, '}');
	end_me(me);
}

static void
on_org(void *arg, uint16_t type, const union msg *m)
{
	struct me *me = arg;
	struct json_writer *j = &me->q.json;
	struct msg_org_record r;

	if (type != MSG_ORG) {
		store_query_fail(&me->q, type, m);
		return;
	}
	must(record_decode(m->org.org, MSG_ORG_RECORD, &r) == WIRE_OK);
	json_write_open(j, NULL, '{');
	json_write_open(j, "organization", '{');
	json_write_id(j, "id", &r.id);
	json_write_str(j, "name", r.name);
	json_write_close(j, '}');
	if (!id_is_zero(&me->user)) {
		ask_for_user(me, on_user);
		return;
	}
	json_write_null(j, "user");
	end_me(me);
}

void
handle_me_get(const struct api_call *c)
{
	struct msg_org_get get = {.org = c->org};

	store_query_ask(&new_query(c, ONE_MAX)->q, MSG_ORG_GET, &get, on_org);
}

/* -- the password ---------------------------------------------------------------------------- */

static const struct field password_fields[] = {
    {"current", &field_password, offsetof(struct me, current), FIELD_REQUIRED, 0, 0, NULL},
    {"new", &field_password_new, offsetof(struct me, fresh), FIELD_REQUIRED, 0, 0, NULL},
    {0},
};

static void
refuse_current(struct me *me)
{
	log_event(LOG_WARN, "password_refused", L_UINT("conn", me->q.x->number),
	    L_ID("user", &me->user));
	fields_refuse(&me->in, "current", "is not your password");
	fields_refuse_query(&me->q, &me->in);
}

static void
on_changed(void *arg, uint16_t type, const union msg *m)
{
	struct me *me = arg;

	if (store_refused(type, m, STORE_STALE)) {
		refuse_current(me);
		return;
	}
	if (type != MSG_OK) {
		store_query_fail(&me->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "password_changed", L_UINT("conn", me->q.x->number),
	    L_ID("org", &me->q.org), L_ID("user", &me->user), L_ID("by", &me->user));
	store_query_reply_empty(&me->q);
}

static void
on_hashed(void *arg, enum password_verdict verdict, const char *text)
{
	struct me *me = arg;
	struct msg_user_change change = {
	    .org = me->q.org,
	    .user = me->user,
	    .what = USER_PASSWORD,
	    .except = me->token,
	    .checked = me->checked,
	};

	(void)verdict;
	memcpy(me->password, text, strlen(text) + 1);
	change.password = slice_str(me->password);
	store_query_ask(&me->q, MSG_USER_CHANGE, &change, on_changed);
}

static void
on_verified(void *arg, enum password_verdict verdict, const char *text)
{
	struct me *me = arg;

	(void)text;
	if (verdict == PASSWORD_CORRECT) {
		password_query_hash(&me->q, me->fresh, on_hashed);
		return;
	}
	refuse_current(me);
}

/* Whoever has got hold of a session may not try passwords either. */
static void
on_current(void *arg, uint16_t type, const union msg *m)
{
	struct me *me = arg;
	struct api *api = me->q.api;
	struct msg_user_record r;

	if (!msg_read_record(type, m, MSG_USER_RECORD, &r)) {
		store_query_fail(&me->q, type, m);
		return;
	}
	me->checked = secret_hash(r.password);
	if (guard_account_rate_take(api, me->q.x, r.email))
		password_query_verify(&me->q, me->current, r.password, on_verified);
	else
		guard_account_rate_refuse(api, store_query_done(&me->q));
}

void
handle_me_password(const struct api_call *c)
{
	struct fields in;
	struct me *me;

	if (id_is_zero(&c->user)) {
		reply_json_error(
		    c->x, 403, "no_user", "Only a user has a password that can be changed");
		return;
	}
	if (!fields_body(c, &in))
		return;
	me = new_query(c, ONE_MAX);
	me->in = in;
	me->token = session_hash(c->api->settings, session_token(c->x->req));
	fields_read(&me->in, password_fields, true, me);
	if (fields_wrong(&me->in).len > 0)
		fields_refuse_query(&me->q, &me->in);
	else
		ask_for_user(me, on_current);
}

/* -- logins ---------------------------------------------------------------------------------- */

static void
on_logins(void *arg, uint16_t type, const union msg *m)
{
	struct me *me = arg;
	struct json_writer *j = &me->q.json;
	struct msg_login_record login;
	struct slice list, item;

	if (type != MSG_LOGIN_PAGE) {
		store_query_fail(&me->q, type, m);
		return;
	}
	json_write_open(j, NULL, '{');
	json_write_open(j, "logins", '[');
	list = m->login_page.logins;
	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_LOGIN_RECORD, &login) == WIRE_OK);
		json_write_open(j, NULL, '{');
		json_write_id(j, "id", &login.id);
		json_write_uint(j, "created_at", login.created_at);
		json_write_uint(j, "expires_at", login.expires_at);
		json_write_str(j, "address", login.address);
		json_write_str(j, "program", login.program);
		json_write_bool(j, "current", id_equal(&login.id, &me->login));
		json_write_close(j, '}');
	}
	json_write_close(j, ']');
	json_write_close(j, '}');
	store_query_reply(&me->q);
}

void
handle_logins_list(const struct api_call *c)
{
	struct msg_login_list ask = {.org = c->org, .user = c->user};

	store_query_ask(&new_query(c, LIST_MAX)->q, MSG_LOGIN_LIST, &ask, on_logins);
}

static void
on_revoked(void *arg, uint16_t type, const union msg *m)
{
	struct me *me = arg;

	if (type == MSG_UNFINISHED) {
		store_query_ask(&me->q, MSG_LOGIN_REVOKE, &me->revoke, on_revoked);
		return;
	}
	if (!store_query_removed(&me->q, type, m)) {
		store_query_fail(&me->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "login_ended", L_UINT("conn", me->q.x->number),
	    L_ID("org", &me->q.org), L_ID("user", &me->user), L_ID("by", &me->login));
	store_query_reply_empty(&me->q);
}

static void
revoke(const struct api_call *c, const struct msg_login_revoke *revoke)
{
	struct me *me = new_query(c, 0);

	me->q.missing = "Login not found";
	me->revoke = *revoke;
	store_query_ask(&me->q, MSG_LOGIN_REVOKE, revoke, on_revoked);
}

void
handle_logins_delete(const struct api_call *c)
{
	struct msg_login_revoke ask = {.org = c->org, .user = c->user};

	if (api_path_id(c, "Invalid loginId", &ask.id))
		revoke(c, &ask);
}

void
handle_logins_delete_others(const struct api_call *c)
{
	struct msg_login_revoke ask = {.org = c->org, .user = c->user};

	if (!c->by_key)
		ask.except = session_hash(c->api->settings, session_token(c->x->req));
	revoke(c, &ask);
}
