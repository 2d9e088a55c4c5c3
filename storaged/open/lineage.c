/*
 * The name is a random number, and never changes.
 */
#include "storaged/open/lineage.h"

#include "proto/base/log.h"

#define LINEAGE "9c41d7e0b25a4f83"

/* Entries of a table that are read: a store of another numbering has no valid record in some table. */
#define SAMPLE 1000u

int
lineage_read(struct txn *t, enum lineage *lineage)
{
	struct key key = key_meta(META_LINEAGE);
	struct slice name;
	int rc = txn_get(t, TABLE_META, &key, &name);

	*lineage = LINEAGE_NONE;
	if (rc == 0)
		*lineage = slice_eq_str(name, LINEAGE) ? LINEAGE_OURS : LINEAGE_OTHER;
	/* A damaged name does not make it another store. */
	return txn_survives(rc) ? 0 : rc;
}

int
lineage_write(struct txn *t)
{
	struct key key = key_meta(META_LINEAGE);

	return txn_put(t, TABLE_META, &key, slice_str(LINEAGE));
}

bool
lineage_knows_record(enum table table, struct slice value)
{
	const enum msg_type type = table_record(table);
	union msg record;

	/* The last fields of a row of numbers may be missing in every version. */
	return type == 0 || table == TABLE_NUMBERS ||
	    record_decode(value, type, &record) == WIRE_OK;
}

static int
lineage_check_table(struct txn *t, enum table table)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, table, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	for (unsigned n = 0; rc == 0 && n < SAMPLE; n++) {
		if (!w.damaged && !lineage_knows_record(table, w.value)) {
			log_event(LOG_ERROR, "store_foreign", L_STR("table", table_name(table)),
			    L_STR("help",
				"a version of banter that was never released wrote this "
				"store: export it with that version, and import the file"));
			rc = MDB_INCOMPATIBLE;
			break;
		}
		rc = walk_next(&w);
	}
	walk_close(&w);
	return txn_survives(rc) || env_is_page_damage(rc) ? 0 : rc;
}

int
lineage_check_records(struct txn *t)
{
	int rc = 0;

	for (enum table i = 0; i < TABLES && rc == 0; i++)
		rc = lineage_check_table(t, i);
	return rc;
}
