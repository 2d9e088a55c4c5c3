/*
 * The change feed: each entry's key is the number of its last row, rows are in order, and each names what readers
 * know. What it is about may be gone by now.
 */
#include "storaged/verify/verify_internal.h"

#include <stdio.h>

/* What the walk has seen. */
struct feed {
	uint64_t last, total; /* number of the last row; rows up to it, 0: unknown */
};

struct entry_name {
	char s[64];
};

static struct entry_name
verify_changes_name(uint64_t seq)
{
	struct entry_name name;

	(void)snprintf(name.s, sizeof(name.s), "changes up to %llu", (unsigned long long)seq);
	return name;
}

/* Returns the number of rows. */
static uint64_t
verify_changes_rows(
    struct checker *c, const char *name, const struct msg_changes_record *entry, uint64_t *last)
{
	struct slice rows = entry->rows, bytes;
	struct msg_change_record row;
	uint64_t n = 0;

	for (; rows.len > 0; n++) {
		if (!wire_list_next(&rows, &bytes) ||
		    record_decode(bytes, MSG_CHANGE_RECORD, &row) != WIRE_OK) {
			verify_found(c, TABLE_CHANGES, "%s: a row does not decode", name);
			return n;
		}
		if (row.seq <= *last)
			verify_found(c, TABLE_CHANGES, "%s: row %llu is not in order", name,
			    (unsigned long long)row.seq);
		if (row.kind >= CHANGE_KINDS || row.what >= CHANGE_WHATS)
			verify_found(c, TABLE_CHANGES, "%s: row %llu is of an unknown kind",
			    name, (unsigned long long)row.seq);
		*last = row.seq;
	}
	return n;
}

/* arg: struct feed. */
static int
verify_changes_entry(struct checker *c, struct slice key, struct slice value, void *arg)
{
	const uint64_t seq = change_seq(key);
	const struct entry_name name = verify_changes_name(seq);
	struct msg_changes_record entry;
	struct feed *feed = arg;
	uint64_t n;

	if (!verify_record(c, TABLE_CHANGES, name.s, value, &entry)) {
		*feed = (struct feed){.last = seq};
		return 0;
	}
	n = verify_changes_rows(c, name.s, &entry, &feed->last);
	if (feed->last != seq)
		verify_found(c, TABLE_CHANGES, "%s: the last row has another number", name.s);
	if (feed->total != 0 && entry.total != feed->total + n)
		verify_found(c, TABLE_CHANGES, "%s: counts %llu rows, not %llu", name.s,
		    (unsigned long long)entry.total, (unsigned long long)feed->total + n);
	*feed = (struct feed){.last = seq, .total = entry.total};
	return 0;
}

int
verify_changes(struct checker *c)
{
	struct feed feed = {0};

	return verify_table(c, TABLE_CHANGES, verify_changes_entry, &feed);
}
