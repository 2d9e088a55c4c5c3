/*
 * The callback for LMDB's assertions must not return: LMDB would end the process. A signal's handler
 * leaves the same way; SA_NODEFER because longjmp() does not restore the signal mask.
 */
#include "storaged/engine/safe_read.h"

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

/* Distance of the bytes of a value that are read to find out whether all can be: less than any
 * page. */
#define TOUCH_BYTES 4096

static jmp_buf way_out;
static volatile sig_atomic_t looking;

static void
safe_read_leave(void)
{
	if (!looking)
		return;
	looking = false;
	longjmp(way_out, 1);
}

static void
safe_read_on_assert(MDB_env *mdb, const char *what)
{
	(void)mdb;
	safe_read_leave();
	log_event(LOG_ERROR, "store_damaged", L_STR("error", what),
	    L_STR("help", "run banter verify, and restore a backup"));
}

/* Outside of lookups the process ends by the same signal, when the instruction is repeated. */
static void
safe_read_on_signal(int signal_number)
{
	safe_read_leave();
	log_event(LOG_ERROR, "store_crashed", L_STR("signal", sigabbrev_np(signal_number)),
	    L_STR("help",
		"the store or its disk may be damaged, or the disk full: run banter verify"));
	(void)signal(signal_number, SIG_DFL);
}

int
safe_read_init(MDB_env *mdb)
{
	const struct sigaction act = {
	    .sa_handler = safe_read_on_signal, .sa_flags = SA_NODEFER};

	must(sigaction(SIGBUS, &act, NULL) == 0);
	must(sigaction(SIGSEGV, &act, NULL) == 0);
	return mdb_env_set_assert(mdb, safe_read_on_assert);
}

/* Reads from each page of what was found: the caller must be able to. */
static void
safe_read_touch(const MDB_val *found)
{
	const volatile uint8_t *bytes = found->mv_data;

	for (size_t at = 0; at < found->mv_size; at += TOUCH_BYTES)
		(void)bytes[at];
	if (found->mv_size > 0)
		(void)bytes[found->mv_size - 1];
}

int
safe_read_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *k, MDB_val *v)
{
	int rc;

	if (setjmp(way_out) != 0)
		return MDB_CORRUPTED;
	looking = true;
	rc = mdb_get(txn, dbi, k, v);
	if (rc == 0)
		safe_read_touch(v);
	looking = false;
	return rc;
}

int
safe_read_move(MDB_cursor *cursor, MDB_val *k, MDB_val *v, MDB_cursor_op op)
{
	int rc;

	if (setjmp(way_out) != 0)
		return MDB_CORRUPTED;
	looking = true;
	rc = mdb_cursor_get(cursor, k, v, op);
	if (rc == 0) {
		safe_read_touch(k);
		safe_read_touch(v);
	}
	looking = false;
	return rc;
}
