/*
 * Organizations: lookup, lists, import.
 */
#include "storaged/records/organizations.h"

#include "storaged/request/listing.h"

const char organization_missing[] = "no such organization";

int
organization_find(struct txn *t, const struct id *org, struct msg_org_record *record)
{
	struct key key = key_id(org);

	return txn_get_record(t, TABLE_ORGS, &key, MSG_ORG_RECORD, record);
}

int
organization_check(struct txn *t, struct call *c, const struct id *org)
{
	struct msg_org_record record;
	int rc = organization_find(t, org, &record);

	return rc == MDB_NOTFOUND ? call_refuse(c, STORE_NOT_FOUND, organization_missing) : rc;
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

int
organization_import(struct txn *t, struct call *c, const struct msg_org_record *record)
{
	struct key key = key_id(&record->id);
	int rc;

	if (record->v != RECORD_VERSION || id_is_zero(&record->id) ||
	    id_is_zero(&record->widget))
		return call_refuse(
		    c, STORE_INVALID, "an organization needs an id and a widget");
	rc = txn_put_record(t, TABLE_ORGS, &key, MSG_ORG_RECORD, record);
	if (rc == 0)
		call_ok(c);
	return rc;
}
