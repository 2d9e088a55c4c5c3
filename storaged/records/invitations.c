/*
 * Invitations, and the index of their tokens.
 */
#include "storaged/records/invitations.h"

#include <stddef.h>

#include "proto/base/clock.h"
#include "storaged/changes/changes.h"
#include "storaged/identities/indexes.h"
#include "storaged/mail/mails.h"
#include "storaged/records/organizations.h"
#include "storaged/records/users.h"
#include "storaged/request/store_time.h"

static const char invitation_missing[] = "no such invitation";

/* The key of the invitation with this token. */
static int
invitation_key_of_token(struct txn *t, const struct hash256 *token, struct key *invitation)
{
	struct key by_token = key_hash(token);
	struct slice value;
	int rc = txn_get(t, TABLE_INVITATIONS_BY_TOKEN, &by_token, &value);

	if (rc == 0 && !key_fits(TABLE_INVITATIONS, value))
		return RECORD_DAMAGED;
	if (rc == 0)
		*invitation = key_of(value);
	return rc;
}

static int
invitation_check(struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	struct key key = key_of_org(&r->org, &r->id), other;
	int rc;

	if (hash_is_zero(&r->invitation.token))
		return call_refuse(c, STORE_INVALID, "an invitation needs a token");
	if (r->invitation.created_at > r->invitation.expires_at)
		return call_refuse(c, STORE_INVALID, "the invitation's times are invalid");
	if ((r->invitation.used_at == 0) != id_is_zero(&r->invitation.user))
		return call_refuse(
		    c, STORE_INVALID, "only an invitation that was used has a user");
	rc = invitation_key_of_token(t, &r->invitation.token, &other);
	if (rc == 0 && !slice_eq(key_slice(&other), key_slice(&key)))
		return call_refuse(c, clash, "another invitation has this token");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
invitation_store(struct txn *t, const union record *r, const union record *stored)
{
	struct key key = key_of_org(&r->org, &r->id);

	return index_put_record(t, TABLE_INVITATIONS, &key, stored, r);
}

static int
invitation_remove(struct txn *t, struct call *c, const union record *r, bool *left)
{
	struct key key = key_of_org(&r->org, &r->id);
	struct id id = r->id;
	int rc;

	(void)c;
	(void)left;
	rc = index_put_record(t, TABLE_INVITATIONS, &key, r, NULL);
	return rc != 0 ? rc : mails_remove_about(t, &id);
}

static bool
invitation_is_outdated(const struct msg_invitation_record *r, uint64_t now)
{
	return now > r->expires_at && now - r->expires_at > INVITATIONS_KEPT_MS;
}

/* Outdated invitations take no room: the next one removes them (invitation_begin()). */
static int
invitation_check_room(struct txn *t, struct call *c, const struct id *org)
{
	const uint64_t now = store_time_now(t->env);
	struct key front = key_id(org);
	union record r;
	struct walk w;
	size_t n = 0;
	int rc = walk_open(&w, t, TABLE_INVITATIONS, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0 && n < INVITATIONS_MAX; rc = walk_next(&w))
		if (record_read(w.value, TABLE_INVITATIONS, &r) != 0 ||
		    !invitation_is_outdated(&r.invitation, now))
			n++;
	walk_close(&w);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	return n < INVITATIONS_MAX
	    ? 0
	    : call_refuse(c, STORE_LIMIT, "the organization has too many invitations");
}

static int
invitation_find_outdated(struct txn *t, const struct id *org, uint64_t now, union record *r)
{
	struct key front = key_id(org);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_INVITATIONS, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0; rc = walk_next(&w)) {
		rc = record_read(w.value, TABLE_INVITATIONS, r);
		if (rc != 0 || invitation_is_outdated(&r->invitation, now))
			break;
	}
	walk_close(&w);
	return rc;
}

static int
invitation_remove_outdated(struct txn *t, const struct id *org, uint64_t now)
{
	union record r;
	bool left;
	int rc;

	while ((rc = invitation_find_outdated(t, org, now, &r)) == 0) {
		rc = invitation_remove(t, NULL, &r, &left);
		if (rc == 0)
			rc = record_add_change(t, &invitation_kind, &r, CHANGE_DELETED);
		if (rc != 0)
			return rc;
	}
	/* A damaged one must not prevent a new one. */
	return rc == MDB_NOTFOUND || txn_survives(rc) ? 0 : rc;
}

static void
invitation_keep(union record *r, const union record *stored, bool fresh)
{
	(void)fresh;
	if (stored == NULL)
		return;
	r->invitation.expires_at = stored->invitation.expires_at;
	r->invitation.mail = stored->invitation.mail;
	r->invitation.mail_error = stored->invitation.mail_error;
}

static int
invitation_begin(struct txn *t, union record *r)
{
	uint64_t now = store_time_now(t->env);

	r->invitation.created_at = now;
	r->invitation.expires_at = store_time_of(t->env, r->invitation.expires_at);
	return invitation_remove_outdated(t, &r->org, now);
}

const struct record_kind invitation_kind = {
    .table = TABLE_INVITATIONS,
    .change = CHANGE_INVITATION,
    .created_at = offsetof(struct msg_invitation_record, created_at),
    .updated_at = offsetof(struct msg_invitation_record, updated_at),
    .missing = invitation_missing,
    .no_replace = "an invitation cannot be changed",
    .newest_first = true,
    .keep = invitation_keep,
    .check = invitation_check,
    .check_room = invitation_check_room,
    .begin = invitation_begin,
    .store = invitation_store,
    .remove = invitation_remove,
};

static enum invitation_state
invitation_state(struct env *env, const struct msg_invitation_record *r)
{
	if (r->used_at != 0)
		return INVITATION_USED;
	return store_time_is_valid(env, r->created_at, r->expires_at) ? INVITATION_OPEN
								      : INVITATION_EXPIRED;
}

/* Finds the invitation of a token; refuses (NOT_FOUND). *bytes: as stored. */
static int
invitation_find(struct txn *t, struct call *c, const struct hash256 *token, struct slice *bytes,
    union record *r)
{
	struct key key;
	int rc = invitation_key_of_token(t, token, &key);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, invitation_missing);
	if (rc == 0)
		rc = txn_get(t, TABLE_INVITATIONS, &key, bytes);
	if (rc == 0)
		rc = record_read(*bytes, TABLE_INVITATIONS, r);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

int
handle_invitation_check(struct txn *t, struct call *c)
{
	struct msg_invitation answer;
	struct msg_org_record org;
	union record r;
	int rc = invitation_find(t, c, &c->m->invitation_check.token, &answer.invitation, &r);

	if (rc == 0)
		rc = organization_find(t, &r.org, &org);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	answer.state = (uint8_t)invitation_state(t->env, &r.invitation);
	answer.organization = org.name;
	call_answer(c, MSG_INVITATION, &answer);
	return 0;
}

/* Marks an invitation as used. It is read again: its text may have lain in a page that the new user has replaced. */
static int
invitation_use(struct txn *t, struct call *c, const struct id *user)
{
	struct slice bytes;
	union record r;
	struct key key;
	int rc = invitation_find(t, c, &c->m->invitation_accept.token, &bytes, &r);

	if (rc != 0)
		return rc;
	key = key_of_org(&r.org, &r.id);
	r.invitation.user = *user;
	r.invitation.used_at = store_time_now(t->env);
	r.invitation.updated_at = clock_wall_after(r.invitation.updated_at);
	rc = txn_put_record(t, TABLE_INVITATIONS, &key, &r);
	return rc != 0 ? rc : record_add_change(t, &invitation_kind, &r, CHANGE_CHANGED);
}

int
invitation_mailed(struct txn *t, const struct id *org, const struct id *invitation,
    enum mail_state state, struct slice error)
{
	struct key key = key_of_org(org, invitation);
	union record r;
	int rc = record_find(t, &invitation_kind, org, invitation, &r);

	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0)
		return rc;
	r.invitation.mail = (uint8_t)(1 + state);
	r.invitation.mail_error = error;
	r.invitation.updated_at = clock_wall_after(r.invitation.updated_at);
	rc = txn_put_record(t, TABLE_INVITATIONS, &key, &r);
	return rc != 0
	    ? rc
	    : change_add(t, org, CHANGE_INVITATION, invitation, NULL, CHANGE_CHANGED);
}

static int
invitation_create_user(
    struct txn *t, struct call *c, const struct msg_invitation_record *r, union record *user)
{
	const struct id id = user->id;
	struct msg_user_record other;
	int rc = user_find(t, &r->org, &id, &other);

	if (rc == 0)
		return call_refuse(c, STORE_EXISTS, "another user has this id");
	user->org = r->org;
	user->user.role = r->role;
	if (rc == MDB_NOTFOUND)
		rc = record_create(t, c, &user_kind, user);
	return rc != 0 ? rc : invitation_use(t, c, &id);
}

int
handle_invitation_accept(struct txn *t, struct call *c)
{
	const struct msg_invitation_accept *m = &c->m->invitation_accept;
	struct slice bytes;
	union record r, user;
	int rc = invitation_find(t, c, &m->token, &bytes, &r);

	if (rc != 0)
		return rc;
	if (record_decode(m->user, MSG_USER_RECORD, &user) != WIRE_OK ||
	    record_fault(user.v, &user.id, &r.org) != NULL)
		return call_refuse(c, STORE_INVALID, "the user is invalid");
	if (invitation_state(t->env, &r.invitation) == INVITATION_OPEN)
		rc = invitation_create_user(t, c, &r.invitation, &user);
	else if (!id_equal(&r.invitation.user, &user.id))
		rc = call_refuse(c, STORE_GONE, "the invitation was used, or has expired");
	if (rc == 0)
		call_ok(c);
	return rc;
}
