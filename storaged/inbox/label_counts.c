/*
 * MSG_LABEL_COUNT_LIST: all counts of an organization. There are at most some thousand: of its tags, users,
 * widgets and states.
 */
#include "proto/base/basics.h"
#include "storaged/conversations/labels.h"
#include "storaged/conversations/mentions.h"
#include "storaged/engine/totals.h"
#include "storaged/inbox/inbox.h"

/* Adds the counts to the list; what does not fit, or is damaged, is left out. */
static int
label_counts_add(struct txn *t, const struct id *org)
{
	struct key front = key_id(org);
	struct msg_label_count_record r;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_LABEL_COUNTS, &front);

	buf_reset(&t->env->list);
	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0 && buf_len(&t->env->list) < PAGE_BYTES; rc = walk_next(&w))
		if (record_read(w.value, TABLE_LABEL_COUNTS, &r) == 0)
			must(wire_list_add(&t->env->list, w.value) == 0);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_label_count_list(struct txn *t, struct call *c)
{
	const struct id *org = &c->m->label_count_list.org,
			*user = &c->m->label_count_list.user;
	struct msg_totals_record totals;
	uint32_t mentions = 0;
	int rc = totals_get(t, org, &totals);

	/* The table must show what this transaction has counted. */
	if (rc == 0)
		rc = labels_write(t);
	if (rc == 0)
		rc = label_counts_add(t, org);
	if (rc == 0 && !id_is_zero(user))
		rc = mentions_count_unread(t, org, user, &mentions);
	if (rc == 0)
		call_answer(c, MSG_LABEL_COUNTS,
		    &(struct msg_label_counts){.counts = buf_slice(&t->env->list),
			.total = totals.conversations,
			.mentions = mentions});
	return rc;
}
