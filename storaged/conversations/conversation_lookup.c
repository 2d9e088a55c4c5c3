/*
 * MSG_CONVERSATION_LOOKUP: conversations by their ids, such as those of search results.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/faces.h"

/* Adds a conversation, unless it does not exist, is damaged, or is another organization's. */
static int
conversation_lookup_add(struct txn *t, const struct id *org, const struct id *id)
{
	struct msg_conversation_record r;
	struct key key = key_id(id);
	struct slice record;
	int rc = txn_get(t, TABLE_CONVERSATIONS, &key, &record);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	if (record_read(record, TABLE_CONVERSATIONS, &r) != 0 || !id_equal(&r.org, org))
		return 0;
	/* A full list ends early: callers accept that some conversations are missing. */
	if (wire_list_add(&t->env->list, record) != 0)
		return 0;
	return face_list(t, &r);
}

int
handle_conversation_lookup(struct txn *t, struct call *c)
{
	const struct msg_conversation_lookup *m = &c->m->conversation_lookup;
	int rc = 0;

	buf_reset(&t->env->list);
	buf_reset(&t->env->faces);
	for (size_t at = 0; rc == 0 && at + sizeof(struct id) <= m->ids.len;
	     at += sizeof(struct id)) {
		struct id id;

		memcpy(id.b, m->ids.p + at, sizeof(id.b));
		rc = conversation_lookup_add(t, &m->org, &id);
	}
	if (rc == 0)
		call_answer(c, MSG_CONVERSATION_PAGE,
		    &(struct msg_conversation_page){
			.conversations = buf_slice(&t->env->list),
			.faces = buf_slice(&t->env->faces),
		    });
	return rc;
}
