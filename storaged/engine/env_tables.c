/*
 * lmdb.h is the reference for the rules on tables (mdb_dbi_open()).
 */
#include "storaged/engine/env_tables.h"

#include <stdio.h>
#include <string.h>

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

static int
env_tables_log_place_in(MDB_txn *txn, bool remove, bool *had)
{
	struct key key = key_meta(META_LOG);
	struct slice name = key_slice(&key);
	uint8_t bytes[sizeof(META_LOG)];
	MDB_val k = {.mv_size = name.len, .mv_data = bytes}, v;
	MDB_dbi meta;
	int rc = mdb_dbi_open(txn, table_name(TABLE_META), 0, &meta);

	if (rc != 0)
		return rc;
	memcpy(bytes, name.p, name.len < sizeof(bytes) ? name.len : sizeof(bytes));
	rc = mdb_get(txn, meta, &k, &v);
	*had = rc == 0;
	if (rc == 0 && remove)
		rc = mdb_del(txn, meta, &k, NULL);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
env_tables_log_place(const char *path, bool remove, bool *had)
{
	MDB_env *mdb;
	MDB_txn *txn = NULL;
	int rc = mdb_env_create(&mdb);

	*had = false;
	if (rc != 0)
		return rc;
	rc = mdb_env_set_maxdbs(mdb, 1);
	if (rc == 0)
		rc = mdb_env_open(mdb, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600);
	if (rc == 0)
		rc = mdb_txn_begin(mdb, NULL, 0, &txn);
	if (rc == 0)
		rc = env_tables_log_place_in(txn, remove, had);
	if (rc == 0)
		rc = mdb_txn_commit(txn);
	else
		mdb_txn_abort(txn);
	mdb_env_close(mdb);
	return rc;
}
