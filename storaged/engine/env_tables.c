/*
 * lmdb.h is the reference for the rules on tables (mdb_dbi_open()).
 */
#include "storaged/engine/env_tables.h"

#include <stdio.h>

#include "storaged/engine/checksum.h"

int
env_tables_open(struct txn *t, bool make)
{
	for (enum table i = 0; i < TABLES; i++) {
		int rc =
		    mdb_dbi_open(t->mdb, table_name(i), make ? MDB_CREATE : 0, &t->env->dbi[i]);

		if (rc != 0)
			return rc;
	}
	return 0;
}

/*
 * The version is a decimal number, so that mdb_dump(1) shows it to a person. In schema 1 it has no checksum.
 * The checksum is not compared, because a later schema may have another one.
 */
int
env_tables_version(struct txn *t, uint64_t *version)
{
	struct key key = key_meta(META_VERSION);
	struct slice text;
	int rc;

	*version = 0;
	rc = txn_get_raw(t, TABLE_META, &key, &text);
	if (rc != 0)
		return rc;
	if (text.len > CHECKSUM_LEN)
		text.len -= CHECKSUM_LEN;
	if (text.len == 0 || text.len > 9)
		return MDB_INCOMPATIBLE;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return MDB_INCOMPATIBLE;
		*version = *version * 10 + (uint64_t)(text.p[i] - '0');
	}
	return 0;
}

int
env_tables_set_version(struct txn *t, unsigned version)
{
	struct key key = key_meta(META_VERSION);
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", version);

	return txn_put(t, TABLE_META, &key, (struct slice){(const uint8_t *)text, (size_t)n});
}
