/*
 * The change feed: each row has the number of its key, and names what readers know. What it is about may be
 * gone by now.
 */
#include "storaged/verify/verify_internal.h"

#include <stdio.h>

static int
verify_change(struct checker *c, struct slice key, struct slice value, void *arg)
{
	const unsigned long long seq = change_seq(key);
	struct msg_change_record row;
	char name[64];

	(void)arg;
	(void)snprintf(name, sizeof(name), "change %llu", seq);
	if (!verify_record(
		c, TABLE_CHANGES, name, value, MSG_CHANGE_RECORD, RECORD_VERSION, &row))
		return 0;
	if (row.seq != seq)
		verify_found(c, TABLE_CHANGES, "%s has the number %llu", name,
		    (unsigned long long)row.seq);
	if (row.kind >= CHANGE_KINDS || row.what >= CHANGE_WHATS)
		verify_found(c, TABLE_CHANGES, "%s is of an unknown kind", name);
	return 0;
}

int
verify_changes(struct checker *c)
{
	return verify_table(c, TABLE_CHANGES, verify_change, NULL);
}
