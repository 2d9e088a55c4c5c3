/*
 * /v1/admin/users: who may sign in to the dashboard with an e-mail and a password of their own. For
 * owners alone.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/password_query.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/fields/password_fields.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/guard/session.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

#define NAME_UNITS 100
#define LIST_MAX   (1024u * 1024) /* bytes of JSON */
#define ONE_MAX    8192
#define RECORD_MAX 2048

static const char wrong_id[] = "Invalid userId";
static const char missing[] = "User not found";

/* What a user is to the API. */
struct user {
	struct msg_user_item item;
	struct slice password; /* a new one */
};

#define AT(member) offsetof(struct user, member)

static const char *const roles[] = {[USER_OWNER] = "owner", [USER_MEMBER] = "member", NULL};

static const struct field user_fields[] = {
    {"id", &field_id, AT(item.id), FIELD_FIXED, 0, 0, NULL},
    {"organization_id", &field_id, AT(item.org), FIELD_FIXED, 0, 0, NULL},
    {"email", &field_email, AT(item.email), FIELD_REQUIRED, 1, 254, NULL},
    {"name", &field_line, AT(item.name), FIELD_NULLABLE, 1, NAME_UNITS, NULL},
    {"role", &field_choice, AT(item.role), FIELD_OPTIONAL, 0, 0, roles},
    {"password", &field_password_new, AT(password), FIELD_REQUIRED, 0, 0, NULL},
    {"created_at", &field_time, AT(item.created_at), FIELD_FIXED, 0, 0, NULL},
    {0},
};

static const struct store_refusal refusals[] = {
    {STORE_EXISTS, 409, "email_taken", "Another user has this e-mail"},
    {STORE_LIMIT, 409, "limit_reached", "There are too many users"},
    {STORE_LAST_OWNER, 409, "last_owner", "An organization needs an owner"},
    {0},
};

/* A request about users that waits. */
struct user_query {
	struct store_query q;
	char by[API_CALLER_SIZE];
	struct id id;
	struct fields in; /* the body of one who creates or changes */
	struct user user; /* what it says; slices of in, or none */
	bool fresh;
	struct msg_user_change change;
	char password[PASSWORD_TEXT_SIZE]; /* hashed; "": none is to be stored */
};

static void
on_end(struct store_query *q)
{
	struct user_query *u = (struct user_query *)q;

	fields_clear(&u->in);
}

static struct user_query *
new_query(const struct api_call *c, size_t out_max)
{
	struct user_query *u = store_query_new(c, sizeof(*u), out_max, missing);

	u->q.refusals = refusals;
	u->q.on_end = on_end;
	api_caller_name(c, u->by);
	return u;
}

/* For the user in the path; NULL: 400 was answered. */
static struct user_query *
new_query_of_one(const struct api_call *c)
{
	struct user_query *u;
	struct id id;

	if (!api_path_id(c, wrong_id, &id))
		return NULL;
	u = new_query(c, ONE_MAX);
	u->id = id;
	return u;
}

static void
log_change(const struct user_query *u, const char *event)
{
	log_event(LOG_NOTICE, event, L_UINT("conn", u->q.x->number), L_ID("org", &u->q.org),
	    L_ID("user", &u->id), L_STR("by", u->by));
}

/* -- reading --------------------------------------------------------------------------------- */

static void
write_user(struct json_writer *j, const struct msg_user_item *item)
{
	struct user user = {.item = *item};

	json_write_open(j, NULL, '{');
	fields_write(j, user_fields, &user);
	json_write_close(j, '}');
}

static void
read_stored(const union msg *m, struct msg_user_item *item)
{
	struct msg_user_record r;

	must(record_decode(m->user.user, MSG_USER_RECORD, &r) == WIRE_OK);
	*item = (struct msg_user_item){.id = r.id,
	    .org = r.org,
	    .email = r.email,
	    .name = r.name,
	    .role = r.role,
	    .created_at = r.created_at};
}

/* Answers with the user as the store has it now. */
static void
on_shown(void *arg, uint16_t type, const union msg *m)
{
	struct user_query *u = arg;
	struct msg_user_item item;

	if (type != MSG_USER) {
		store_query_fail(&u->q, type, m);
		return;
	}
	read_stored(m, &item);
	write_user(&u->q.json, &item);
	store_query_reply_status(&u->q, u->fresh ? 201 : 200);
}

static void
ask_for_user(struct user_query *u, store_answer_fn *fn)
{
	struct msg_user_get get = {.org = u->q.org, .user = u->id};

	store_query_ask(&u->q, MSG_USER_GET, &get, fn);
}

void
handle_users_get(const struct api_call *c)
{
	struct user_query *u = api_is_owner(c) ? new_query_of_one(c) : NULL;

	if (u != NULL)
		ask_for_user(u, on_shown);
}

static void
on_list(void *arg, uint16_t type, const union msg *m)
{
	struct user_query *u = arg;
	struct json_writer *j = &u->q.json;
	struct msg_user_item user;
	struct slice list, item;

	if (type != MSG_USER_PAGE) {
		store_query_fail(&u->q, type, m);
		return;
	}
	json_write_open(j, NULL, '{');
	json_write_open(j, "users", '[');
	list = m->user_page.users;
	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_USER_ITEM, &user) == WIRE_OK);
		write_user(j, &user);
	}
	json_write_close(j, ']');
	paging_write_next_id(j, &m->user_page.next);
	json_write_close(j, '}');
	store_query_reply(&u->q);
}

void
handle_users_list(const struct api_call *c)
{
	struct msg_user_list ask = {.org = c->org};
	struct paging paging;
	const char *wrong;

	if (!api_is_owner(c))
		return;
	wrong = paging_read(c->x->req->query, &paging_by_id, &paging);
	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	ask.limit = paging.limit;
	ask.after = paging_id(&paging);
	store_query_ask(&new_query(c, LIST_MAX)->q, MSG_USER_LIST, &ask, on_list);
}

/* -- creating -------------------------------------------------------------------------------- */

/* Whether the body is right; else 422 was answered, and u is gone. */
static bool
check_body(struct user_query *u)
{
	if (fields_wrong(&u->in).len == 0)
		return true;
	fields_refuse_query(&u->q, &u->in);
	return false;
}

static void
on_created(void *arg, uint16_t type, const union msg *m)
{
	struct user_query *u = arg;

	if (store_refused(type, m, STORE_INVALID)) {
		fields_refuse(&u->in, "email", fields_email_unfit);
		fields_refuse_query(&u->q, &u->in);
		return;
	}
	if (type != MSG_OK) {
		store_query_fail(&u->q, type, m);
		return;
	}
	log_change(u, "user_created");
	ask_for_user(u, on_shown);
}

static void
create(struct user_query *u)
{
	struct msg_user_record r = {
	    .v = RECORD_VERSION,
	    .id = u->id,
	    .org = u->q.org,
	    .email = u->user.item.email,
	    .name = u->user.item.name,
	    .role = u->user.item.role,
	    .password = slice_str(u->password),
	};
	struct msg_user_create ask;
	struct buf record;

	buf_init(&record, RECORD_MAX);
	must(record_encode(&record, MSG_USER_RECORD, &r) == 0);
	ask.user = buf_slice(&record);
	store_query_ask(&u->q, MSG_USER_CREATE, &ask, on_created);
	buf_clear(&record);
}

/* -- changing -------------------------------------------------------------------------------- */

static void
on_changed(void *arg, uint16_t type, const union msg *m)
{
	struct user_query *u = arg;

	if (type != MSG_OK) {
		store_query_fail(&u->q, type, m);
		return;
	}
	log_change(u, "user_changed");
	if (u->change.what & USER_PASSWORD)
		log_change(u, "password_changed");
	ask_for_user(u, on_shown);
}

static void
change(struct user_query *u)
{
	u->change.org = u->q.org;
	u->change.user = u->id;
	u->change.name = u->user.item.name;
	u->change.role = u->user.item.role;
	u->change.password = slice_str(u->password);
	store_query_ask(&u->q, MSG_USER_CHANGE, &u->change, on_changed);
}

static void
on_hashed(void *arg, enum password_verdict verdict, const char *text)
{
	struct user_query *u = arg;

	(void)verdict;
	memcpy(u->password, text, strlen(text) + 1);
	if (u->fresh)
		create(u);
	else
		change(u);
}

/* What the body has of what can be changed. */
static unsigned
what_is_given(const struct fields *in)
{
	return (fields_has(in, "name") ? USER_NAME : 0u) |
	    (fields_has(in, "role") ? USER_ROLE : 0u) |
	    (fields_has(in, "password") ? USER_PASSWORD : 0u);
}

/* The body is read over the user that is there, so that what was read may be sent back. */
static void
on_there(void *arg, uint16_t type, const union msg *m)
{
	struct user_query *u = arg;
	struct slice email;

	if (type != MSG_USER) {
		store_query_fail(&u->q, type, m);
		return;
	}
	read_stored(m, &u->user.item);
	email = u->user.item.email;
	fields_read(&u->in, user_fields, false, &u->user);
	if (!slice_eq(u->user.item.email, email))
		fields_refuse(&u->in, "email", "cannot be changed");
	if (!check_body(u))
		return;
	u->change.what = (uint8_t)what_is_given(&u->in);
	/* What was not given is the answer's, which is gone soon. */
	if ((u->change.what & USER_NAME) == 0)
		u->user.item.name = (struct slice){0};
	if (u->change.what & USER_PASSWORD)
		password_query_hash(&u->q, u->user.password, on_hashed);
	else
		change(u);
}

/* -- the requests ---------------------------------------------------------------------------- */

void
handle_users_create(const struct api_call *c)
{
	struct user_query *u;
	struct fields in;

	if (!api_is_owner(c) || !fields_body(c, &in))
		return;
	u = new_query(c, ONE_MAX);
	u->in = in;
	u->fresh = true;
	u->id = id_new();
	u->user.item.role = USER_MEMBER;
	fields_read(&u->in, user_fields, true, &u->user);
	if (check_body(u))
		password_query_hash(&u->q, u->user.password, on_hashed);
}

void
handle_users_change(const struct api_call *c)
{
	struct user_query *u;
	struct fields in;
	struct id id;

	if (!api_is_owner(c) || !api_path_id(c, wrong_id, &id) || !fields_body(c, &in))
		return;
	u = new_query(c, ONE_MAX);
	u->id = id;
	u->in = in;
	/* Whoever changes their own password stays signed in here. */
	if (id_equal(&u->id, &c->user))
		u->change.except = session_hash(c->api->settings, session_token(c->x->req));
	ask_for_user(u, on_there);
}

static void
on_deleted(void *arg, uint16_t type, const union msg *m)
{
	struct user_query *u = arg;

	if (!store_query_removed(&u->q, type, m)) {
		store_query_fail(&u->q, type, m);
		return;
	}
	log_change(u, "user_deleted");
	store_query_reply_empty(&u->q);
}

void
handle_users_delete(const struct api_call *c)
{
	struct user_query *u = api_is_owner(c) ? new_query_of_one(c) : NULL;
	struct msg_user_delete delete = {.org = c->org};

	if (u == NULL)
		return;
	delete.user = u->id;
	store_query_ask(&u->q, MSG_USER_DELETE, &delete, on_deleted);
}
