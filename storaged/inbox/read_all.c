/*
 * MSG_READ_ALL: one time for all conversations, and marks for the few whose last activity is not before it.
 */
#include "proto/base/clock.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/reads.h"
#include "storaged/inbox/inbox.h"
#include "storaged/records/organizations.h"
#include "storaged/records/users.h"

/* Conversations that get marks: more of them only when the clock was set back. */
#define MARKS_MAX 256u

struct read_all_newest {
	uint64_t now;
	size_t n;
	struct id list[MARKS_MAX];
};

/* Collects the conversations whose last activity is not before now. */
static int
read_all_collect(struct txn *t, const struct id *org, struct read_all_newest *newest)
{
	struct key front = key_id(org);
	struct msg_conversation_record r;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CONVERSATIONS_BY_ACTIVITY, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0 && newest->n < MARKS_MAX; rc = walk_next(&w)) {
		const struct id id = activity_conversation(w.key);
		struct key key = key_id(&id);

		rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &r);
		if (rc == 0 && r.updated_at < newest->now)
			break;
		if (rc == 0)
			newest->list[newest->n++] = id;
		else if (!txn_survives(rc))
			break;
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
read_all_mark(struct txn *t, const struct read_all_newest *newest, const struct id *reader)
{
	struct msg_conversation_record r;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < newest->n; i++) {
		struct key key = key_id(&newest->list[i]);

		rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &r);
		if (rc == 0)
			rc = read_mark(t, &r, reader, true);
	}
	return rc;
}

/* All callers without a user. */
static int
read_all_of_organization(struct txn *t, struct call *c, uint64_t now)
{
	struct key key = key_id(&c->m->read_all.org);
	struct msg_org_record r;
	int rc = organization_find(t, &c->m->read_all.org, &r);

	if (rc != 0)
		return rc == MDB_NOTFOUND
		    ? call_refuse(c, STORE_NOT_FOUND, organization_missing)
		    : rc;
	r.read_until = now;
	return txn_put_record(t, TABLE_ORGS, &key, &r);
}

static int
read_all_of_user(struct txn *t, struct call *c, uint64_t now)
{
	const struct msg_read_all *m = &c->m->read_all;
	struct key key = key_of_org(&m->org, &m->reader);
	struct msg_user_record r;
	int rc = user_find(t, &m->org, &m->reader, &r);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? call_refuse(c, STORE_NOT_FOUND, user_missing) : rc;
	r.read_until = now;
	rc = txn_put_record(t, TABLE_USERS, &key, &r);
	return rc != 0 ? rc
		       : change_add(t, &m->org, CHANGE_USER, &m->reader, NULL, CHANGE_READ);
}

int
handle_read_all(struct txn *t, struct call *c)
{
	const struct msg_read_all *m = &c->m->read_all;
	struct read_all_newest newest = {.now = clock_wall_ms()};
	int rc = read_all_collect(t, &m->org, &newest);

	if (rc == 0)
		rc = id_is_zero(&m->reader) ? read_all_of_organization(t, c, newest.now)
					    : read_all_of_user(t, c, newest.now);
	if (rc == 0)
		rc = read_all_mark(t, &newest, &m->reader);
	if (rc == 0)
		call_ok(c);
	return rc;
}
