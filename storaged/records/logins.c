/*
 * Nothing deletes a login when it expires. Instead, each new login checks a few logins that follow it in
 * the table and removes the expired ones. The keys are hashes, so every part of the table is checked in
 * time, and a table in use holds few expired logins.
 */
#include "storaged/records/logins.h"

#include "storaged/identities/indexes.h"

#include <string.h>

/* Logins that a new one checks. */
#define LOGIN_PURGE_LOOKS 16

struct key
login_index_key(const struct msg_login_record *login)
{
	return key_user_login(&login->org, &login->user, &login->id);
}

int
login_read_token(struct slice value, struct hash256 *token)
{
	if (value.len != sizeof(token->b))
		return RECORD_DAMAGED;
	memcpy(token->b, value.p, sizeof(token->b));
	return 0;
}

int
login_drop(struct txn *t, const struct login_keys *keys)
{
	struct key key = key_hash(&keys->token);
	int rc = txn_del(t, TABLE_LOGINS, &key);

	if (rc == 0 && keys->by_user.len > 0)
		rc = txn_del(t, TABLE_LOGINS_BY_USER, &keys->by_user);
	return rc;
}

int
login_put(struct txn *t, const struct hash256 *token, const struct msg_login_record *login)
{
	struct key key = key_hash(token);
	struct msg_login_record stored;
	int rc = txn_get_record(t, TABLE_LOGINS, &key, &stored);

	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	return index_put_record(t, TABLE_LOGINS, &key, rc == 0 ? &stored : NULL, login);
}

int
login_clashes(struct txn *t, const struct hash256 *token, const struct msg_login_record *login,
    bool *clashes)
{
	struct key entry = login_index_key(login);
	struct hash256 other;
	struct slice value;
	int rc = txn_get(t, TABLE_LOGINS_BY_USER, &entry, &value);

	if (rc == 0)
		rc = login_read_token(value, &other);
	*clashes = rc == 0 && !hash_equal(&other, token);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Replaces *keys (without by_user: start) by those of the user's next newer login. */
static int
login_next_of_user(struct txn *t, const struct key *user, struct login_keys *keys)
{
	const struct key *at = keys->by_user.len > 0 ? &keys->by_user : user;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_LOGINS_BY_USER, user);

	if (rc == 0)
		rc = walk_from(&w, at);
	if (rc == 0 && slice_eq(w.key, key_slice(at)))
		rc = walk_next(&w);
	if (rc == 0)
		rc = login_read_token(w.value, &keys->token);
	if (rc == 0)
		keys->by_user = key_of(w.key);
	walk_close(&w);
	return rc;
}

int
login_end_some(struct txn *t, const struct key *user, const struct hash256 *except, bool *left)
{
	struct login_keys keys = {0};
	unsigned n = 0;
	int rc = login_next_of_user(t, user, &keys);

	while (rc == 0 && n < LOGINS_STEP) {
		if (except == NULL || !hash_equal(&keys.token, except)) {
			rc = login_drop(t, &keys);
			n++;
		}
		if (rc == 0)
			rc = login_next_of_user(t, user, &keys);
	}
	*left = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
login_end_all(
    struct txn *t, const struct id *org, const struct id *user, const struct hash256 *except)
{
	struct key front = key_of_org(org, user);
	bool left = true;
	int rc = 0;

	while (rc == 0 && left)
		rc = login_end_some(t, &front, except, &left);
	return rc;
}

static int
login_count_of_user(struct txn *t, const struct key *user, size_t *n)
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

int
login_end_oldest(struct txn *t, const struct key *user, const struct hash256 *newest)
{
	struct login_keys keys = {0};
	size_t n;
	int rc = login_count_of_user(t, user, &n);

	while (rc == 0 && n > LOGINS_MAX) {
		rc = login_next_of_user(t, user, &keys);
		if (rc != 0 || hash_equal(&keys.token, newest))
			continue;
		rc = login_drop(t, &keys);
		n--;
	}
	return rc;
}

struct login_expired {
	struct login_keys of[LOGIN_PURGE_LOOKS];
	size_t n;
};

/* Adds the login at the walk's position if it has expired or cannot be read: either way it is useless. */
static void
login_note_expired(const struct walk *w, uint64_t now, struct login_expired *found)
{
	struct login_keys *keys = &found->of[found->n];
	struct msg_login_record login;
	bool readable = record_read(w->value, TABLE_LOGINS, &login) == 0;

	if ((readable && login.expires_at > now) || login_read_token(w->key, &keys->token) != 0)
		return;
	keys->by_user = readable ? login_index_key(&login) : (struct key){0};
	found->n++;
}

/* Checks the next few logins from `at` on. At the end of the table it continues with the first. */
static int
login_find_expired(
    struct walk *w, const struct key *at, uint64_t now, struct login_expired *found)
{
	const struct key all = {0};
	int rc = walk_from(w, at);

	for (int looks = 0; rc == 0 && looks < LOGIN_PURGE_LOOKS; looks++) {
		if (looks > 0 && slice_eq(w->key, key_slice(at)))
			return 0;
		login_note_expired(w, now, found);
		rc = walk_next(w);
		if (rc == MDB_NOTFOUND)
			rc = walk_from(w, &all);
	}
	return rc;
}

int
login_purge(struct txn *t, const struct key *at, uint64_t now)
{
	const struct key all = {0};
	struct login_expired found = {.n = 0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_LOGINS, &all);

	if (rc == 0)
		rc = login_find_expired(&w, at, now, &found);
	walk_close(&w);
	for (size_t i = 0; i < found.n && rc == 0; i++)
		rc = login_drop(t, &found.of[i]);
	return rc;
}
