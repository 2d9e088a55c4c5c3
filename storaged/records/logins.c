/*
 * Logins, each with its entry among those of its user. Nobody deletes an expired one, so each new one
 * removes some: it looks at a few of those that follow it in the table. The keys are hashes, so every
 * part of the table gets its turn, and a table in use holds few that are of no use.
 */
#include "storaged/records/logins.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/records/organizations.h"
#include "storaged/records/users.h"

/* Logins that a new one looks at. */
#define PURGE_LOOKS 16

/* Logins that a list shows (messages.def), and looks at from the newest: those that have expired are the
 * oldest. All of them fit into an answer. */
#define LISTED_MAX 1000u
#define LIST_LOOKS 4000u

static const char no_login[] = "no such login";

/* -- one login ---------------------------------------------------------------------------- */

/* Where a login stands: in logins, and among those of its user (an empty key: not known). */
struct place {
	struct hash256 token;
	struct key by_user;
};

static struct key
by_user(const struct msg_login_record *login)
{
	return key_user_login(&login->org, &login->user, &login->id);
}

/* The token's hash that an entry of logins_by_user holds. */
static int
read_token(struct slice value, struct hash256 *token)
{
	if (value.len != sizeof(token->b))
		return RECORD_DAMAGED;
	memcpy(token->b, value.p, sizeof(token->b));
	return 0;
}

static int
drop(struct txn *t, const struct place *p)
{
	struct key key = key_hash(&p->token);
	int rc = txn_del(t, TABLE_LOGINS, &key);

	if (rc == 0 && p->by_user.len > 0)
		rc = txn_del(t, TABLE_LOGINS_BY_USER, &p->by_user);
	return rc;
}

int
login_put(struct txn *t, const struct hash256 *token, const struct msg_login_record *login)
{
	struct key key = key_hash(token), entry = by_user(login);
	struct msg_login_record there;
	int rc = txn_get_record(t, TABLE_LOGINS, &key, MSG_LOGIN_RECORD, &there);

	if (rc == 0) {
		struct key before = by_user(&there);

		rc = txn_del(t, TABLE_LOGINS_BY_USER, &before);
	}
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = txn_put_record(t, TABLE_LOGINS, &key, MSG_LOGIN_RECORD, login);
	if (rc == 0)
		rc = txn_put(t, TABLE_LOGINS_BY_USER, &entry, key_slice(&key));
	return rc;
}

int
login_clashes(struct txn *t, const struct hash256 *token, const struct msg_login_record *login,
    bool *clashes)
{
	struct key entry = by_user(login);
	struct hash256 other;
	struct slice value;
	int rc = txn_get(t, TABLE_LOGINS_BY_USER, &entry, &value);

	if (rc == 0)
		rc = read_token(value, &other);
	*clashes = rc == 0 && !hash_equal(&other, token);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* -- those of one user -------------------------------------------------------------------- */

/* The login of a user behind the place p (an empty key: the oldest), which becomes that. */
static int
next_of_user(struct txn *t, const struct key *user, struct place *p)
{
	const struct key *at = p->by_user.len > 0 ? &p->by_user : user;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_LOGINS_BY_USER, user);

	if (rc == 0)
		rc = walk_from(&w, at);
	if (rc == 0 && slice_eq(w.key, key_slice(at)))
		rc = walk_next(&w);
	if (rc == 0)
		rc = read_token(w.value, &p->token);
	if (rc == 0)
		p->by_user = key_of(w.key);
	walk_close(&w);
	return rc;
}

/* Ends a user's logins but the one with this token (NULL: none stays), at most LOGINS_STEP; *left: there
 * may be more. */
static int
end_some(struct txn *t, const struct key *user, const struct hash256 *except, bool *left)
{
	struct place p = {0};
	unsigned n = 0;
	int rc = next_of_user(t, user, &p);

	while (rc == 0 && n < LOGINS_STEP) {
		if (except == NULL || !hash_equal(&p.token, except)) {
			rc = drop(t, &p);
			n++;
		}
		if (rc == 0)
			rc = next_of_user(t, user, &p);
	}
	*left = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
logins_end(
    struct txn *t, const struct id *org, const struct id *user, const struct hash256 *except)
{
	struct key front = key_of_org(org, user);
	bool left = true;
	int rc = 0;

	while (rc == 0 && left)
		rc = end_some(t, &front, except, &left);
	return rc;
}

static int
count_of_user(struct txn *t, const struct key *user, size_t *n)
{
	struct walk w;
	int rc = walk_open(&w, t, TABLE_LOGINS_BY_USER, user);

	*n = 0;
	if (rc == 0)
		rc = walk_from(&w, user);
	for (; rc == 0; ++*n)
		rc = walk_next(&w);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Ends a user's oldest logins, until there are no more than there may be; the newest of all, which
 * has this token, is none of them even if a clock went back. */
static int
end_oldest(struct txn *t, const struct key *user, const struct hash256 *newest)
{
	struct place p = {0};
	size_t n;
	int rc = count_of_user(t, user, &n);

	while (rc == 0 && n > LOGINS_MAX) {
		rc = next_of_user(t, user, &p);
		if (rc != 0 || hash_equal(&p.token, newest))
			continue;
		rc = drop(t, &p);
		n--;
	}
	return rc;
}

/* -- those that have expired -------------------------------------------------------------- */

struct expired {
	struct place of[PURGE_LOOKS];
	size_t n;
};

/* Notes the login where the walk stands if it has expired. One that cannot be read signs nobody in
 * either. */
static void
note_expired(const struct walk *w, uint64_t now, struct expired *found)
{
	struct place *p = &found->of[found->n];
	struct msg_login_record login;
	bool readable = record_read(w->value, TABLE_LOGINS, MSG_LOGIN_RECORD, &login) == 0;

	if ((readable && login.expires_at > now) || read_token(w->key, &p->token) != 0)
		return;
	p->by_user = readable ? by_user(&login) : (struct key){0};
	found->n++;
}

/* Looks at the next few from `at` on, which is there; behind the end of the table come the first. */
static int
find_expired(struct walk *w, const struct key *at, uint64_t now, struct expired *found)
{
	const struct key all = {0};
	int rc = walk_from(w, at);

	for (int looks = 0; rc == 0 && looks < PURGE_LOOKS; looks++) {
		if (looks > 0 && slice_eq(w->key, key_slice(at)))
			return 0;
		note_expired(w, now, found);
		rc = walk_next(w);
		if (rc == MDB_NOTFOUND)
			rc = walk_from(w, &all);
	}
	return rc;
}

static int
purge_expired(struct txn *t, const struct key *at, uint64_t now)
{
	const struct key all = {0};
	struct expired found = {.n = 0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_LOGINS, &all);

	if (rc == 0)
		rc = find_expired(&w, at, now, &found);
	walk_close(&w);
	for (size_t i = 0; i < found.n && rc == 0; i++)
		rc = drop(t, &found.of[i]);
	return rc;
}

/* -- the requests ------------------------------------------------------------------------- */

/* Refuses a login of nobody, or of one whose password was changed while it was checked. */
static int
check_user(struct txn *t, struct call *c, const struct msg_login_create *m)
{
	struct msg_user_record user;
	int rc = organization_check(t, c, &m->org);

	if (rc != 0 || id_is_zero(&m->user))
		return rc;
	rc = user_find(t, &m->org, &m->user, &user);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, no_user);
	return rc != 0 ? rc : user_check_password(c, &user, &m->checked);
}

/* Refuses a token, or an id, that another login has. *repeat: this very login is there. */
static int
check_fresh(struct txn *t, struct call *c, const struct hash256 *token,
    const struct msg_login_record *login, bool *repeat)
{
	struct key key = key_hash(token);
	struct msg_login_record there;
	bool clashes;
	int rc = txn_get_record(t, TABLE_LOGINS, &key, MSG_LOGIN_RECORD, &there);

	*repeat = rc == 0 && id_equal(&there.org, &login->org) &&
	    id_equal(&there.user, &login->user) && id_equal(&there.id, &login->id);
	if (rc == 0 && !*repeat)
		return call_refuse(c, STORE_INVALID, "another login has this token");
	if (rc != MDB_NOTFOUND)
		return rc;
	rc = login_clashes(t, token, login, &clashes);
	if (rc == 0 && clashes)
		return call_refuse(c, STORE_EXISTS, "another login has this id");
	return rc;
}

/* Stores a new login, and ends those that have to go for it. Those by DASHBOARD_PASSWORD are many
 * people's. */
static int
put_fresh(struct txn *t, const struct hash256 *token, const struct msg_login_record *login)
{
	struct key key = key_hash(token), user = key_of_org(&login->org, &login->user);
	int rc = login_put(t, token, login);

	if (rc == 0)
		rc = purge_expired(t, &key, login->created_at);
	if (rc == 0 && !id_is_zero(&login->user))
		rc = end_oldest(t, &user, token);
	return rc;
}

int
login_create(struct txn *t, struct call *c)
{
	const struct msg_login_create *m = &c->m->login_create;
	const struct msg_login_record login = {
	    .v = LOGIN_VERSION,
	    .org = m->org,
	    .created_at = clock_wall_ms(),
	    .expires_at = m->expires_at,
	    .id = m->id,
	    .user = m->user,
	    .address = m->address,
	    .program = m->program,
	};
	bool repeat;
	int rc;

	if (id_is_zero(&m->id))
		return call_refuse(c, STORE_INVALID, "a login needs its id");
	if (m->expires_at <= login.created_at)
		return call_refuse(c, STORE_INVALID, "the login has expired already");
	rc = check_user(t, c, m);
	if (rc == 0)
		rc = check_fresh(t, c, &m->token, &login, &repeat);
	if (rc == 0 && !repeat)
		rc = put_fresh(t, &m->token, &login);
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* The user of a login, as an answer shows it; empty for whoever knows DASHBOARD_PASSWORD. */
static int
show_user(struct txn *t, const struct msg_login_record *login, struct slice *user)
{
	struct buf *scratch = &t->env->record;
	struct msg_user_record record;
	struct msg_user_item item;
	int rc;

	*user = (struct slice){0};
	if (id_is_zero(&login->user))
		return 0;
	rc = user_find(t, &login->org, &login->user, &record);
	if (rc != 0)
		return rc;
	item = user_item(&record);
	buf_reset(scratch);
	must(record_encode(scratch, MSG_USER_ITEM, &item) == 0);
	*user = buf_slice(scratch);
	return 0;
}

int
login_check(struct txn *t, struct call *c)
{
	struct key key = key_hash(&c->m->login_check.token);
	struct msg_login_record login;
	struct slice record, user;
	int rc = txn_get(t, TABLE_LOGINS, &key, &record);

	if (rc == 0)
		rc = record_read(record, TABLE_LOGINS, MSG_LOGIN_RECORD, &login);
	if (rc == 0 && login.expires_at <= clock_wall_ms())
		rc = MDB_NOTFOUND;
	if (rc == 0)
		rc = show_user(t, &login, &user);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, no_login);
	if (rc == 0)
		call_answer(c, MSG_LOGIN, &(struct msg_login){.login = record, .user = user});
	return rc;
}

int
login_delete(struct txn *t, struct call *c)
{
	struct place p = {.token = c->m->login_delete.token};
	struct key key = key_hash(&p.token);
	struct msg_login_record login;
	int rc = txn_get_record(t, TABLE_LOGINS, &key, MSG_LOGIN_RECORD, &login);

	if (rc == 0)
		p.by_user = by_user(&login);
	/* One that cannot be read can be ended. */
	if (rc == 0 || rc == RECORD_DAMAGED)
		rc = drop(t, &p);
	if (rc == 0 || rc == MDB_NOTFOUND) {
		call_ok(c);
		return 0;
	}
	return rc;
}

/* Adds the login where the walk stands, unless it has expired, or cannot be read: such a one signs nobody
 * in, and the purge may have removed it without this entry. */
static int
list_login(struct walk *w, uint64_t now, unsigned *listed)
{
	struct txn *t = w->txn;
	struct msg_login_record login;
	struct hash256 token;
	struct slice record;
	struct key key;
	int rc = read_token(w->value, &token);

	if (rc != 0)
		return rc;
	key = key_hash(&token);
	rc = txn_get(t, TABLE_LOGINS, &key, &record);
	if (rc == 0)
		rc = record_read(record, TABLE_LOGINS, MSG_LOGIN_RECORD, &login);
	if (rc != 0)
		return txn_survives(rc) ? 0 : rc;
	if (login.expires_at > now) {
		must(wire_list_add(&t->env->list, record) == 0);
		++*listed;
	}
	return 0;
}

/* Fills env->list from the newest back. */
static int
list_of_user(struct walk *w, const struct key *end)
{
	uint64_t now = clock_wall_ms();
	unsigned listed = 0;
	int rc = walk_before(w, end);

	for (unsigned looks = 0; rc == 0 && listed < LISTED_MAX && looks < LIST_LOOKS;
	     looks++) {
		rc = list_login(w, now, &listed);
		if (rc != 0)
			return rc;
		rc = walk_previous(w);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
login_list(struct txn *t, struct call *c)
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
		rc = list_of_user(&w, &end);
	walk_close(&w);
	if (rc == 0)
		call_answer(c, MSG_LOGIN_PAGE,
		    &(struct msg_login_page){.logins = buf_slice(&t->env->list)});
	return rc;
}

/* Ends the login of a user with this id. */
static int
revoke_one(struct txn *t, struct call *c, const struct msg_login_revoke *m)
{
	struct place p = {.by_user = key_user_login(&m->org, &m->user, &m->id)};
	struct slice value;
	int rc = txn_get(t, TABLE_LOGINS_BY_USER, &p.by_user, &value);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, no_login);
	if (rc == 0)
		rc = read_token(value, &p.token);
	return rc != 0 ? rc : drop(t, &p);
}

int
login_revoke(struct txn *t, struct call *c)
{
	const struct msg_login_revoke *m = &c->m->login_revoke;
	struct key user = key_of_org(&m->org, &m->user);
	bool left = false;
	int rc = !id_is_zero(&m->id)
	    ? revoke_one(t, c, m)
	    : end_some(t, &user, hash_is_zero(&m->except) ? NULL : &m->except, &left);

	if (rc == 0 && left)
		call_answer(c, MSG_UNFINISHED, &(struct msg_unfinished){});
	else if (rc == 0)
		call_ok(c);
	return rc;
}
