/*
 * Storing and removing gaps.
 */
#include "storaged/content/gaps.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/changes/changes.h"
#include "storaged/identities/indexes.h"

/* About one in so many new gaps looks whether there are too many: counting takes milliseconds. */
#define TRIM_EACH 64u

/* The most gaps that are removed at once. */
#define TRIM_MAX 256u

int
gap_store(struct txn *t, const struct msg_gap_record *r)
{
	struct key key = key_of_org(&r->org, &r->id);

	return index_put_record(t, TABLE_GAPS, &key, NULL, r);
}

int
gap_remove(
    struct txn *t, const struct id *org, const struct id *conversation, const struct id *gap)
{
	struct key key = key_of_org(org, gap), entry = key_conversation_gap(conversation, gap);
	int rc = txn_del(t, TABLE_GAPS, &key);

	return rc != 0 ? rc : txn_del(t, TABLE_GAPS_BY_CONVERSATION, &entry);
}

static int
gap_find(struct txn *t, const struct id *org, const struct id *gap, struct msg_gap_record *r)
{
	struct key key = key_of_org(org, gap);

	return txn_get_record(t, TABLE_GAPS, &key, r);
}

/* The oldest gaps of an organization that are too many. */
static int
gaps_find_surplus(
    struct txn *t, const struct id *org, struct msg_gap_record of[TRIM_MAX], size_t *n)
{
	struct key front = key_id(org);
	size_t gaps = 0;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_GAPS, &front);

	*n = 0;
	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0; rc = walk_next(&w)) {
		/* The slices of these records are not used. */
		if (gaps < TRIM_MAX && record_read(w.value, TABLE_GAPS, &of[gaps]) != 0)
			continue;
		gaps++;
	}
	walk_close(&w);
	if (gaps > GAPS_OF_ORG_MAX)
		*n = gaps - GAPS_OF_ORG_MAX < TRIM_MAX ? gaps - GAPS_OF_ORG_MAX : TRIM_MAX;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
gaps_trim(struct txn *t, const struct id *org)
{
	struct msg_gap_record surplus[TRIM_MAX];
	size_t n;
	int rc = gaps_find_surplus(t, org, surplus, &n);

	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = gap_remove(t, org, &surplus[i].conversation, &surplus[i].id);
		if (rc == 0)
			rc = change_add(
			    t, org, CHANGE_GAP, &surplus[i].id, NULL, CHANGE_DELETED);
	}
	return rc;
}

int
gap_add(struct txn *t, const struct msg_gap_record *r)
{
	struct msg_gap_record stored;
	int rc = gap_find(t, &r->org, &r->id, &stored);

	if (rc == 0 && stored.state != GAP_OPEN)
		return 0;
	if (rc != 0 && !txn_survives(rc))
		return rc;
	rc = gap_store(t, r);
	if (rc == 0)
		rc = change_add(t, &r->org, CHANGE_GAP, &r->id, NULL, CHANGE_CREATED);
	/* The last bits of an id are random (RFC 9562). */
	if (rc == 0 && r->id.b[sizeof(r->id.b) - 1] % TRIM_EACH == 0)
		rc = gaps_trim(t, &r->org);
	return rc;
}

int
gap_drop_open(struct txn *t, const struct id *org, const struct id *turn)
{
	struct msg_gap_record r;
	int rc = gap_find(t, org, turn, &r);

	if (rc != 0 || r.state != GAP_OPEN)
		return txn_survives(rc) ? 0 : rc;
	rc = gap_remove(t, org, &r.conversation, turn);
	return rc != 0 ? rc : change_add(t, org, CHANGE_GAP, turn, NULL, CHANGE_DELETED);
}

/* The first gap of a conversation; a damaged entry has no organization. */
static int
gaps_first_of(struct txn *t, const struct id *conversation, struct id *org, struct id *gap)
{
	struct key front = key_id(conversation);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_GAPS_BY_CONVERSATION, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	if (rc == 0) {
		*org = (struct id){0};
		*gap = key_back(w.key);
		if (key_fits(TABLE_GAPS, w.value))
			org_key_parts(w.value, org, gap);
	}
	walk_close(&w);
	return rc;
}

int
gaps_erase(struct txn *t, const struct id *conversation)
{
	struct id org, gap;
	int rc;

	while ((rc = gaps_first_of(t, conversation, &org, &gap)) == 0) {
		rc = gap_remove(t, &org, conversation, &gap);
		if (rc == 0 && !id_is_zero(&org))
			rc = change_add(t, &org, CHANGE_GAP, &gap, NULL, CHANGE_DELETED);
		if (rc != 0)
			break;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}
