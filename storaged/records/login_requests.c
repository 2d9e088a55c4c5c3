/*
 * Login requests. A login belongs to a user, or, with a user id of zero, to everyone who knows
 * DASHBOARD_PASSWORD.
 */
#include "storaged/records/login_requests.h"

#include <string.h>

#include "proto/base/basics.h"
#include "storaged/identities/store_secret.h"
#include "storaged/records/logins.h"
#include "storaged/records/organizations.h"
#include "storaged/records/users.h"
#include "storaged/request/store_time.h"

/* A list holds at most so many logins (messages.def), which fit into one answer. It reads at most so many
 * entries, from the newest; the expired ones are the oldest. */
#define LOGIN_LIST_MAX   1000u
#define LOGIN_LIST_LOOKS 4000u

static const char login_missing[] = "no such login";

/* Refuses a user who does not exist, or whose password changed while the worker checked it. */
static int
login_check_user(struct txn *t, struct call *c, const struct msg_login_create *m)
{
	struct msg_user_record user;
	int rc = organization_check(t, c, &m->org);

	if (rc != 0 || id_is_zero(&m->user))
		return rc;
	rc = user_find(t, &m->org, &m->user, &user);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, user_missing);
	return rc != 0 ? rc : user_check_password(c, &user, &m->checked);
}

/* Refuses a token or an id that another login has. *repeat: this login exists already. */
static int
login_check_fresh(struct txn *t, struct call *c, const struct hash256 *token,
    const struct msg_login_record *login, bool *repeat)
{
	struct key key = key_hash(token);
	struct msg_login_record stored;
	bool clashes;
	int rc = txn_get_record(t, TABLE_LOGINS, &key, &stored);

	*repeat = rc == 0 && id_equal(&stored.org, &login->org) &&
	    id_equal(&stored.user, &login->user) && id_equal(&stored.id, &login->id);
	if (rc == 0 && !*repeat)
		return call_refuse(c, STORE_INVALID, "another login has this token");
	if (rc != MDB_NOTFOUND)
		return rc;
	rc = login_clashes(t, token, login, &clashes);
	if (rc == 0 && clashes)
		return call_refuse(c, STORE_EXISTS, "another login has this id");
	return rc;
}

/* Stores a new login, removes expired ones and enforces LOGINS_MAX. */
static int
login_put_fresh(
    struct txn *t, const struct hash256 *token, const struct msg_login_record *login)
{
	struct key key = key_hash(token), user = key_of_org(&login->org, &login->user);
	int rc = login_put(t, token, login);

	if (rc == 0)
		rc = login_purge(t, &key, login->created_at);
	/* Many people share DASHBOARD_PASSWORD, so its logins are not limited. */
	if (rc == 0 && !id_is_zero(&login->user))
		rc = login_end_oldest(t, &user, token);
	return rc;
}

int
handle_login_create(struct txn *t, struct call *c)
{
	const struct msg_login_create *m = &c->m->login_create;
	const struct msg_login_record login = {
	    .v = RECORD_VERSION,
	    .org = m->org,
	    .created_at = store_time_now(t->env),
	    .expires_at = store_time_of(t->env, m->expires_at),
	    .id = m->id,
	    .user = m->user,
	    .address = m->address,
	    .program = m->program,
	};
	bool repeat;
	int rc;

	if (id_is_zero(&m->id))
		return call_refuse(c, STORE_INVALID, "a login needs an id");
	if (login.expires_at <= login.created_at)
		return call_refuse(c, STORE_INVALID, "the login has already expired");
	rc = login_check_user(t, c, m);
	if (rc == 0)
		rc = login_check_fresh(t, c, &m->token, &login, &repeat);
	if (rc == 0 && !repeat)
		rc = login_put_fresh(t, &m->token, &login);
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* Encodes the login's user without its password; empty for a login by DASHBOARD_PASSWORD. */
static int
login_show_user(struct txn *t, const struct msg_login_record *login, struct slice *user)
{
	struct msg_user_record record;
	int rc;

	*user = (struct slice){0};
	if (id_is_zero(&login->user))
		return 0;
	rc = user_find(t, &login->org, &login->user, &record);
	if (rc == 0)
		*user = user_without_password(t, &record);
	return rc;
}

/* What the login's organization grants to its members; nothing if it does not exist. */
static int
login_find_rights(struct txn *t, const struct msg_login_record *login, uint32_t *rights)
{
	struct msg_org_record org;
	int rc = organization_find(t, &login->org, &org);

	*rights = rc == 0 ? org.member_rights : 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_login_check(struct txn *t, struct call *c)
{
	struct key key = key_hash(&c->m->login_check.token);
	struct msg_login_record login;
	struct slice record, user;
	uint32_t rights;
	int rc = txn_get(t, TABLE_LOGINS, &key, &record);

	if (rc == 0)
		rc = record_read(record, TABLE_LOGINS, &login);
	if (rc == 0 && !store_time_is_valid(t->env, login.created_at, login.expires_at))
		rc = MDB_NOTFOUND;
	if (rc == 0)
		rc = login_show_user(t, &login, &user);
	if (rc == 0)
		rc = login_find_rights(t, &login, &rights);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, login_missing);
	if (rc == 0)
		call_answer(c, MSG_LOGIN,
		    &(struct msg_login){
			.login = record, .user = user, .member_rights = rights});
	return rc;
}

int
handle_login_delete(struct txn *t, struct call *c)
{
	struct login_keys keys = {.token = c->m->login_delete.token};
	struct key key = key_hash(&keys.token);
	struct msg_login_record login;
	int rc = txn_get_record(t, TABLE_LOGINS, &key, &login);

	if (rc == 0)
		keys.by_user = login_index_key(&login);
	/* A damaged login can be removed, too. */
	if (rc == 0 || rc == RECORD_DAMAGED)
		rc = login_drop(t, &keys);
	if (rc == 0 || rc == MDB_NOTFOUND) {
		call_ok(c);
		return 0;
	}
	return rc;
}

/* Adds the login at the walk's position to env->list. Skips an expired or damaged one: it signs in nobody,
 * and the purge may have removed it without this entry. */
static int
login_list_add(struct walk *w, unsigned *listed)
{
	struct txn *t = w->txn;
	struct msg_login_record login;
	struct hash256 token;
	struct slice record;
	struct key key;
	int rc = login_read_token(w->value, &token);

	if (rc != 0)
		return rc;
	key = key_hash(&token);
	rc = txn_get(t, TABLE_LOGINS, &key, &record);
	if (rc == 0)
		rc = record_read(record, TABLE_LOGINS, &login);
	if (rc != 0)
		return txn_survives(rc) ? 0 : rc;
	if (store_time_is_valid(t->env, login.created_at, login.expires_at)) {
		must(wire_list_add(&t->env->list, record) == 0);
		++*listed;
	}
	return 0;
}

/* Fills env->list, newest login first. */
static int
login_list_fill(struct walk *w, const struct key *end)
{
	unsigned listed = 0;
	int rc = walk_before(w, end);

	for (unsigned looks = 0; rc == 0 && listed < LOGIN_LIST_MAX && looks < LOGIN_LIST_LOOKS;
	     looks++) {
		rc = login_list_add(w, &listed);
		if (rc != 0)
			return rc;
		rc = walk_previous(w);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_login_list(struct txn *t, struct call *c)
{
	const struct msg_login_list *m = &c->m->login_list;
	struct key user = key_of_org(&m->org, &m->user);
	struct id last;
	struct key end;
	struct walk w;
	int rc;

	memset(last.b, 0xff, sizeof(last.b));
	end = key_user_login(&m->org, &m->user, &last);
	buf_reset(&t->env->list);
	rc = walk_open(&w, t, TABLE_LOGINS_BY_USER, &user);
	if (rc == 0)
		rc = login_list_fill(&w, &end);
	walk_close(&w);
	if (rc == 0)
		call_answer(c, MSG_LOGIN_PAGE,
		    &(struct msg_login_page){.logins = buf_slice(&t->env->list)});
	return rc;
}

/* Ends the login of a user with this id. */
static int
login_revoke_one(struct txn *t, struct call *c, const struct msg_login_revoke *m)
{
	struct login_keys keys = {.by_user = key_user_login(&m->org, &m->user, &m->id)};
	struct slice value;
	int rc = txn_get(t, TABLE_LOGINS_BY_USER, &keys.by_user, &value);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, login_missing);
	if (rc == 0)
		rc = login_read_token(value, &keys.token);
	return rc != 0 ? rc : login_drop(t, &keys);
}

int
handle_login_revoke(struct txn *t, struct call *c)
{
	const struct msg_login_revoke *m = &c->m->login_revoke;
	struct key user = key_of_org(&m->org, &m->user);
	bool left = false;
	int rc = !id_is_zero(&m->id)
	    ? login_revoke_one(t, c, m)
	    : login_end_some(t, &user, hash_is_zero(&m->except) ? NULL : &m->except, &left);

	if (rc == 0 && left)
		call_answer(c, MSG_UNFINISHED, &(struct msg_unfinished){});
	else if (rc == 0)
		call_ok(c);
	return rc;
}

int
handle_login_secret_get(struct txn *t, struct call *c)
{
	struct msg_login_secret answer;
	int rc = store_secret_read(t, &answer.secret);

	if (rc == MDB_NOTFOUND && !call_may_write(t))
		return CALL_WRITES;
	if (rc == MDB_NOTFOUND)
		rc = store_secret_make(t, &answer.secret);
	if (rc == 0)
		call_answer(c, MSG_LOGIN_SECRET, &answer);
	return rc;
}
