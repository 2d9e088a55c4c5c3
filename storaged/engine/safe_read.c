/*
 * The callback for LMDB's assertions must not return: LMDB would end the process. A signal's handler
 * leaves the same way; SA_NODEFER because longjmp() does not restore the signal mask.
 */
#include "storaged/engine/safe_read.h"

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/process/file_map.h"

/* Distance of the bytes of a value that are read to find out whether all can be: less than any
 * page. */
#define TOUCH_BYTES 4096

/* Where the environments are mapped. Read by the signals' handler: a process has one thread. */
static struct {
	MDB_env *mdb; /* NULL: unused */
	uintptr_t start;
	size_t size;
} maps[SAFE_READ_MAPS];

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

/* Whether bytes are in a map. */
static bool
safe_read_is_mapped(const void *at, size_t n)
{
	for (size_t i = 0; i < SAFE_READ_MAPS; i++) {
		const uintptr_t offset = (uintptr_t)at - maps[i].start;

		if (maps[i].mdb != NULL && offset < maps[i].size && n <= maps[i].size - offset)
			return true;
	}
	return false;
}

/* Otherwise the process ends by the same signal: when the instruction is repeated, or at once if a process has sent it. */
static void
safe_read_on_signal(int signal_number, siginfo_t *info, void *context)
{
	const bool is_fault = info->si_code > 0;

	(void)context;
	if (is_fault && safe_read_is_mapped(info->si_addr, 1))
		safe_read_leave();
	log_event(LOG_ERROR, "store_crashed", L_STR("signal", sigabbrev_np(signal_number)),
	    L_STR("help",
		"the store or its disk may be damaged, or the disk full: run banter verify"));
	(void)signal(signal_number, SIG_DFL);
	if (!is_fault)
		(void)raise(signal_number);
}

int
safe_read_init(MDB_env *mdb)
{
	const struct sigaction act = {
	    .sa_sigaction = safe_read_on_signal, .sa_flags = SA_NODEFER | SA_SIGINFO};

	must(sigaction(SIGBUS, &act, NULL) == 0);
	must(sigaction(SIGSEGV, &act, NULL) == 0);
	return mdb_env_set_assert(mdb, safe_read_on_assert);
}

void
safe_read_unmapped(MDB_env *mdb)
{
	for (size_t i = 0; mdb != NULL && i < SAFE_READ_MAPS; i++)
		if (maps[i].mdb == mdb)
			maps[i].mdb = NULL;
}

void
safe_read_mapped(MDB_env *mdb)
{
	MDB_envinfo info = {0};
	void *start = NULL;
	size_t i = 0;
	int fd;

	safe_read_unmapped(mdb);
	while (maps[i].mdb != NULL)
		must(++i < SAFE_READ_MAPS);
	if (mdb_env_info(mdb, &info) != 0 || mdb_env_get_fd(mdb, &fd) != 0 ||
	    file_map_find(fd, info.me_mapsize, &start) != 0) {
		start = NULL;
		info.me_mapsize = SIZE_MAX;
	}
	maps[i].mdb = mdb;
	maps[i].start = (uintptr_t)start;
	maps[i].size = info.me_mapsize;
}

/* Reads from each page of what was found: the caller must be able to. False: it does not end in its map. What a write
 * transaction has changed is in no map. */
static bool
safe_read_touch(const MDB_val *found)
{
	const volatile uint8_t *bytes = found->mv_data;

	if (safe_read_is_mapped(found->mv_data, 1) &&
	    !safe_read_is_mapped(found->mv_data, found->mv_size))
		return false;
	for (size_t at = 0; at < found->mv_size; at += TOUCH_BYTES)
		(void)bytes[at];
	if (found->mv_size > 0)
		(void)bytes[found->mv_size - 1];
	return true;
}

int
safe_read_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *k, MDB_val *v)
{
	int rc;

	if (setjmp(way_out) != 0)
		return MDB_CORRUPTED;
	looking = true;
	rc = mdb_get(txn, dbi, k, v);
	if (rc == 0 && !safe_read_touch(v))
		rc = MDB_CORRUPTED;
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
	if (rc == 0 && (!safe_read_touch(k) || !safe_read_touch(v)))
		rc = MDB_CORRUPTED;
	looking = false;
	return rc;
}

struct safe_read_copy {
	struct safe_read_copy *next;
	uint8_t *bytes;
};

struct slice
safe_read_lend(struct safe_read_copies *copies, struct slice found)
{
#ifdef BANTER_SANITIZED
	struct safe_read_copy *copy = malloc(sizeof(*copy));

	must(copy != NULL);
	copy->bytes = malloc(found.len);
	must(slice_copy(found, copy->bytes, found.len));
	copy->next = copies->first;
	copies->first = copy;
	found.p = copy->bytes;
#else
	(void)copies;
#endif
	return found;
}

void
safe_read_take_back(struct safe_read_copies *copies)
{
	struct safe_read_copy *copy;

	while ((copy = copies->first) != NULL) {
		copies->first = copy->next;
		free(copy->bytes);
		free(copy);
	}
}
