#include "storaged/duty/availability.h"

#include "proto/base/clock.h"
#include "storaged/changes/changes.h"
#include "storaged/identities/indexes.h"
#include "storaged/records/users.h"

/* When a user is away without another input. */
static uint64_t
availability_end(const struct txn *t, const struct msg_user_record *user)
{
	return user->active_at + t->env->away_after_ms;
}

/* Stores a user, with its row in the table due; what is seen of it by others may have changed. */
static int
availability_put(struct txn *t, const struct msg_user_record *before,
    const struct msg_user_record *after, bool changes)
{
	const struct key key = key_of_org(&after->org, &after->id);
	const struct id org = after->org, id = after->id;
	int rc = index_put_record(t, TABLE_USERS, &key, before, after);

	if (rc != 0 || !changes)
		return rc;
	return change_add(t, &org, CHANGE_USER, &id, NULL, CHANGE_AVAILABILITY);
}

/* How exactly an input is noted. */
static uint64_t
availability_step(const struct txn *t)
{
	const uint64_t step = t->env->away_after_ms / 10;

	return step < AVAILABILITY_STEP_MS ? step : AVAILABILITY_STEP_MS;
}

/* Notes an input, and a choice if there is one. A repeated request changes nothing. */
static int
availability_note(
    struct txn *t, const struct msg_availability_set *m, const struct msg_user_record *r)
{
	struct msg_user_record after = *r;
	const uint64_t now = clock_wall_ms();
	const bool chooses = m->chosen && m->availability != r->availability;
	const bool returns = r->away_at == 0 && r->availability == AVAILABILITY_ONLINE;

	/* The clock may have been set back. */
	if (!chooses && r->away_at != 0 && now >= r->active_at &&
	    now - r->active_at < availability_step(t))
		return 0;
	after.active_at = now;
	if (chooses)
		after.availability = m->availability;
	if (r->away_at == 0)
		after.away_at = availability_end(t, &after);
	return availability_put(t, r, &after, chooses || returns);
}

int
handle_availability_set(struct txn *t, struct call *c)
{
	const struct msg_availability_set *m = &c->m->availability_set;
	struct msg_user_record r;
	int rc = user_find(t, &m->org, &m->user, &r);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, user_missing);
	if (rc == 0)
		rc = availability_note(t, m, &r);
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* Finds the key of a user whose row in the table due was damaged. */
static int
availability_find(struct txn *t, const struct id *user, struct key *key)
{
	const struct key all = {0};
	struct id org = {0}, id = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_USERS, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	while (rc == 0) {
		if (key_fits(TABLE_USERS, w.key))
			org_key_parts(w.key, &org, &id);
		if (id_equal(&id, user))
			break;
		rc = walk_next(&w);
	}
	*key = key_of_org(&org, &id);
	walk_close(&w);
	return rc;
}

int
availability_due(
    struct txn *t, struct call *c, const struct id *user, const struct key *about, uint64_t now)
{
	struct msg_user_record r, after;
	struct key key = *about;
	uint64_t end;
	int rc = key.len > 0 ? 0 : availability_find(t, user, &key);

	(void)c;
	if (rc == 0)
		rc = txn_get_record(t, TABLE_USERS, &key, &r);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	after = r;
	end = availability_end(t, &r);
	after.away_at = end > now && r.active_at <= now ? end : 0;
	return availability_put(
	    t, &r, &after, after.away_at == 0 && r.availability == AVAILABILITY_ONLINE);
}

int
availability_of_all(struct txn *t, const struct id *org, enum duty_people *people)
{
	struct key front = key_id(org);
	struct msg_user_record r;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_USERS, &front);

	*people = DUTY_UNKNOWN;
	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0 && *people != DUTY_ONLINE) {
		rc = record_read(w.value, TABLE_USERS, &r);
		if (rc == 0 && r.active_at != 0)
			*people = msg_user_availability(&r) == AVAILABILITY_ONLINE ? DUTY_ONLINE
										   : DUTY_AWAY;
		if (rc == 0 || rc == RECORD_DAMAGED)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}
