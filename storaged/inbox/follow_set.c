/*
 * MSG_FOLLOW_SET.
 */
#include "storaged/conversations/reads.h"
#include "storaged/inbox/inbox.h"

int
handle_follow_set(struct txn *t, struct call *c)
{
	const struct msg_follow_set *m = &c->m->follow_set;
	struct msg_conversation_record conversation;
	int rc = inbox_find(t, c, &m->org, &m->conversation, &conversation);

	if (rc == 0)
		rc = read_follow(t, &m->conversation, &m->reader, m->following != 0);
	if (rc == 0)
		call_ok(c);
	return rc;
}
