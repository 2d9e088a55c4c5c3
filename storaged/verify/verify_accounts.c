/*
 * Organizations, each with its first widget; users, each with its e-mail; logins, each of a user or of
 * whoever knows DASHBOARD_PASSWORD; keys.
 */
#include "storaged/verify/verify_internal.h"

#include <stdio.h>

#include "proto/base/basics.h"
#include "storaged/records/match_keys.h"

/* -- organizations ------------------------------------------------------------------------ */

static int
check_org(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct id id = key_front(key);
	struct record_name name = record_name("organization", &id);
	struct msg_org_record r;
	struct key widget;

	(void)arg;
	if (!check_record(c, TABLE_ORGS, name.s, value, MSG_ORG_RECORD, RECORD_VERSION, &r))
		return 0;
	if (!id_equal(&r.id, &id)) {
		check_found(c, TABLE_ORGS, "%s carries another id", name.s);
		return 0;
	}
	widget = key_of_org(&id, &r.widget);
	return check_named(
	    c, TABLE_ORGS, name.s, "has as its first widget", TABLE_WIDGETS, &widget);
}

/* -- users -------------------------------------------------------------------------------- */

static bool
email_key_of(const void *record, struct key *key)
{
	const struct msg_user_record *r = record;
	uint8_t folded[FOLDED_MAX];
	size_t len;

	if (match_fold_email(r->email, folded, &len) != 0)
		return false;
	*key = key_email((struct slice){folded, len});
	return true;
}

static const struct index users_by_email = {
    .table = TABLE_USERS_BY_EMAIL,
    .records = TABLE_USERS,
    .type = MSG_USER_RECORD,
    .key = email_key_of,
};

static const char *
user_fault(const struct msg_user_record *r)
{
	struct key key;

	if (!email_key_of(r, &key))
		return "has no e-mail";
	return r->password.len == 0 ? "has no password" : NULL;
}

static int
check_user(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct record_name name = org_record_name("user", key);
	struct msg_user_record r;
	const char *fault;
	struct key org;
	int rc;

	(void)arg;
	if (!check_record(c, TABLE_USERS, name.s, value, MSG_USER_RECORD, RECORD_VERSION, &r) ||
	    !check_own_ids(c, TABLE_USERS, key, name.s, &r.org, &r.id))
		return 0;
	fault = user_fault(&r);
	if (fault != NULL)
		check_found(c, TABLE_USERS, "%s %s", name.s, fault);
	org = key_id(&r.org);
	rc = check_named(c, TABLE_USERS, name.s, "is of organization", TABLE_ORGS, &org);
	return rc != 0 ? rc : check_indexed(c, &users_by_email, &r, key, name.s);
}

/* -- logins ------------------------------------------------------------------------------- */

static bool
user_login_key_of(const void *record, struct key *key)
{
	const struct msg_login_record *r = record;

	*key = key_user_login(&r->org, &r->user, &r->id);
	return true;
}

static const struct index logins_by_user = {
    .table = TABLE_LOGINS_BY_USER,
    .records = TABLE_LOGINS,
    .type = MSG_LOGIN_RECORD,
    .key = user_login_key_of,
};

static int
check_login(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct msg_login_record r;
	char name[64];
	int rc = 0;

	(void)arg;
	/* The token's hash is no secret, and long enough by its front. */
	(void)snprintf(name, sizeof(name), "the login %02x%02x%02x%02x...", key.p[0], key.p[1],
	    key.p[2], key.p[3]);
	if (!check_record(c, TABLE_LOGINS, name, value, MSG_LOGIN_RECORD, RECORD_VERSION, &r))
		return 0;
	if (r.created_at > r.expires_at)
		check_found(c, TABLE_LOGINS, "%s expired before it was made", name);
	if (!id_is_zero(&r.user)) {
		struct key user = key_of_org(&r.org, &r.user);

		rc = check_named(c, TABLE_LOGINS, name, "is of user", TABLE_USERS, &user);
	}
	return rc != 0 ? rc : check_indexed(c, &logins_by_user, &r, key, name);
}

/* -- keys --------------------------------------------------------------------------------- */

static bool
org_key_of(const void *record, struct key *key)
{
	const struct msg_key_record *r = record;

	*key = key_of_org(&r->org, &r->id);
	return true;
}

static const struct index keys_by_org = {
    .table = TABLE_KEYS_BY_ORG,
    .records = TABLE_KEYS,
    .type = MSG_KEY_RECORD,
    .key = org_key_of,
};

static int
check_key(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct record_name name;
	struct msg_key_record r;
	struct key right, org;
	int rc;

	(void)arg;
	if (!check_record(c, TABLE_KEYS, "a key", value, MSG_KEY_RECORD, RECORD_VERSION, &r))
		return 0;
	name = record_name("key", &r.id);
	right = key_hash(&r.key);
	if (!slice_eq(key, key_slice(&right)))
		check_found(c, TABLE_KEYS, "%s carries another hash", name.s);
	org = key_id(&r.org);
	rc = check_named(c, TABLE_KEYS, name.s, "is of organization", TABLE_ORGS, &org);
	return rc != 0 ? rc : check_indexed(c, &keys_by_org, &r, key, name.s);
}

int
check_accounts(struct checker *c)
{
	int rc = check_table(c, TABLE_ORGS, check_org, NULL);

	if (rc == 0)
		rc = check_table(c, TABLE_USERS, check_user, NULL);
	if (rc == 0)
		rc = check_index(c, &users_by_email);
	if (rc == 0)
		rc = check_table(c, TABLE_LOGINS, check_login, NULL);
	if (rc == 0)
		rc = check_index(c, &logins_by_user);
	if (rc == 0)
		rc = check_table(c, TABLE_KEYS, check_key, NULL);
	return rc != 0 ? rc : check_index(c, &keys_by_org);
}
