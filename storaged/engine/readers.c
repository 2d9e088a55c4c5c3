/*
 * A reader of another process cannot be ended from here except by a signal: if its slot were freed, it would
 * read pages that are overwritten meanwhile. SIGKILL also ends a process that is stopped (^Z), which is the
 * usual reason for an old snapshot. `banter` commands run as root read as the user of storaged
 * (cli/store/snapshot.c), so that it may send the signal.
 */
#include "storaged/engine/readers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* A reader is logged after this time, or when it keeps this part of max_bytes. */
#define WARN_MS    600000u
#define WARN_SHARE 4

int
readers_init(struct readers *r, const char *dir, uint64_t max_bytes)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/lock.mdb", dir);

	*r = (struct readers){.max_bytes = max_bytes};
	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	r->lock_file = open(path, O_RDONLY | O_CLOEXEC);
	r->watching = r->lock_file != -1;
	return r->watching ? 0 : -1;
}

void
readers_clear(struct readers *r)
{
	if (r->watching)
		closefd(&r->lock_file);
	*r = (struct readers){0};
}

/* A walk through LMDB's table of readers: what was known about them, and what is found now. */
struct readers_table {
	const struct readers *known;
	struct readers *out;
};

static struct reader
readers_find(const struct readers *r, pid_t pid, uint64_t txn)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->all[i].pid == pid && r->all[i].txn == txn)
			return r->all[i];
	return (struct reader){
	    .pid = pid, .txn = txn, .since = clock_mono_ms(), .freed = r->freed};
}

/* Whether the process of a slot still runs: LMDB locks a byte of the lock file for each process (mdb.c,
 * mdb_reader_pid()). *holder: its id here, which differs from the slot's if it runs in another container. */
static bool
readers_find_lock(const struct readers *r, pid_t pid, pid_t *holder)
{
	struct flock lock = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = pid, .l_len = 1};
	bool found = fcntl(r->lock_file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;

	*holder = found ? lock.l_pid : 0;
	return found;
}

/* A line of the table: process id, thread in hexadecimal, commit. There are also a headline, and readers
 * without a snapshot, whose commit is "-". */
static int
readers_on_line(const char *line, void *arg)
{
	struct readers_table *table = arg;
	struct readers *out = table->out;
	char *end;
	long pid = strtol(line, &end, 10);
	uint64_t txn;
	pid_t holder;

	if (end == line || pid <= 0 || pid == getpid() || out->n == READERS_MAX ||
	    !readers_find_lock(out, (pid_t)pid, &holder))
		return 0;
	(void)strtoull(end, &end, 16);
	line = end;
	txn = strtoull(line, &end, 10);
	if (end != line)
		out->all[out->n++] = readers_find(table->known, (pid_t)pid, txn);
	return 0;
}

void
readers_look(struct readers *r, MDB_env *mdb, uint64_t freed)
{
	struct readers known;
	struct readers_table table = {.known = &known, .out = r};
	MDB_stat stat;

	if (!r->watching || mdb_env_stat(mdb, &stat) != 0)
		return;
	r->page_size = stat.ms_psize;
	r->freed = freed;
	known = *r;
	r->n = 0;
	(void)mdb_reader_list(mdb, readers_on_line, &table);
}

const struct reader *
readers_oldest(const struct readers *r)
{
	const struct reader *oldest = NULL;

	for (size_t i = 0; i < r->n; i++)
		if (oldest == NULL || r->all[i].txn < oldest->txn)
			oldest = &r->all[i];
	return oldest;
}

uint64_t
readers_kept_bytes(const struct readers *r, const struct reader *reader)
{
	return (r->freed - reader->freed) * r->page_size;
}

static void
readers_kill(const struct readers *r, struct reader *reader)
{
	uint64_t bytes = readers_kept_bytes(r, reader);
	pid_t holder;

	if (!readers_find_lock(r, reader->pid, &holder))
		return;
	if (holder == reader->pid && kill(holder, SIGKILL) == 0) {
		log_event(LOG_WARN, "reader_killed", L_INT("pid", reader->pid),
		    L_UINT("bytes", bytes),
		    L_STR("help", "raise STORE_SNAPSHOT_MAX_BYTES if it did not hang"));
		return;
	}
	if (!reader->refused)
		log_event(LOG_ERROR, "reader_not_killed", L_INT("pid", reader->pid),
		    L_UINT("bytes", bytes),
		    L_STR("help",
			"end this process: it reads an old snapshot, and the store's file "
			"grows"));
	reader->refused = true;
}

static void
readers_warn(const struct readers *r, struct reader *reader)
{
	uint64_t bytes = readers_kept_bytes(r, reader);
	uint64_t ms = clock_mono_ms() - reader->since;
	bool many = r->max_bytes > 0 && bytes >= r->max_bytes / WARN_SHARE;

	if (reader->warned || (!many && ms < WARN_MS))
		return;
	reader->warned = true;
	log_event(LOG_WARN, "reader_slow", L_INT("pid", reader->pid), L_UINT("ms", ms),
	    L_UINT("bytes", bytes),
	    L_STR("help",
		"as long as this process reads its snapshot, the store's file grows: end it if "
		"it hangs"));
}

void
readers_limit(struct readers *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct reader *reader = &r->all[i];

		readers_warn(r, reader);
		if (r->max_bytes > 0 && readers_kept_bytes(r, reader) > r->max_bytes)
			readers_kill(r, reader);
	}
}
