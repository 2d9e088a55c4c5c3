/*
 * MSG_PAGE_SET: a visitor has gone to another page.
 */
#include "proto/base/clock.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/pages.h"
#include "storaged/inbox/inbox.h"

int
handle_page_set(struct txn *t, struct call *c)
{
	const struct msg_page_set *m = &c->m->page_set;
	const struct id none = {{0}};
	struct msg_conversation_record conversation;
	bool fresh, changed = false;
	int rc = conversation_of_session(
	    t, &m->org, &m->widget, m->session, &none, &conversation, &fresh);

	if (rc == 0 && !fresh)
		rc = page_put(t, &conversation.id, m->page, clock_wall_ms(), &changed);
	if (rc == 0 && changed)
		rc = change_add_conversation(t, &m->org, &conversation.id, CHANGE_CHANGED);
	if (rc == 0)
		call_ok(c);
	return rc;
}
