/*
 * Logins. Nobody deletes an expired one, so each new one removes some: it looks at a few of those
 * that follow it in the table. The keys are hashes, so every part of the table gets its turn, and
 * a table in use holds few that are of no use.
 */
#include "storaged/logins.h"

#include "proto/clock.h"

/* Logins that a new one looks at. */
#define PURGE_LOOKS 16

/* Removes the expired ones among the next few from `at` on; at the end of the table it goes on
 * from the start. */
static int
purge(struct walk *w, const struct key *at, uint64_t now)
{
	const struct key all = {0};
	struct msg_login_record login;
	bool wrapped = false;
	int rc = walk_from(w, at);

	for (int looks = 0; looks < PURGE_LOOKS; looks++) {
		struct key here;

		if (rc == MDB_NOTFOUND && !wrapped) {
			wrapped = true;
			rc = walk_from(w, &all);
		}
		if (rc != 0)
			break;
		/* One that cannot be read signs nobody in either. */
		if (record_read(w->value, TABLE_LOGINS, MSG_LOGIN_RECORD, &login) == 0 &&
		    login.expires_at > now) {
			rc = walk_next(w);
			continue;
		}
		here = key_of(w->key);
		rc = walk_delete(w);
		if (rc == 0)
			rc = walk_from(w, &here);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
purge_expired(struct txn *t, const struct key *at, uint64_t now)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_LOGINS, &all);

	if (rc == 0)
		rc = purge(&w, at, now);
	walk_close(&w);
	return rc;
}

int
login_create(struct txn *t, struct call *c)
{
	const struct msg_login_create *m = &c->m->login_create;
	struct key key = key_login(&m->token);
	struct msg_login_record login;
	uint64_t now = clock_wall_ms();
	int rc;

	if (m->expires_at <= now)
		return call_refuse(c, STORE_INVALID, "the login has expired already");
	rc = txn_get_record(t, TABLE_LOGINS, &key, MSG_LOGIN_RECORD, &login);
	if (rc == 0 && !id_equal(&login.org, &m->org))
		return call_refuse(
		    c, STORE_INVALID, "another organization's login has this token");
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	login = (struct msg_login_record){
	    .v = RECORD_VERSION,
	    .org = m->org,
	    .created_at = now,
	    .expires_at = m->expires_at,
	};
	rc = txn_put_record(t, TABLE_LOGINS, &key, MSG_LOGIN_RECORD, &login);
	if (rc == 0)
		rc = purge_expired(t, &key, now);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
login_check(struct txn *t, struct call *c)
{
	struct key key = key_login(&c->m->login_check.token);
	struct msg_login_record login;
	struct slice record;
	int rc = txn_get(t, TABLE_LOGINS, &key, &record);

	if (rc == 0)
		rc = record_read(record, TABLE_LOGINS, MSG_LOGIN_RECORD, &login);
	if (rc == MDB_NOTFOUND || (rc == 0 && login.expires_at <= clock_wall_ms()))
		return call_refuse(c, STORE_NOT_FOUND, "no such login");
	if (rc == 0)
		call_answer(c, MSG_LOGIN, &(struct msg_login){.login = record});
	return rc;
}

int
login_delete(struct txn *t, struct call *c)
{
	struct key key = key_login(&c->m->login_delete.token);
	int rc = txn_del(t, TABLE_LOGINS, &key);

	if (rc == 0)
		call_ok(c);
	return rc;
}
