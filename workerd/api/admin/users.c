/*
 * /v1/admin/users: who may sign in to the dashboard with an e-mail and a password. Only owners may use these
 * requests.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/accounts/password_query.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/fields/password_fields.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/guard/session.h"
#include "workerd/api/request/api_reply.h"

#define NAME_UNITS 100

/* A user in memory. */
struct user {
	struct msg_user_record record;
	struct slice stored_email;       /* empty: a new user */
	struct slice password;           /* a new one, as text */
	char hashed[PASSWORD_TEXT_SIZE]; /* the same, hashed; "": none */
	struct msg_user_change change;   /* of a stored user */
};

#define AT(member) offsetof(struct user, member)

static const struct field user_fields[] = {
    {"id", &field_id, AT(record.id), FIELD_FIXED, 0, 0, NULL},
    {"organization_id", &field_id, AT(record.org), FIELD_FIXED, 0, 0, NULL},
    {"email", &field_email, AT(record.email), FIELD_REQUIRED, 1, 254, NULL},
    {"name", &field_line, AT(record.name), FIELD_NULLABLE, 1, NAME_UNITS, NULL},
    {"picture", &field_picture, AT(record.picture), FIELD_NULLABLE, 0, USER_PICTURE_MAX, NULL},
    {"role", &field_choice, AT(record.role), FIELD_OPTIONAL, 0, 0, user_role_words},
    {"password", &field_password_new, AT(password), FIELD_REQUIRED, 0, 0, NULL},
    {"created_at", &field_time, AT(record.created_at), FIELD_FIXED, 0, 0, NULL},
    {"updated_at", &field_time, AT(record.updated_at), FIELD_READ_AT, 0, 0, NULL},
    {0},
};

static void
users_show(void *object, const struct settings *settings)
{
	struct user *user = object;

	(void)settings;
	user->stored_email = user->record.email;
}

static void
users_check(struct fields *in, const void *object, const struct settings *settings)
{
	const struct user *user = object;

	(void)settings;
	if (user->stored_email.len > 0 && !slice_eq(user->record.email, user->stored_email))
		fields_refuse(in, "email", REASON_FIXED);
}

static void
users_make(void *object, const struct id *id, const struct id *org)
{
	struct user *user = object;

	user->record = (struct msg_user_record){
	    .v = RECORD_VERSION, .id = *id, .org = *org, .role = USER_MEMBER};
}

/* Owners who change their own password stay signed in here. */
static void
users_begin_change(struct resource_query *r, const struct api_call *c)
{
	if (id_equal(&r->id, &c->user))
		r->kept = session_hash(c->api->settings, c->session);
}

static void
users_on_changed(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;
	const struct user *user = r->object;

	if (store_refused(type, m, STORE_STALE)) {
		resource_try_again(r);
		return;
	}
	if (type != MSG_OK) {
		store_query_fail(&r->q, type, m);
		return;
	}
	resource_log(r, "user_changed");
	if (user->change.what & USER_PASSWORD)
		resource_log(r, "password_changed");
	resource_reply(r);
}

static void
users_change(struct resource_query *r)
{
	struct user *user = r->object;
	struct msg_user_change *change = &user->change;

	change->org = r->q.org;
	change->user = r->id;
	change->name = user->record.name;
	change->picture = user->record.picture;
	change->role = user->record.role;
	change->password = slice_str(user->hashed);
	change->except = r->kept;
	change->updated_at = user->record.updated_at;
	store_query_ask(&r->q, MSG_USER_CHANGE, change, users_on_changed);
}

static void
users_on_hashed(void *arg, enum password_verdict verdict, const char *text)
{
	struct resource_query *r = arg;
	struct user *user = r->object;

	(void)verdict;
	memcpy(user->hashed, text, strlen(text) + 1);
	user->record.password = slice_str(user->hashed);
	if (r->fresh)
		resource_put(r);
	else
		users_change(r);
}

static uint8_t
users_given(const struct fields *in)
{
	return (uint8_t)((fields_has(in, "name") ? USER_NAME : 0u) |
	    (fields_has(in, "picture") ? USER_PICTURE : 0u) |
	    (fields_has(in, "role") ? USER_ROLE : 0u) |
	    (fields_has(in, "password") ? USER_PASSWORD : 0u));
}

static void
users_store(struct resource_query *r)
{
	struct user *user = r->object;

	if (!r->fresh) {
		user->change.what = users_given(&r->in);
		/* What was not given lies in the store's answer, which is valid only now. */
		if ((user->change.what & USER_NAME) == 0)
			user->record.name = (struct slice){0};
		if ((user->change.what & USER_PICTURE) == 0)
			user->record.picture = (struct slice){0};
	}
	if (r->fresh || (user->change.what & USER_PASSWORD) != 0)
		password_query_hash(&r->q, user->password, users_on_hashed);
	else
		users_change(r);
}

static const struct store_refusal refusals[] = {
    {STORE_EXISTS, 409, "email_taken", "Another user has this e-mail"},
    {STORE_LIMIT, 409, "limit_reached", "There are too many users"},
    {STORE_LAST_OWNER, 409, "last_owner", "An organization needs an owner"},
    {0},
};

static const struct resource users = {
    .many = "users",
    .wrong_id = "Invalid userId",
    .missing = "User not found",
    .refusals = refusals,
    .fields = user_fields,
    .size = sizeof(struct user),
    .record = MSG_USER_RECORD,
    .log_id = "user",
    .created = "user_created",
    .changed = "user_changed",
    .deleted = "user_deleted",
    .show = users_show,
    .check = users_check,
    .make = users_make,
    .begin_change = users_begin_change,
    .store = users_store,
    .misfit = "email",
    .misfit_reason = REASON_EMAIL_LONG,
};

RESOURCE_LIST_HANDLERS(users)
RESOURCE_ITEM_HANDLERS(users)
