/*
 * Other processes that read a snapshot of the store: `banter export`, `backup` and `verify`, and LMDB's own
 * tools. As long as such a process reads, LMDB cannot reuse the pages that commits have freed since then, and
 * the file grows.
 *
 * A reader is seen first up to one check late, so the pages counted for it may be a few too little.
 */
#ifndef STORAGED_ENGINE_READERS_H
#define STORAGED_ENGINE_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <lmdb.h>

/* More are not watched. */
#define READERS_MAX 64

struct reader {
	pid_t pid;
	uint64_t txn;   /* the commit whose data it reads */
	uint64_t since; /* ms, monotonic: when it was first seen */
	uint64_t freed; /* the count of freed pages at that time */
	bool warned;
	bool refused; /* it could not be killed, which was logged */
};

/* All zero: nothing is watched. */
struct readers {
	bool watching;
	int lock_file; /* to ask for the locks of processes; only valid while watching */
	uint64_t max_bytes;
	size_t page_size;
	uint64_t freed; /* the count of freed pages at the last check */
	size_t n;
	struct reader all[READERS_MAX];
};

/* Begins to watch. dir is the directory of an open environment; a reader that keeps more than max_bytes is
 * killed; 0: no limit. 0, or -1 with errno. */
[[gnu::warn_unused_result]] int readers_init(
    struct readers *r, const char *dir, uint64_t max_bytes);

/* Only after the environment was closed: closing a lock file releases this process's locks (fcntl(2)). Does
 * nothing if nothing is watched. */
void readers_clear(struct readers *r);

/* Reads LMDB's table of readers. freed: how many pages all commits so far have freed, from any start. */
void readers_look(struct readers *r, MDB_env *mdb, uint64_t freed);

/* The reader of the oldest snapshot; NULL: there is none. */
const struct reader *readers_oldest(const struct readers *r);

/* Bytes of pages that could be reused without this reader. */
uint64_t readers_kept_bytes(const struct readers *r, const struct reader *reader);

/* Logs readers that keep many pages, and kills those that keep more than max_bytes. To be called after
 * readers_look(). */
void readers_limit(struct readers *r);

#endif
