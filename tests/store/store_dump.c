/*
 * Prints every entry of a store, also one that is in use, in the order of its tables and keys: the table, the key
 * and the value in hex. So that two stores can be compared key by key.
 *
 *	store-dump DIR
 */
#include <err.h>
#include <stdio.h>

#include "storaged/cli/store/snapshot.h"

static void
print_hex(struct slice bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.len; i++) {
		putchar_unlocked(digits[bytes.p[i] >> 4]);
		putchar_unlocked(digits[bytes.p[i] & 15]);
	}
}

static int
print_table(struct txn *t, enum table table)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, table, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	for (; rc == 0; rc = walk_next(&w)) {
		if (w.damaged)
			rc = RECORD_DAMAGED;
		printf("%s ", table_name(table));
		print_hex(w.key);
		putchar_unlocked(' ');
		print_hex(w.value);
		putchar_unlocked('\n');
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
main(int argc, char **argv)
{
	struct snapshot snapshot;
	struct txn t;
	int status, rc;

	if (argc != 2)
		errx(64, "usage: store-dump DIR");
	status = snapshot_open(&snapshot, argv[1]);
	if (status == 0) {
		rc = txn_begin(&t, &snapshot.env, TXN_READ);
		for (unsigned i = 0; i < TABLES && rc == 0; i++)
			rc = print_table(&t, (enum table)i);
		txn_abort(&t);
		if (rc != 0)
			status = snapshot_fail(argv[1], rc);
	}
	snapshot_close(&snapshot);
	return status;
}
