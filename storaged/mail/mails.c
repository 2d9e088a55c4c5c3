/*
 * The index mails_waiting has the order in which they are sent.
 */
#include "storaged/mail/mails.h"

#include "proto/base/basics.h"
#include "proto/base/email.h"
#include "storaged/identities/indexes.h"

/* Bytes of a list of mails. */
#define LIST_BYTES 700000u

const char *
mails_fault(struct slice bytes, struct msg_mail_record *r)
{
	if (record_decode(bytes, MSG_MAIL_RECORD, r) != WIRE_OK || r->v != RECORD_VERSION ||
	    r->kind >= MAIL_KINDS)
		return "the mail is invalid";
	if (id_is_zero(&r->id) || id_is_zero(&r->org) || id_is_zero(&r->about))
		return "a mail needs an id, an organization and what it is about";
	return email_valid(r->to) ? NULL : "a mail needs a valid address";
}

static int
mails_write(
    struct txn *t, const struct msg_mail_record *before, const struct msg_mail_record *after)
{
	struct key key = key_of_org(&after->org, &after->id);

	return index_put_record(t, TABLE_MAILS, &key, before, after);
}

int
mails_add(struct txn *t, struct call *c, const struct msg_mail_record *r)
{
	const struct key org_key = key_id(&r->org);
	struct msg_mail_record new = *r;
	struct msg_org_record org;
	int rc = txn_get_record(t, TABLE_ORGS, &org_key, &org);

	if (rc != 0)
		return rc;
	new.organization = org.name;
	new.state = MAIL_WAITING;
	new.created_at = clock_wall_ms();
	if (new.next_at == 0)
		new.next_at = new.created_at;
	new.done_at = 0;
	new.tries = new.repeated = 0;
	call_change_mail(c);
	return mails_write(t, NULL, &new);
}

int
mails_find(
    struct txn *t, const struct id *org, const struct id *mail, struct msg_mail_record *r)
{
	struct key key = key_of_org(org, mail);

	return txn_get_record(t, TABLE_MAILS, &key, r);
}

int
mails_put(
    struct txn *t, const struct msg_mail_record *before, const struct msg_mail_record *after)
{
	struct key row = key_due(after->done_at + MAILS_KEPT_MS, DUE_MAIL, &after->id);
	struct key about = key_of_org(&after->org, &after->id);
	struct msg_mail_record new = *after;
	int rc;

	if (new.state != MAIL_WAITING)
		new.token = new.text = (struct slice){0};
	rc = mails_write(t, before, &new);
	return rc != 0 || new.state == MAIL_WAITING
	    ? rc
	    : txn_put(t, TABLE_DUE, &row, key_slice(&about));
}

/* Removes the mail with this key, if it is there. The index entries of a damaged one lead to nothing then, which readers
 * pass over: it must not keep what it is about, such as a user. */
static int
mails_remove(struct txn *t, const struct key *key)
{
	struct msg_mail_record r;
	int rc = txn_get_record(t, TABLE_MAILS, key, &r);

	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0)
		return txn_survives(rc) ? txn_del(t, TABLE_MAILS, key) : rc;
	return index_put_record(t, TABLE_MAILS, key, &r, NULL);
}

/* The key of the first mail about something. MDB_NOTFOUND: there is none. */
static int
mails_first_about(struct txn *t, const struct id *about, struct key *entry, struct key *mail)
{
	struct key front = key_id(about);
	struct slice value;
	int rc = txn_first(t, TABLE_MAILS_ABOUT, &front, entry);

	if (rc == 0)
		rc = txn_get(t, TABLE_MAILS_ABOUT, entry, &value);
	if (rc == 0)
		*mail = key_of(value);
	return rc;
}

int
mails_remove_about(struct txn *t, const struct id *about)
{
	struct key entry, mail;
	int rc;

	while ((rc = mails_first_about(t, about, &entry, &mail)) == 0) {
		rc = mails_remove(t, &mail);
		/* If it does not lead to a mail, it is still there. */
		if (rc == 0)
			rc = txn_del(t, TABLE_MAILS_ABOUT, &entry);
		if (rc != 0)
			return rc;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
mail_due(
    struct txn *t, struct call *c, const struct id *id, const struct key *about, uint64_t now)
{
	(void)c;
	(void)id;
	(void)now;
	return key_fits(TABLE_MAILS, key_slice(about)) ? mails_remove(t, about) : 0;
}

/* Adds the mail where the walk stands. False: the list is full. */
static bool
mails_collect_one(const struct walk *w)
{
	struct buf *list = &w->txn->env->list;
	struct msg_mail_record r;
	struct slice bytes;
	struct key key;

	/* The others must be sent. */
	if (w->damaged || !key_fits(TABLE_MAILS, w->value))
		return true;
	key = key_of(w->value);
	if (txn_get(w->txn, TABLE_MAILS, &key, &bytes) != 0 ||
	    record_read(bytes, TABLE_MAILS, &r) != 0)
		return true;
	if (buf_len(list) + 4 + bytes.len > LIST_BYTES)
		return false;
	must(wire_list_add(list, bytes) == 0);
	return true;
}

/* Collects in env.list the mails that are due; *next_at: when the first one behind them is. */
static int
mails_collect(struct txn *t, uint32_t limit, uint64_t *next_at)
{
	const uint64_t now = clock_wall_ms();
	const struct key all = {0};
	struct walk w;
	uint32_t n = 0;
	int rc = walk_open(&w, t, TABLE_MAILS_WAITING, &all);

	*next_at = 0;
	buf_reset(&t->env->list);
	if (rc == 0)
		rc = walk_from(&w, &all);
	for (; rc == 0; rc = walk_next(&w)) {
		if (!key_fits(TABLE_MAILS_WAITING, w.key))
			continue;
		*next_at = key_mail_time(w.key);
		if (*next_at > now || n++ == limit || !mails_collect_one(&w))
			break;
		*next_at = 0;
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_mail_lease(struct txn *t, struct call *c)
{
	const struct msg_mail_lease *m = &c->m->mail_lease;
	struct msg_mail_work work = {.granted = lease_ask(c->mail, c->from, &m->lease)};
	int rc = work.granted ? mails_collect(t, m->limit, &work.next_at) : 0;

	if (rc != 0)
		return rc;
	if (work.granted)
		work.mails = buf_slice(&t->env->list);
	call_answer(c, MSG_MAIL_WORK, &work);
	return 0;
}

int
mails_extent(struct txn *t, uint64_t *waiting, uint64_t *due)
{
	const struct key all = {0};
	struct key first;
	size_t n;
	int rc = txn_count(t, TABLE_MAILS_WAITING, &n);

	*waiting = *due = 0;
	if (rc == 0)
		*waiting = n;
	if (rc == 0)
		rc = txn_first(t, TABLE_MAILS_WAITING, &all, &first);
	if (rc == 0 && key_fits(TABLE_MAILS_WAITING, key_slice(&first)))
		*due = key_mail_time(key_slice(&first));
	return rc == MDB_NOTFOUND ? 0 : rc;
}
