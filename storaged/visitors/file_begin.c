#include "storaged/visitors/file_begin.h"

#include "proto/ipc/room_id.h"
#include "storaged/files/files.h"
#include "storaged/identities/blocks.h"
#include "storaged/records/organizations.h"
#include "storaged/visitors/visitors.h"

/* Refuses a visitor whose token is invalid, or is not that of the session. */
static int
file_begin_check_visitor(struct txn *t, struct call *c)
{
	const struct msg_file_begin *m = &c->m->file_begin;
	struct visitor_claim claim = {
	    .token = m->visitor, .org = m->org, .widget = m->widget, .vouched = m->vouched};
	struct msg_visitor_record visitor;
	struct msg_widget_record widget;
	struct visitor_session session;
	int rc;

	if (!visitor_of_session(m->session, &claim.visitor))
		claim.vouched = 0;
	rc = visitor_find(t, &claim, &visitor, &widget);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_GONE, visitor_gone);
	if (rc != 0)
		return rc;
	session = visitor_session(&visitor.id);
	if (!id_equal(&m->org, &visitor.org) || !id_equal(&m->widget, &visitor.widget) ||
	    !slice_eq_str(m->session, session.s))
		return call_refuse(c, STORE_INVALID, "the session is not the visitor's");
	return 0;
}

int
handle_file_begin(struct txn *t, struct call *c)
{
	const struct msg_file_begin *m = &c->m->file_begin;
	struct msg_org_record org;
	struct id owner = m->org;
	int rc = organization_find(t, &m->org, &org);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_INVALID, organization_missing);
	if (rc == 0 && !hash_is_zero(&m->visitor))
		rc = file_begin_check_visitor(t, c);
	if (rc == 0 && m->session.len > 0)
		rc = blocks_refuse(t, c,
		    &(struct block_query){
			.org = m->org, .session = m->session, .network = m->sender});
	if (rc != 0)
		return rc;
	if (m->session.len > 0)
		owner = room_id_of_session(&m->org, &m->widget, m->session);
	return file_begin(t, c, &owner);
}
