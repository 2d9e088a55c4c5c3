/*
 * A link's token is the user's id, a dot and a secret: it leads to its record without an index.
 */
#include "storaged/mailing/resets.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/log.h"
#include "proto/base/secrets.h"
#include "storaged/mail/mails.h"
#include "storaged/records/organizations.h"
#include "storaged/records/users.h"
#include "storaged/request/store_time.h"

#define SECRET_TEXT 32 /* base 62: 190 bits */
#define TOKEN_SIZE  (ID_TEXT_LEN + 1 + SECRET_TEXT + 1)

/* The user with this e-mail. 0, MDB_NOTFOUND or an error as of txn_get(), whose slices *user has. */
static int
reset_find_user(struct txn *t, struct slice email, struct msg_user_record *user)
{
	struct key key;
	int rc = user_kind.find(t, email, &key);

	return rc != 0 ? rc : txn_get_record(t, TABLE_USERS, &key, user);
}

/* Counts one more mail to the user. False: there were too many. A damaged record is replaced. */
static int
reset_count(
    struct txn *t, const struct msg_user_record *user, struct msg_reset_record *r, bool *may)
{
	const struct key key = key_id(&user->id);
	const uint64_t now = store_time_now(t->env);
	int rc = txn_get_record(t, TABLE_RESETS, &key, r);

	if (rc != 0 && !txn_survives(rc))
		return rc;
	if (rc != 0)
		*r = (struct msg_reset_record){.v = RECORD_VERSION, .first_at = now};
	r->org = user->org;
	r->user = user->id;
	if (!store_time_is_valid(t->env, r->first_at, r->first_at + RESET_WINDOW_MS)) {
		r->first_at = now;
		r->mails = 0;
	}
	*may = r->mails < RESET_MAILS_MAX;
	r->mails++;
	r->created_at = now;
	r->expires_at = now + RESET_VALID_MS;
	return 0;
}

static void
reset_make_token(const struct id *user, char token[TOKEN_SIZE])
{
	char id[ID_TEXT_LEN + 1], secret[SECRET_TEXT + 1];

	id_format(user, id);
	secret_base62(secret, SECRET_TEXT);
	(void)snprintf(token, TOKEN_SIZE, "%s.%s", id, secret);
	explicit_bzero(secret, sizeof(secret));
}

static int
reset_mail(struct txn *t, struct call *c, const struct msg_user_record *user, const char *token)
{
	const struct msg_reset_ask *m = &c->m->reset_ask;
	const struct msg_mail_record mail = {
	    .v = RECORD_VERSION,
	    .id = m->mail,
	    .org = user->org,
	    .kind = MAIL_RESET,
	    .about = user->id,
	    /* As the user gave it: what was asked for may only look like it. */
	    .to = user->email,
	    .language = m->language,
	    .token = slice_str(token),
	};

	log_event(LOG_NOTICE, "password_reset_mailed", L_ID("org", &user->org),
	    L_ID("user", &user->id), L_ID("mail", &m->mail));
	return mails_add(t, c, &mail);
}

/* Makes a link, in place of the one before, and its mail. */
static int
reset_make(struct txn *t, struct call *c, struct msg_reset_record *r)
{
	const struct key key = key_id(&r->user);
	struct msg_user_record user;
	char token[TOKEN_SIZE];
	int rc = mails_remove_about(t, &r->user);

	if (rc == 0)
		rc = user_find(t, &r->org, &r->user, &user);
	if (rc != 0)
		return rc;
	reset_make_token(&r->user, token);
	r->token = secret_hash(slice_str(token));
	rc = reset_mail(t, c, &user, token);
	explicit_bzero(token, sizeof(token));
	return rc != 0 ? rc : txn_put_record(t, TABLE_RESETS, &key, r);
}

static int
reset_ask(struct txn *t, struct call *c, const struct msg_user_record *user)
{
	struct msg_mail_record mail;
	struct msg_reset_record r;
	bool may;
	int rc = mails_find(t, &user->org, &c->m->reset_ask.mail, &mail);

	/* The request was repeated. */
	if (rc != MDB_NOTFOUND)
		return rc;
	rc = reset_count(t, user, &r, &may);
	if (rc == 0 && may)
		return reset_make(t, c, &r);
	if (rc == 0)
		log_event(LOG_WARN, "password_reset_limited", L_ID("org", &user->org),
		    L_ID("user", &user->id));
	return rc;
}

/* Each request writes, also one for an unknown e-mail: it waits for the disk, and fails with it, like any other. */
static int
reset_note_asked(struct txn *t)
{
	const struct key key = key_meta(META_RESET_ASKED);

	return txn_put(t, TABLE_META, &key, slice_str("1"));
}

int
handle_reset_ask(struct txn *t, struct call *c)
{
	struct msg_user_record user;
	int rc;

	if (id_is_zero(&c->m->reset_ask.mail))
		return call_refuse(c, STORE_INVALID, "a mail needs an id");
	rc = reset_note_asked(t);
	if (rc == 0)
		rc = reset_find_user(t, c->m->reset_ask.email, &user);
	if (rc == 0)
		rc = reset_ask(t, c, &user);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	call_ok(c);
	return 0;
}

/* Finds the link with this token; refuses (NOT_FOUND), also if it has expired. */
static int
reset_find(struct txn *t, struct call *c, const struct id *user, const struct hash256 *token,
    struct msg_reset_record *r)
{
	const struct key key = key_id(user);
	int rc = txn_get_record(t, TABLE_RESETS, &key, r);

	if (rc == 0 &&
	    (!hash_equal(&r->token, token) ||
		!store_time_is_valid(t->env, r->created_at, r->expires_at)))
		rc = MDB_NOTFOUND;
	return rc == MDB_NOTFOUND ? call_refuse(c, STORE_NOT_FOUND, "no such link") : rc;
}

int
handle_reset_check(struct txn *t, struct call *c)
{
	const struct msg_reset_check *m = &c->m->reset_check;
	struct msg_reset_record r;
	struct msg_user_record user;
	struct msg_org_record org;
	int rc = reset_find(t, c, &m->user, &m->token, &r);

	if (rc != 0)
		return rc;
	rc = user_find(t, &r.org, &r.user, &user);
	if (rc == 0)
		rc = organization_find(t, &r.org, &org);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	call_answer(c, MSG_RESET,
	    &(struct msg_reset){
		.org = r.org,
		.organization = org.name,
		.email = user.email,
		.expires_at = r.expires_at,
	    });
	return 0;
}

/* Whether the user has this password already: hashes are salted, so the request was repeated. */
static int
reset_is_done(struct txn *t, const struct msg_reset_use *m, bool *is_done)
{
	struct msg_user_record user;
	int rc = user_find(t, &m->org, &m->user, &user);

	*is_done = rc == 0 && slice_eq(user.password, m->password);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_reset_use(struct txn *t, struct call *c)
{
	const struct msg_reset_use *m = &c->m->reset_use;
	struct msg_reset_record r;
	bool is_done;
	int rc;

	if (m->password.len == 0)
		return call_refuse(c, STORE_INVALID, "a user needs a password");
	rc = reset_is_done(t, m, &is_done);
	if (rc == 0 && !is_done)
		rc = reset_find(t, c, &m->user, &m->token, &r);
	if (rc == 0 && !is_done)
		rc = user_set_password(t, &r.org, &r.user, m->password);
	if (rc == 0)
		call_ok(c);
	return rc;
}
