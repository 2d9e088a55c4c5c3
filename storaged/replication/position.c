/*
 * The entry of meta: seq (8 bytes, big-endian) and digest.
 */
#include "storaged/replication/position.h"

#include <endian.h>
#include <string.h>

#include "proto/base/log.h"

#define ENTRY_LEN (sizeof(uint64_t) + sizeof(struct hash256))

int
position_read(struct txn *t, struct position *at)
{
	struct key key = key_meta(META_LOG);
	struct slice value;
	uint64_t seq;
	int rc = txn_get(t, TABLE_META, &key, &value);

	*at = (struct position){0};
	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	if (value.len != ENTRY_LEN)
		return RECORD_DAMAGED;
	memcpy(&seq, value.p, sizeof(seq));
	at->seq = be64toh(seq);
	memcpy(&at->digest, value.p + sizeof(seq), sizeof(at->digest));
	return 0;
}

int
position_write(struct txn *t, const struct position *at)
{
	struct key key = key_meta(META_LOG);
	uint64_t seq = htobe64(at->seq);
	uint8_t value[ENTRY_LEN];

	memcpy(mempcpy(value, &seq, sizeof(seq)), &at->digest, sizeof(at->digest));
	return txn_put_unlogged(t, TABLE_META, &key, (struct slice){value, sizeof(value)});
}

bool
position_is_none(const struct position *at)
{
	return at->seq == 0 && hash_is_zero(&at->digest);
}

int
position_load(struct env *env, struct position *at)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return rc;
	rc = position_read(&t, at);
	txn_abort(&t);
	return rc;
}

static int
position_delete(struct env *env)
{
	struct key key = key_meta(META_LOG);
	struct txn t;
	int rc = txn_begin(&t, env, TXN_DELETE);

	if (rc != 0)
		return rc;
	rc = txn_del(&t, TABLE_META, &key);
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

int
position_remove(struct env *env)
{
	struct position at;
	int rc = position_load(env, &at);

	if (env->damage != NULL)
		return 0; /* it is read-only */
	if (rc != 0 || position_is_none(&at))
		return rc;
	rc = position_delete(env);
	if (rc == 0)
		log_event(LOG_NOTICE, "log_left", L_UINT("seq", at.seq),
		    L_STR("help",
			"STORE_LOG is not set: to take part in the log again, this machine "
			"needs a backup of the owner"));
	return rc;
}
