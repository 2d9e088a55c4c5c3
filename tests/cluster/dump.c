/*
 * Prints every entry of a store's file, or of a backup: table, key and SHA-256 of the value, so that the
 * contents of two machines can be compared. Independent of storaged: it knows LMDB, and no tables.
 */
#include <lmdb.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#define TABLES_MAX 256

static void
check(int r, const char *what)
{
	if (r == MDB_SUCCESS)
		return;
	fprintf(stderr, "%s: %s\n", what, mdb_strerror(r));
	exit(EXIT_FAILURE);
}

static void
print_hex(const void *bytes, size_t n)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < n; i++)
		printf("%02x", at[i]);
}

static void
print_table(MDB_txn *txn, const MDB_val *name)
{
	char text[64];
	unsigned char hash[SHA256_DIGEST_LENGTH];
	MDB_cursor *cursor;
	MDB_val key, value;
	MDB_dbi dbi;
	int r;

	snprintf(text, sizeof(text), "%.*s", (int)name->mv_size, (const char *)name->mv_data);
	check(mdb_dbi_open(txn, text, 0, &dbi), text);
	check(mdb_cursor_open(txn, dbi, &cursor), text);
	while ((r = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == MDB_SUCCESS) {
		printf("%s ", text);
		print_hex(key.mv_data, key.mv_size);
		SHA256(value.mv_data, value.mv_size, hash);
		printf(" ");
		print_hex(hash, sizeof(hash));
		printf("\n");
	}
	if (r != MDB_NOTFOUND)
		check(r, text);
	mdb_cursor_close(cursor);
}

int
main(int argc, char **argv)
{
	MDB_cursor *cursor;
	MDB_val name, value;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi names;
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FILE\n", argv[0]);
		return EXIT_FAILURE;
	}
	check(mdb_env_create(&env), "mdb_env_create");
	check(mdb_env_set_maxdbs(env, TABLES_MAX), "mdb_env_set_maxdbs");
	check(mdb_env_open(env, argv[1], MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0), argv[1]);
	check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "mdb_txn_begin");
	check(mdb_dbi_open(txn, NULL, 0, &names), "the names of the tables");
	check(mdb_cursor_open(txn, names, &cursor), "the names of the tables");
	while ((r = mdb_cursor_get(cursor, &name, &value, MDB_NEXT)) == MDB_SUCCESS)
		print_table(txn, &name);
	if (r != MDB_NOTFOUND)
		check(r, "the names of the tables");
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	return EXIT_SUCCESS;
}
