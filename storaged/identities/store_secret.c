/*
 * The secret's row in meta.
 */
#include "storaged/identities/store_secret.h"

#include "proto/base/basics.h"
#include "proto/base/secrets.h"

int
store_secret_read(struct txn *t, struct hash256 *secret)
{
	struct key key = key_meta(META_LOGIN_SECRET);
	struct slice stored;
	int rc = txn_get(t, TABLE_META, &key, &stored);

	if (txn_survives(rc) || (rc == 0 && stored.len != sizeof(secret->b)))
		return MDB_NOTFOUND;
	if (rc == 0)
		must(slice_copy(stored, secret->b, sizeof(secret->b)));
	return rc;
}

int
store_secret_make(struct txn *t, struct hash256 *secret)
{
	struct key key = key_meta(META_LOGIN_SECRET);

	secret_random(secret->b, sizeof(secret->b));
	return txn_put(t, TABLE_META, &key, (struct slice){secret->b, sizeof(secret->b)});
}
