/*
 * Users, and the index of their e-mails.
 */
#include "storaged/records/users.h"

#include <stddef.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/secrets.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/label_drop.h"
#include "storaged/conversations/mentions.h"
#include "storaged/identities/indexes.h"
#include "storaged/mail/reset_links.h"
#include "storaged/records/logins.h"
#include "storaged/records/record_kinds.h"

const char user_missing[] = "no such user";

int
user_find(
    struct txn *t, const struct id *org, const struct id *user, struct msg_user_record *record)
{
	struct key key = key_of_org(org, user);

	return txn_get_record(t, TABLE_USERS, &key, record);
}

int
user_check_password(
    struct call *c, const struct msg_user_record *user, const struct hash256 *checked)
{
	const struct hash256 now = secret_hash(user->password);

	if (hash_is_zero(checked) || hash_equal(checked, &now))
		return 0;
	return call_refuse(c, STORE_STALE, "the user's password has changed");
}

struct slice
user_without_password(struct txn *t, const struct msg_user_record *user)
{
	struct buf *scratch = &t->env->record;
	struct msg_user_record shown = *user;

	shown.password = (struct slice){0};
	buf_reset(scratch);
	must(record_encode(scratch, MSG_USER_RECORD, &shown) == 0);
	return buf_slice(scratch);
}

/* The key of the user with this index key. */
static int
user_key_of_index(struct txn *t, const struct key *by_email, struct key *user)
{
	struct slice value;
	int rc = txn_get(t, TABLE_USERS_BY_EMAIL, by_email, &value);

	if (rc == 0 && !key_fits(TABLE_USERS, value))
		return RECORD_DAMAGED;
	if (rc == 0)
		*user = key_of(value);
	return rc;
}

/* The key of the user with this e-mail. */
static int
user_key_of_email(struct txn *t, struct slice email, struct key *user)
{
	struct key by_email;

	return index_key_of_email(email, &by_email) ? user_key_of_index(t, &by_email, user)
						    : MDB_NOTFOUND;
}

static int
user_check(struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	struct key key = key_of_org(&r->org, &r->id), by_email, other;
	int rc;

	if (r->user.password.len == 0)
		return call_refuse(c, STORE_INVALID, "a user needs a password");
	if (!index_key_of_email(r->user.email, &by_email))
		return call_refuse(c, STORE_INVALID, "a user needs an e-mail");
	rc = user_key_of_index(t, &by_email, &other);
	if (rc == 0 && !slice_eq(key_slice(&other), key_slice(&key)))
		return call_refuse(c, clash, "another user has this e-mail");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Whether somebody is there is not restored: an imported user stays what it was, and a new one is away. */
static int
user_store(struct txn *t, const union record *r, const union record *stored)
{
	struct key key = key_of_org(&r->org, &r->id);
	struct msg_user_record user = r->user;

	user.active_at = stored == NULL ? 0 : stored->user.active_at;
	user.away_at = stored == NULL ? 0 : stored->user.away_at;
	return index_put_record(t, TABLE_USERS, &key, stored, &user);
}

/* What a list shows of a user. */
static int
user_item(struct txn *t, struct slice record, struct slice *item)
{
	struct msg_user_record r;
	int rc = record_read(record, TABLE_USERS, &r);

	if (rc == 0)
		*item = user_without_password(t, &r);
	return rc;
}

/* Sets *has if an organization has an owner besides this user. */
static int
user_has_other_owner(struct txn *t, const struct id *org, const struct id *user, bool *has)
{
	struct key front = key_id(org);
	struct msg_user_record r;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_USERS, &front);

	*has = false;
	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0 && !*has) {
		rc = record_read(w.value, TABLE_USERS, &r);
		*has = rc == 0 && r.role == USER_OWNER && !id_equal(&r.id, user);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Refuses to remove or demote an organization's last owner. */
static int
user_check_owner_left(struct txn *t, struct call *c, const struct msg_user_record *stored)
{
	bool has;
	int rc;

	if (stored->role != USER_OWNER)
		return 0;
	rc = user_has_other_owner(t, &stored->org, &stored->id, &has);
	if (rc == 0 && !has)
		return call_refuse(c, STORE_LAST_OWNER, "an organization needs an owner");
	return rc;
}

static int
user_remove(struct txn *t, struct call *c, const union record *r, bool *left)
{
	struct key key = key_of_org(&r->org, &r->id);
	struct id org = r->org, user = r->id;
	struct msg_user_record stored;
	int rc = user_check_owner_left(t, c, &r->user);

	/* First from the conversations that are assigned to it, some per request. */
	if (rc == 0)
		rc = label_drop_some(t, &org, &user, left);
	if (rc != 0 || *left)
		return rc;
	/* The slices of r are invalid now. */
	rc = user_find(t, &org, &user, &stored);
	if (rc == 0)
		rc = index_put_record(t, TABLE_USERS, &key, &stored, NULL);
	if (rc == 0)
		rc = mentions_erase_user(t, &org, &user);
	if (rc == 0)
		rc = records_drop_member(t, &org, &user);
	if (rc == 0)
		rc = reset_link_remove(t, &user);
	return rc != 0 ? rc : login_end_all(t, &org, &user, NULL);
}

const struct record_kind user_kind = {
    .table = TABLE_USERS,
    .change = CHANGE_USER,
    .created_at = offsetof(struct msg_user_record, created_at),
    .updated_at = offsetof(struct msg_user_record, updated_at),
    .missing = user_missing,
    .max = USERS_MAX,
    .too_many = "the organization has too many users",
    .no_replace = "USER_CHANGE changes a user",
    .item = user_item,
    .find = user_key_of_email,
    .check = user_check,
    .store = user_store,
    .remove = user_remove,
};

/* Refuses a change by a sender that checked an older password. A repeated change finds its own password,
 * which no other request can have set: each is salted. */
static int
user_check_current(
    struct call *c, const struct msg_user_change *m, const struct msg_user_record *stored)
{
	if ((m->what & USER_PASSWORD) != 0 && slice_eq(m->password, stored->password))
		return 0;
	return user_check_password(c, stored, &m->checked);
}

static struct msg_user_record
user_changed(const struct msg_user_change *m, const struct msg_user_record *stored)
{
	struct msg_user_record r = *stored;

	if (m->what & USER_NAME)
		r.name = m->name;
	if (m->what & USER_ROLE)
		r.role = m->role;
	if (m->what & USER_PASSWORD)
		r.password = m->password;
	if (m->what & USER_PICTURE)
		r.picture = m->picture;
	return r;
}

/* Refuses a change of another version than the stored one, unless it was a repeated one. */
static int
user_check_version(
    struct txn *t, struct call *c, struct slice stored, const struct msg_user_record *changed)
{
	const uint64_t expected = c->m->user_change.updated_at;

	if (expected == 0 || record_equals(t, TABLE_USERS, changed, stored))
		return 0;
	return call_check_read(c, expected, changed->updated_at);
}

/* Stores a changed user. A repeated change changes nothing. */
static int
user_put_changed(
    struct txn *t, const struct key *key, struct slice stored, struct msg_user_record *r)
{
	int rc;

	if (record_equals(t, TABLE_USERS, r, stored))
		return 0;
	r->updated_at = clock_wall_after(r->updated_at);
	rc = txn_put_record(t, TABLE_USERS, key, r);
	return rc != 0 ? rc : change_add(t, &r->org, CHANGE_USER, &r->id, NULL, CHANGE_CHANGED);
}

/* What could set the password, or was given for the one before, is worth nothing any more. */
static int
user_end_access(
    struct txn *t, const struct id *org, const struct id *user, const struct hash256 *except)
{
	int rc = reset_link_remove(t, user);

	return rc != 0 ? rc : login_end_all(t, org, user, except);
}

int
user_set_password(
    struct txn *t, const struct id *org, const struct id *user, struct slice password)
{
	const struct key key = key_of_org(org, user);
	struct msg_user_record r;
	struct slice bytes;
	int rc = txn_get(t, TABLE_USERS, &key, &bytes);

	if (rc == 0)
		rc = record_read(bytes, TABLE_USERS, &r);
	if (rc != 0)
		return rc;
	r.password = password;
	rc = user_put_changed(t, &key, bytes, &r);
	return rc != 0 ? rc : user_end_access(t, org, user, NULL);
}

int
handle_user_change(struct txn *t, struct call *c)
{
	const struct msg_user_change *m = &c->m->user_change;
	struct key key = key_of_org(&m->org, &m->user);
	struct msg_user_record stored, r;
	struct slice bytes;
	int rc;

	if ((m->what & USER_PASSWORD) != 0 && m->password.len == 0)
		return call_refuse(c, STORE_INVALID, "a user needs a password");
	rc = txn_get(t, TABLE_USERS, &key, &bytes);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, user_missing);
	if (rc == 0)
		rc = record_read(bytes, TABLE_USERS, &stored);
	if (rc == 0)
		rc = user_check_current(c, m, &stored);
	if (rc != 0)
		return rc;
	r = user_changed(m, &stored);
	rc = user_check_version(t, c, bytes, &r);
	if (rc == 0 && r.role != USER_OWNER)
		rc = user_check_owner_left(t, c, &stored);
	if (rc == 0)
		rc = user_put_changed(t, &key, bytes, &r);
	if (rc == 0 && (m->what & USER_PASSWORD) != 0)
		rc = user_end_access(
		    t, &m->org, &m->user, hash_is_zero(&m->except) ? NULL : &m->except);
	if (rc == 0)
		call_ok(c);
	return rc;
}
