/*
 * The probe of an environment that refuses writes. It shows that there is some room, not how much.
 */
#include "storaged/engine/env_probe.h"

#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/engine/txn.h"

/* A probe writes this many values of one page each. One large value would need contiguous pages. */
#define PROBE_PAGES 16
#define PROBE_PAGE  4000

/* Writes the probe's keys, or removes them again. */
static int
env_probe_write_keys(struct txn *t, bool there)
{
	static const uint8_t page[PROBE_PAGE];
	char name[24];
	int rc = 0;

	for (int i = 0; i < PROBE_PAGES && rc == 0; i++) {
		struct key key;

		snprintf(name, sizeof(name), META_PROBE "%d", i);
		key = key_meta(name);
		rc = there ? txn_put(t, TABLE_META, &key, (struct slice){page, sizeof(page)})
			   : txn_del(t, TABLE_META, &key);
	}
	return rc;
}

static int
env_probe_run(struct env *env, bool there)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_WRITE);

	if (rc != 0)
		return rc;
	rc = env_probe_write_keys(&t, there);
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

/*
 * Freed pages can be reused from the second commit after theirs (mdb.c, mdb_find_oldest()), and on
 * a full map no commit succeeds. Without this small commit, which may use the reserve, the room
 * that a deletion made would be found only at the next deletion.
 */
static int
env_probe_expose_freed_pages(struct env *env)
{
	struct key key = key_meta(META_PROBE "0");
	struct txn t;
	int rc = txn_begin(&t, env, TXN_DELETE);

	if (rc != 0)
		return rc;
	rc = txn_put(&t, TABLE_META, &key, (struct slice){0});
	if (rc == 0)
		rc = txn_del(&t, TABLE_META, &key);
	if (rc != 0) {
		txn_abort(&t);
		return rc;
	}
	rc = txn_commit(&t);
	env->freed_pages_hidden = rc != 0;
	return rc;
}

void
env_probe(struct env *env)
{
	if (env->writable || env->damage != NULL)
		return;
	/* If it fails, the disk is full or worse: the next probe tries again. */
	if (env->freed_pages_hidden && env_probe_expose_freed_pages(env) != 0)
		return;
	if (env->probes_passed++ < env->probes_ignored)
		return;
	if (env_probe_run(env, true) != 0 || env_probe_run(env, false) != 0)
		return;
	env->writable = true;
	env->writable_at = clock_mono_ms();
	log_event(LOG_NOTICE, "store_writable");
}
