/*
 * MSG_CONTEXT_SET: what the site says about the visitor has changed.
 */
#include "storaged/changes/changes.h"
#include "storaged/conversations/conversations.h"
#include "storaged/inbox/inbox.h"

int
handle_context_set(struct txn *t, struct call *c)
{
	const struct msg_context_set *m = &c->m->context_set;
	const struct id none = {{0}};
	struct msg_conversation_record conversation;
	bool fresh;
	int rc = conversation_of_session(
	    t, &m->org, &m->widget, m->session, &none, &conversation, &fresh);

	if (rc == 0 && !fresh && !slice_eq(conversation.context, m->context))
		rc = conversation_set_context(t, &conversation, m->context);
	if (rc == 0)
		call_ok(c);
	return rc;
}
