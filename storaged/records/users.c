/*
 * Users, each found by organization and id, and by its e-mail among all.
 */
#include "storaged/records/users.h"

#include <stddef.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/secrets.h"
#include "storaged/records/logins.h"
#include "storaged/records/match_keys.h"
#include "storaged/records/records.h"
#include "storaged/request/listing.h"

const char user_missing[] = "no such user";

int
user_find(
    struct txn *t, const struct id *org, const struct id *user, struct msg_user_record *record)
{
	struct key key = key_of_org(org, user);

	return txn_get_record(t, TABLE_USERS, &key, MSG_USER_RECORD, record);
}

int
user_check_password(
    struct call *c, const struct msg_user_record *user, const struct hash256 *checked)
{
	const struct hash256 now = secret_hash(user->password);

	if (hash_is_zero(checked) || hash_equal(checked, &now))
		return 0;
	return call_refuse(c, STORE_STALE, "the user has another password by now");
}

struct msg_user_item
user_item(const struct msg_user_record *record)
{
	return (struct msg_user_item){
	    .id = record->id,
	    .org = record->org,
	    .email = record->email,
	    .name = record->name,
	    .role = record->role,
	    .created_at = record->created_at,
	};
}

/* -- e-mails ------------------------------------------------------------------------------ */

/* The key of an e-mail; false: it is none. */
static bool
email_key(struct slice email, struct key *key)
{
	uint8_t folded[FOLDED_MAX];
	size_t len;

	if (email_fold(email, folded, &len) != 0)
		return false;
	*key = key_email((struct slice){folded, len});
	return true;
}

/* The key of the user with this e-mail. */
static int
find_by_email(struct txn *t, const struct key *by_email, struct key *user)
{
	struct slice value;
	int rc = txn_get(t, TABLE_USERS_BY_EMAIL, by_email, &value);

	if (rc == 0 && !key_fits(TABLE_USERS, value))
		return RECORD_DAMAGED;
	if (rc == 0)
		*user = key_of(value);
	return rc;
}

/* Removes the index entry of a user that is there. */
static int
drop_email(struct txn *t, const struct msg_user_record *there)
{
	struct key by_email;

	/* It was folded when it was stored. */
	return email_key(there->email, &by_email) ? txn_del(t, TABLE_USERS_BY_EMAIL, &by_email)
						  : RECORD_DAMAGED;
}

/* -- a user as a thing --------------------------------------------------------------------- */

/* Refuses a user who could not sign in and, with `clash`, another one's e-mail. */
static int
check(struct txn *t, struct call *c, const union thing *r, enum store_error clash)
{
	struct key key = key_of_org(&r->org, &r->id), by_email, other;
	int rc;

	if (r->user.password.len == 0)
		return call_refuse(c, STORE_INVALID, "a user needs a password");
	if (!email_key(r->user.email, &by_email))
		return call_refuse(c, STORE_INVALID, "a user needs an e-mail");
	rc = find_by_email(t, &by_email, &other);
	if (rc == 0 && !slice_eq(key_slice(&other), key_slice(&key)))
		return call_refuse(c, clash, "another user has this e-mail");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* With its index entry. */
static int
store(struct txn *t, const union thing *r, const union thing *there)
{
	struct key key = key_of_org(&r->org, &r->id), by_email, before;
	int rc;

	/* They were folded when they were checked. */
	if (!email_key(r->user.email, &by_email) ||
	    (there != NULL && !email_key(there->user.email, &before)))
		return RECORD_DAMAGED;
	rc = txn_put_record(t, TABLE_USERS, &key, MSG_USER_RECORD, r);
	if (rc == 0 && there != NULL)
		rc = txn_del(t, TABLE_USERS_BY_EMAIL, &before);
	return rc != 0 ? rc : txn_put(t, TABLE_USERS_BY_EMAIL, &by_email, key_slice(&key));
}

static const struct thing_kind users = {
    .table = TABLE_USERS,
    .record = MSG_USER_RECORD,
    .answer = MSG_USER,
    .created_at = offsetof(struct msg_user_record, created_at),
    .updated_at = offsetof(struct msg_user_record, updated_at),
    .missing = user_missing,
    .most = USERS_MAX,
    .too_many = "the organization has too many users",
    .check = check,
    .store = store,
};

int
user_create(struct txn *t, struct call *c)
{
	return thing_create(t, c, &users, c->m->user_create.user);
}

int
user_import(struct txn *t, struct call *c, const struct msg_user_record *record)
{
	const union thing r = {.user = *record};

	return thing_import(t, c, &users, &r);
}

/* -- reading ------------------------------------------------------------------------------ */

/* A user without the password, encoded in env->record. */
static int
list_user(struct txn *t, struct slice record, struct slice *item)
{
	struct buf *scratch = &t->env->record;
	struct msg_user_record r;
	struct msg_user_item shown;
	int rc = record_read(record, TABLE_USERS, MSG_USER_RECORD, &r);

	if (rc != 0)
		return rc;
	shown = user_item(&r);
	buf_reset(scratch);
	must(record_encode(scratch, MSG_USER_ITEM, &shown) == 0);
	*item = buf_slice(scratch);
	return 0;
}

int
user_list(struct txn *t, struct call *c)
{
	const struct msg_user_list *m = &c->m->user_list;
	struct listing l = listing_of(TABLE_USERS, &m->org, &m->after, m->limit);

	l.item = list_user;
	return listing_answer(t, c, &l, MSG_USER_PAGE);
}

int
user_get(struct txn *t, struct call *c)
{
	const struct msg_user_get *m = &c->m->user_get;
	struct key key = key_of_org(&m->org, &m->user), by_email;
	int rc = 0;

	if (id_is_zero(&m->user))
		rc = email_key(m->email, &by_email) ? find_by_email(t, &by_email, &key)
						    : MDB_NOTFOUND;
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, user_missing);
	return rc != 0 ? rc : thing_answer(t, c, &users, &key);
}

/* -- changing and removing ---------------------------------------------------------------- */

/* Whether an organization has an owner beside this user. */
static int
has_other_owner(struct txn *t, const struct id *org, const struct id *user, bool *has)
{
	struct key front = key_id(org);
	struct msg_user_record r;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_USERS, &front);

	*has = false;
	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0 && !*has) {
		rc = record_read(w.value, TABLE_USERS, MSG_USER_RECORD, &r);
		*has = rc == 0 && r.role == USER_OWNER && !id_equal(&r.id, user);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Refuses to take an organization's last owner away. */
static int
check_owner_left(struct txn *t, struct call *c, const struct msg_user_record *there)
{
	bool has;
	int rc;

	if (there->role != USER_OWNER)
		return 0;
	rc = has_other_owner(t, &there->org, &there->id, &has);
	if (rc == 0 && !has)
		return call_refuse(c, STORE_LAST_OWNER, "an organization needs an owner");
	return rc;
}

/* Refuses to change what is another's by now. A repeat finds its own password, which no other request
 * can have given: each is salted. */
static int
check_current(
    struct call *c, const struct msg_user_change *m, const struct msg_user_record *there)
{
	if ((m->what & USER_PASSWORD) != 0 && slice_eq(m->password, there->password))
		return 0;
	return user_check_password(c, there, &m->checked);
}

/* The user as the request wants it. */
static struct msg_user_record
changed(const struct msg_user_change *m, const struct msg_user_record *there)
{
	struct msg_user_record r = *there;

	if (m->what & USER_NAME)
		r.name = m->name;
	if (m->what & USER_ROLE)
		r.role = m->role;
	if (m->what & USER_PASSWORD)
		r.password = m->password;
	return r;
}

/* Stores what is new of a user; the same once more is a repeat, and changes nothing. */
static int
put_changed(
    struct txn *t, const struct key *key, struct slice stored, struct msg_user_record *r)
{
	if (record_equals(t, MSG_USER_RECORD, r, stored))
		return 0;
	r->updated_at = clock_wall_ms();
	return txn_put_record(t, TABLE_USERS, key, MSG_USER_RECORD, r);
}

int
user_change(struct txn *t, struct call *c)
{
	const struct msg_user_change *m = &c->m->user_change;
	struct key key = key_of_org(&m->org, &m->user);
	struct msg_user_record there, r;
	struct slice stored;
	int rc;

	if ((m->what & USER_PASSWORD) != 0 && m->password.len == 0)
		return call_refuse(c, STORE_INVALID, "a user needs a password");
	rc = txn_get(t, TABLE_USERS, &key, &stored);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, user_missing);
	if (rc == 0)
		rc = record_read(stored, TABLE_USERS, MSG_USER_RECORD, &there);
	if (rc == 0)
		rc = check_current(c, m, &there);
	if (rc != 0)
		return rc;
	r = changed(m, &there);
	if (r.role != USER_OWNER)
		rc = check_owner_left(t, c, &there);
	if (rc == 0)
		rc = put_changed(t, &key, stored, &r);
	if (rc == 0 && (m->what & USER_PASSWORD) != 0)
		rc = login_end_all(
		    t, &m->org, &m->user, hash_is_zero(&m->except) ? NULL : &m->except);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
user_delete(struct txn *t, struct call *c)
{
	const struct msg_user_delete *m = &c->m->user_delete;
	struct key key = key_of_org(&m->org, &m->user);
	struct msg_user_record there;
	int rc = user_find(t, &m->org, &m->user, &there);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, user_missing);
	if (rc == 0)
		rc = check_owner_left(t, c, &there);
	if (rc == 0)
		rc = drop_email(t, &there);
	if (rc == 0)
		rc = txn_del(t, TABLE_USERS, &key);
	if (rc == 0)
		rc = login_end_all(t, &m->org, &m->user, NULL);
	if (rc == 0)
		call_ok(c);
	return rc;
}
