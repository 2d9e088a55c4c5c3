/*
 * The LMDB environment: opened once at start, by this process alone (main.c holds the lock), and
 * closed at the end. All reads and writes go through transactions (txn.h).
 *
 * The map is reserved once, at start (address space, not disk), so that it never has to grow under
 * load. Each commit is a full sync: no WRITEMAP, no NOSYNC. One thread only.
 */
#ifndef STORAGED_ENGINE_ENV_H
#define STORAGED_ENGINE_ENV_H

#include <lmdb.h>

#include "storaged/engine/page_check.h"
#include "storaged/engine/readers.h"
#include "storaged/engine/schema.h"

/*
 * Bytes of pages that only deletions may use when the map is full: LMDB copies a page before it
 * changes it, so without a reserve a full store could not even be emptied. This is address space;
 * a deletion takes disk only as it needs it. Erasing a conversation needs about one page for each
 * of its replies (their entries in turns lie among those of others), and one for each 512 pages of
 * its texts. Measured on full maps, before erasure went in steps (garbage.h): 1,000 replies among
 * 80,000 of others 3.5 MiB, 2,000 among 160,000 5 MiB, a conversation of 512 MiB 0.9 MiB.
 */
#define ENV_RESERVE_BYTES ((size_t)64 << 20)

/* The longest text of a message; the longest MESSAGE_DETAILS, SOURCES_RECORD, list of files, structure and answer of one
 * (messages.def); and the size of the largest record. */
#define TEXT_MAX         524288u
#define DETAILS_MAX      4000u
#define SOURCES_MAX      20480u
#define FILES_MAX        16384u
#define PARTS_MAX        16384u
#define ANSWER_PARTS_MAX 32768u
#define WORDS_MAX        98304u
#define UNFIT_MAX        512u
#define RECORD_MAX \
	(TEXT_MAX + DETAILS_MAX + SOURCES_MAX + FILES_MAX + PARTS_MAX + ANSWER_PARTS_MAX + 256u)

/* A list in an answer takes no more items once it would pass PAGE_BYTES. LIST_MAX is the size of
 * its buffer: one largest record always fits (messages.def). */
#define PAGE_BYTES ((size_t)700 << 10)
#define LIST_MAX   786432u
#define FACES_MAX  196608u
#define PLACES_MAX 12288u

/* The rows of the change feed that are written together (messages.def). */
#define CHANGES_MAX 2000u

/* Erased conversations that could not be removed and are skipped. If there are more, the whole
 * store is damaged, not single conversations. */
#define GARBAGE_STUCK_MAX 32

/* garbage.c's own: what this process knows of erased conversations. */
struct garbage {
	bool clean;            /* nothing is left but stuck conversations */
	bool given_up;         /* nothing more is removed before the next start */
	struct id current;     /* the conversation that is being removed; zero: none */
	struct id org, widget; /* of that; zero: unknown */
	uint8_t tries;         /* starts that have tried to remove it, from its entry */
	size_t stuck_n;
	struct id stuck[GARBAGE_STUCK_MAX];
};

/* content_garbage.c's own: what this process knows of removed sources and incomplete uploads. */
struct content_garbage {
	bool sources_clean;    /* nothing is left of removed sources */
	bool uploads_clean;    /* no upload has to be removed before the next maintenance */
	bool paused;           /* a step has failed: nothing more before the next maintenance */
	struct key sources_at; /* where the search for removed sources goes on */
	struct key uploads_at; /* where the search for incomplete uploads goes on */
};

/* budgets/spenders_garbage.c's own. */
struct spenders_garbage {
	bool runs;    /* there may be something to remove */
	bool paused;  /* a step has failed: nothing more before the next maintenance */
	uint32_t day; /* of the last pass */
	struct key at;
};

/* The scrub's figures for the status, and its position (server/scrub.c). */
struct scrub {
	uint64_t interval_ms; /* between two passes; 0: none is made */
	bool running;
	uint64_t entries, damaged;                    /* checked in the running pass */
	uint64_t done_at, done_entries, done_damaged; /* the last complete pass; 0: none */
	bool totals_damaged; /* a record that can be counted again (totals.h) */
	bool labels_damaged; /* the same (conversations/labels.h) */
	unsigned table;
	struct key at; /* the last key that was checked */
	uint64_t requests;
	unsigned skipped;
};

/* The store's time (request/store_time.h), in ms. */
struct store_time {
	uint64_t latest; /* the latest time that was seen */
	uint64_t saved;  /* ... that is in meta */
	uint64_t ahead;  /* of the clock */
	uint64_t mono;   /* monotonic: when it was read last */
	/* The steady time, 0: none yet; that in meta; and when it was read last, monotonic. */
	uint64_t steady, steady_saved, steady_mono;
};

/* Of erased conversations, as they are removed: each message, NULL if it is damaged (numbers.h). */
struct txn;
typedef int env_erased_fn(struct txn *t, const struct id *org, const struct id *widget,
    uint64_t seq, const struct msg_message_record *message);

/*
 * A log to which each write transaction is appended before it is committed (replication/owner.h).
 * append() gets the transaction's write set (write_set.h); it may still write with
 * txn_put_unlogged(). It returns 0 when the log has acknowledged the changes, or another error.
 */
struct env_log {
	int (*append)(struct env_log *log, struct txn *t, struct slice write_set);
	/* Whether this process still owns the log, and will for some seconds (env_hold_log()). */
	bool (*hold)(struct env_log *log);
	struct buf write_set; /* txn.c's own */
};

/* The commit log did not acknowledge a transaction, or the store may not write at all. */
#define COMMIT_LOG_LOST (-4)

/* The bytes of a write set from which on work that can go on in another transaction commits: the log must acknowledge
 * each within seconds (replication/log_conn.h), or the work would be repeated, and fail, for ever. */
#define LOG_STEP_BYTES ((size_t)1 << 20)

struct replica_status;

struct env {
	MDB_env *mdb;
	struct env_log *log; /* NULL: none */
	const struct replica_status *
	    replica; /* this machine's part in it (replication/replica.h); NULL: there is no log */
	uint64_t
	    backup_row; /* of the log: the last one that a backup contains which was made since the start; 0: none */
	MDB_dbi dbi[TABLES];
	MDB_txn *reader; /* renewed for each use; NULL before the first */
	struct page_check page_check;
	struct readers readers;  /* of other processes; env_watch_readers() */
	size_t max_bytes;        /* of the map, without the reserve */
	bool writable;           /* false from a failed write to the next probe that counts */
	bool full;               /* the last failed write lacked space */
	uint64_t writable_at;    /* ms, monotonic: when a probe last made it so; 0: never */
	unsigned probes_passed;  /* that passed since the last failed write */
	unsigned probes_ignored; /* this many must pass before one counts */
	bool bounded;            /* writes are held to max_bytes: all but those of env_open() */
	bool keeps_reserve;      /* env_keep_reserve() */
	const char
	    *damage; /* the first damage that was found; NULL: none (env_found_damage()) */
	struct garbage garbage;
	struct content_garbage content;
	struct spenders_garbage spenders;
	struct {
		uint64_t n, logged_ms; /* since the last line of the log; its time, monotonic */
	} share_refusals;              /* of turns/turn_budget.c */
	struct file_garbage {
		bool
		    clean; /* file_garbage.c's own: nothing is left of removed files, and none is too old */
		bool paused; /* a step has failed: nothing more before the next maintenance */
	} files;
	struct scrub scrub;
	struct store_time time;
	char machine[17];             /* that storaged runs on, for backups.h; "": unknown */
	uint64_t operator_timeout_ms; /* OPERATOR_TIMEOUT_MS */
	uint64_t confirm_expires_ms;  /* the settings of these names */
	uint64_t approve_expires_ms;
	uint64_t mail_retry_ms;  /* MAIL_RETRY_MS */
	uint64_t mail_unseen_ms; /* MAIL_UNSEEN_MS; 0: visitors get no mails */
	uint64_t away_after_ms;  /* AWAY_AFTER_MS */
	uint32_t retention_days; /* RETENTION_DAYS; 0: conversations are kept */
	uint64_t files_max_bytes, files_org_max_bytes; /* the settings of these names */
	uint32_t files_retention_days;
	bool check_pictures;       /* CHECK_PICTURES */
	uint32_t budget_share;     /* BUDGET_SHARE, in percent; 0: no share */
	uint64_t retention_erased; /* conversations, by retention.c since the start */
	uint64_t
	    due_undone; /* rows of the table due that failed because of damage, since the start */
	uint64_t
	    newest_change; /* number of the last row of the change feed that this process committed */
	struct numbers_changes *numbers; /* numbers.c's own; NULL: none */
	env_erased_fn *erased;           /* NULL: nobody counts */
	bool
	    freed_pages_hidden; /* a deletion has freed pages that only later commits can use */
	/* Scratch buffers of the request that runs; empty between requests. */
	struct buf record;  /* one record to be stored */
	struct buf list;    /* the items of an answer's list */
	struct buf faces;   /* the items of its second list */
	struct buf places;  /* a MESSAGE_PLACE for each message of list (message_page.h) */
	struct buf text;    /* a reply that is collected from its pieces */
	struct buf changes; /* rows of the change feed that the transaction adds (changes.h) */
	struct buf details; /* MESSAGE_DETAILS of a message to be stored */
	struct buf file_items; /* of a message to be stored */
	struct buf
	    words; /* the text of one with a structure or an answer (storaged/structure) */
	struct buf answer; /* ANSWER_PARTs of a message to be stored; and what does not fit */
	struct buf unfit;
	struct buf sources; /* SOURCES_RECORD of a message that is stored again */
};

/* A record that does not decode, or that is missing although another record names it. LMDB's errors
 * are below -30000, errno is positive, CALL_REFUSED is -1, CALL_WRITES -3, COMMIT_LOG_LOST -4. */
#define RECORD_DAMAGED (-2)

/* Sets the fields of an environment that is not open. max_bytes bounds the map, without the reserve. */
void env_init(struct env *env, uint64_t max_bytes);

/* Opens the LMDB environment in an existing directory, without its tables (env_tables.h), or creates an
 * empty one. flags: more of mdb_env_open(). 0 or an LMDB error. */
[[gnu::warn_unused_result]] int env_open_mdb(struct env *env, const char *path, unsigned flags);

/*
 * A commit then syncs its pages, but not the meta page that makes it current: after a power failure the last commit may be
 * missing, and nothing else (lmdb.h, MDB_NOMETASYNC). For a store that gets missing commits from its commit log. Off: syncs what is
 * not. 0 or an LMDB error.
 */
[[gnu::warn_unused_result]] int env_defer_meta_sync(struct env *env, bool on);

/* Work that takes long calls this at least every second, also within a transaction: otherwise another machine becomes the owner
 * of the commit log. 0, or COMMIT_LOG_LOST; 0 if there is no log. */
[[gnu::warn_unused_result]] int env_hold_log(struct env *env);

/* Undoes env_open_mdb(). No transaction may run. */
void env_close_mdb(struct env *env);

/* Closes the environment and frees its buffers; does nothing if it is not open. No transaction may
 * run. */
void env_close(struct env *env);

/* Lets the map grow by the reserve for one transaction, or takes the reserve back. No
 * transaction may run. 0 or an LMDB error. */
[[gnu::warn_unused_result]] int env_use_reserve(struct env *env, bool use);

/*
 * Lets the map have the reserve from now on, in every transaction. With a commit log a write that does not fit must fail
 * before it is appended; but LMDB needs pages for its list of free pages when it commits. So the bound is
 * compared before (env_is_over_bound()), and the commit has the reserve. 0 or an LMDB error.
 */
[[gnu::warn_unused_result]] int env_keep_reserve(struct env *env);

/* The used pages, as this transaction sees them: LMDB's own trees, all tables, and the
 * meta pages. 0 or an LMDB error. */
[[gnu::warn_unused_result]] int env_used_pages(
    const struct env *env, MDB_txn *txn, uint64_t *pages);

/* The same in bytes. */
[[gnu::warn_unused_result]] int env_used_bytes(
    const struct env *env, MDB_txn *txn, uint64_t *bytes);

/*
 * Whether more than max_bytes are in use, with the changes of this transaction: deletions have used pages of the reserve, which LMDB
 * would then give to any write, or the bound was lowered. Writes must wait then. Reads the trees
 * only if the file is that long.
 */
bool env_is_over_bound(const struct env *env, MDB_txn *txn);

/* Bytes that storaged can still write to the file system of the store; 0: none, or not known. */
uint64_t env_disk_free(const struct env *env);

/* The real cause of a failed commit: ENOSPC for the EIO with which LMDB reports a full disk.
 * Returns other errors, and 0, unchanged. */
int env_write_error(const struct env *env, int rc);

/* Whether a write failed because the map, the disk or a quota is full. */
bool env_is_full_error(int rc);

/* Whether only a restart can help, because the environment must be opened again, or the commit log was lost. */
bool env_is_fatal_error(int rc);

/* Whether a failure means that the store is damaged, or is not one of ours. */
bool env_is_damage(int rc);

/* Whether a page is not what it should be: LMDB or page_check.h found it. */
bool env_is_page_damage(int rc);

/*
 * Notes that a page is damaged, and logs it the first time. From then on until the next start,
 * nothing is written: a change could spread the damage. Does nothing in a program that only reads the
 * store, such as `banter export`. what: a constant text.
 */
void env_found_damage(struct env *env, const char *what);

/* The same for LMDB's main tree, without which nothing can be read; and what to do then. */
void env_found_main_damage(struct env *env);
extern const char env_main_damage_help[];

/* The same for a meta page (meta_page.h). */
void env_found_meta_damage(struct env *env);
extern const char env_meta_damage_help[];

/* The text of an LMDB error, an errno or RECORD_DAMAGED. */
const char *env_strerror(int rc);

/* What an operator can do about an error; NULL: unknown. */
const char *env_error_help(int rc);

/*
 * Logs that work of the store itself failed, which is tried again later. Not if the commit log was lost: that has been logged, and
 * the next owner does the work. help: NULL: none.
 */
void env_work_failed(const char *event, int rc, const char *help);

/* Notes that a write failed, and logs it if the environment was writable. */
void env_write_failed(struct env *env, int rc);

/* Begins to watch the processes that read the store in this directory (readers.h). Logs a failure. */
void env_watch_readers(struct env *env, const char *dir, uint64_t max_bytes);

/* Looks which processes read the store now. */
void env_look_at_readers(struct env *env);

/* Frees the slots of readers that were killed, such as `banter backup`: a slot keeps the pages
 * of its snapshot from being reused. Kills readers that keep too many pages. To be called
 * periodically. Returns how many slots were freed. */
unsigned env_check_readers(struct env *env);

#endif
