/*
 * The number of the newest row is what the answer waits for.
 */
#include "storaged/changes/change_answer.h"

#include "storaged/changes/changes.h"

int
change_answer(struct txn *t, struct call *c, enum msg_type type, const void *answer)
{
	uint64_t newest;
	int rc = changes_newest(t, &newest);

	if (rc == 0)
		call_answer_indexed(c, newest, type, answer);
	return rc;
}
