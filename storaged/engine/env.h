/*
 * The LMDB environment: opened once at the start, by this process alone (main.c holds the lock),
 * closed at the end. Everything that reads or writes it goes through a transaction (txn.h).
 *
 * The map is reserved whole at the start (address space, not disk), so that it never has to grow
 * under load. Each commit is a full sync: no WRITEMAP, no NOSYNC. One thread only.
 */
#ifndef STORAGED_ENGINE_ENV_H
#define STORAGED_ENGINE_ENV_H

#include <lmdb.h>

#include "storaged/engine/schema.h"

/*
 * Bytes of pages that only deletions may take when the map is full: LMDB copies a page before it
 * changes it, so without a reserve a full store could not even be emptied. Address space; of the
 * disk a deletion takes what it needs. Erasing a conversation needs about a page for each of its
 * replies (their entries in turns lie among those of others), and a page for each 512 pages that
 * its texts had. Measured on full maps, before it went in steps (garbage.h): 1,000 replies among
 * 80,000 of others 3.5 MiB, 2,000 among 160,000 5 MiB, a thread of 512 MiB 0.9 MiB.
 */
#define ENV_RESERVE_BYTES ((size_t)64 << 20)

/* The first pages of the file, which belong to no tree (mdb.c, NUM_METAS). */
#define ENV_META_PAGES 2

/* The longest text of a message, and the room for any one record. */
#define TEXT_MAX   524288u
#define RECORD_MAX (TEXT_MAX + 4096u)

/* Bytes of a list in an answer that further items are added to no more, and what it may hold at
 * most: one greatest record always fits (messages.def). */
#define PAGE_BYTES ((size_t)700 << 10)
#define LIST_MAX   786432u

/* Erased conversations that are passed over. With more, the damage is not theirs alone. */
#define GARBAGE_STUCK_MAX 32

/* garbage.c's own: what this process knows of erased conversations. */
struct garbage {
	bool swept;    /* nothing is left, as far as was looked, but of those that are stuck */
	bool given_up; /* nothing more is removed before the next start */
	struct id now; /* whose turn it is; zero: nobody's yet */
	uint8_t tries; /* of its removal, as its entry counts them */
	size_t stuck_n;
	struct id stuck[GARBAGE_STUCK_MAX];
};

struct env {
	MDB_env *mdb;
	MDB_dbi dbi[TABLES];
	MDB_txn *reader;      /* renewed for each use; NULL before the first */
	size_t max_bytes;     /* the map, without the reserve */
	bool writable;        /* false from a write that failed to a probe that did not */
	uint64_t writable_at; /* ms: when a probe last made it so; 0: none did */
	unsigned calm;        /* probes since a write failed last */
	unsigned patience;    /* so many of them have to pass before one counts */
	bool bounded;         /* writes are held to max_bytes: all but those of env_open() */
	struct garbage garbage;
	bool hidden_room; /* a deletion may have made room that only later commits will see */
	/* Scratch of whichever request runs; empty between two. */
	struct buf record; /* one record on its way into the store */
	struct buf list;   /* the items of an answer's list */
	struct buf text;   /* a reply being put together from its pieces */
};

/* A record that does not decode, or that is missing although another record names it. LMDB's errors
 * are below -30000, errno is positive, CALL_REFUSED is -1. */
#define RECORD_DAMAGED (-2)

/* Sets the fields of an environment that is not open. max_bytes bounds the map, without the reserve. */
void env_init(struct env *env, uint64_t max_bytes);

/* Opens the LMDB environment in an existing directory, without its tables (env_open.h), or creates an
 * empty one. 0 or an LMDB error. */
[[gnu::warn_unused_result]] int env_open_mdb(struct env *env, const char *dir);

/* Undoes env_open_mdb(). No transaction may run. */
void env_close_mdb(struct env *env);

/* Closes the environment and frees its buffers; does nothing if it is not open. No transaction may
 * run. */
void env_close(struct env *env);

/* Lets the map grow by the reserve for a transaction, or takes the reserve back. No transaction
 * may run. 0, or an LMDB error. */
[[gnu::warn_unused_result]] int env_use_reserve(struct env *env, bool use);

/* The pages that hold something, as this transaction sees them: those of LMDB's own trees, of all
 * tables, and the first ENV_META_PAGES, which belong to no tree. 0, or an LMDB error. */
[[gnu::warn_unused_result]] int env_used_pages(
    const struct env *env, MDB_txn *txn, uint64_t *pages);

/* The same in bytes. */
[[gnu::warn_unused_result]] int env_used_bytes(
    const struct env *env, MDB_txn *txn, uint64_t *bytes);

/*
 * Whether more than max_bytes are in use: deletions have taken pages of the reserve, which LMDB
 * would give to any write from then on, until nothing is left of it; or the bound was lower than
 * what was there. Writes have to wait then. Looks at the trees only when the file is that long.
 */
bool env_is_over_bound(const struct env *env, MDB_txn *txn);

/* What a commit's error really is: ENOSPC for the EIO by which LMDB reports a full disk. Other
 * errors, and 0, are returned as they are. */
int env_write_error(const struct env *env, int rc);

/* Whether a failed write means that there is no room: in the map, on the disk or in a quota. */
bool env_is_full_error(int rc);

/* Whether a failure can only be cured by opening the environment anew: a new start. */
bool env_is_fatal_error(int rc);

/* Whether a failure means that the store is damaged, or is not one of ours. */
bool env_is_damage(int rc);

/* The text of an LMDB error, an errno or RECORD_DAMAGED. */
const char *env_strerror(int rc);

/* What an operator can do about an error; NULL: unknown. */
const char *env_error_help(int rc);

/* Notes that a write failed, and why: writes on one line when that is news. */
void env_write_failed(struct env *env, int rc);

/* Frees the slots of readers that were killed, such as `banter backup`: as long as one stands, no
 * page of its snapshot is used again. To be called now and then; how many there were. */
unsigned env_check_readers(struct env *env);

#endif
