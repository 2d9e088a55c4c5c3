/*
 * Organizations: lookup, lists, import.
 */
#include "storaged/records/organizations.h"

#include "storaged/changes/changes.h"
#include "storaged/request/listing.h"

const char organization_missing[] = "no such organization";

int
organization_find(struct txn *t, const struct id *org, struct msg_org_record *record)
{
	struct key key = key_id(org);

	return txn_get_record(t, TABLE_ORGS, &key, record);
}

/* As organization_find(), but refuses (NOT_FOUND) a request if the organization does not exist. */
static int
organization_load(
    struct txn *t, struct call *c, const struct id *org, struct msg_org_record *record)
{
	int rc = organization_find(t, org, record);

	return rc == MDB_NOTFOUND ? call_refuse(c, STORE_NOT_FOUND, organization_missing) : rc;
}

int
organization_check(struct txn *t, struct call *c, const struct id *org)
{
	struct msg_org_record record;

	return organization_load(t, c, org, &record);
}

int
handle_org_list(struct txn *t, struct call *c)
{
	const struct id *after = &c->m->org_list.after;
	struct listing l = {.table = TABLE_ORGS};

	if (!id_is_zero(after))
		l.after = key_id(after);
	return listing_answer(t, c, &l, MSG_ORG_PAGE);
}

int
handle_org_get(struct txn *t, struct call *c)
{
	struct key key = key_id(&c->m->org_get.org);
	struct slice record;
	int rc = txn_get(t, TABLE_ORGS, &key, &record);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, organization_missing);
	if (rc == 0)
		call_answer(c, MSG_ORG, &(struct msg_org){.org = record});
	return rc;
}

/* Stores the prices, unless they are those that are stored: a repeated request changes nothing. */
static int
organization_put_prices(
    struct txn *t, const struct key *key, struct msg_org_record *r, struct slice prices)
{
	const struct id org = r->id;
	int rc;

	if (slice_eq(r->prices, prices))
		return 0;
	r->prices = prices;
	rc = txn_put_record(t, TABLE_ORGS, key, r);
	return rc != 0 ? rc : change_add(t, &org, CHANGE_PRICES, &org, NULL, CHANGE_CHANGED);
}

int
handle_prices_put(struct txn *t, struct call *c)
{
	const struct msg_prices_put *m = &c->m->prices_put;
	struct key key = key_id(&m->org);
	struct msg_org_record r;
	int rc = organization_load(t, c, &m->org, &r);

	if (rc == 0)
		rc = organization_put_prices(t, &key, &r, m->prices);
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* As organization_put_prices(). */
static int
organization_put_hours(
    struct txn *t, const struct key *key, struct msg_org_record *r, struct slice hours)
{
	const struct id org = r->id;
	int rc;

	if (slice_eq(r->hours, hours))
		return 0;
	r->hours = hours;
	rc = txn_put_record(t, TABLE_ORGS, key, r);
	return rc != 0 ? rc : change_add(t, &org, CHANGE_HOURS, &org, NULL, CHANGE_CHANGED);
}

int
handle_hours_put(struct txn *t, struct call *c)
{
	const struct msg_hours_put *m = &c->m->hours_put;
	struct key key = key_id(&m->org);
	struct msg_org_record r;
	int rc = organization_load(t, c, &m->org, &r);

	if (rc == 0)
		rc = organization_put_hours(t, &key, &r, m->hours);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
handle_rights_put(struct txn *t, struct call *c)
{
	const struct msg_rights_put *m = &c->m->rights_put;
	struct key key = key_id(&m->org);
	struct msg_org_record r;
	int rc = organization_load(t, c, &m->org, &r);

	if (rc != 0)
		return rc;
	r.member_rights = (r.member_rights & ~m->which) | (m->granted & m->which);
	rc = txn_put_record(t, TABLE_ORGS, &key, &r);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
organization_import(struct txn *t, struct call *c, const struct msg_org_record *record)
{
	struct key key = key_id(&record->id);
	int rc;

	if (record->v != RECORD_VERSION || id_is_zero(&record->id) ||
	    id_is_zero(&record->widget))
		return call_refuse(
		    c, STORE_INVALID, "an organization needs an id and a widget");
	rc = txn_put_record(t, TABLE_ORGS, &key, record);
	if (rc == 0)
		call_ok(c);
	return rc;
}
