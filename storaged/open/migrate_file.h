/*
 * The file that a migration writes: a new store, under another name in the same directory, with a lock file
 * of its own. It is committed and synced in pieces, so only a bounded number of changed pages is in memory.
 */
#ifndef STORAGED_ENGINE_MIGRATE_FILE_H
#define STORAGED_ENGINE_MIGRATE_FILE_H

#include "storaged/engine/txn.h"

/* About as many bytes of pages are changed between two commits. */
#define MIGRATE_FILE_COMMIT_BYTES ((size_t)4 << 20)

struct migrate_file {
	struct env env; /* closed if all zero */
	struct txn txn;
	size_t changed; /* bytes since the last commit, about */
};

/* Removes what a killed migration left. */
void migrate_file_remove(const char *dir);

/* Creates the file, with all tables. old_bytes: of the old store. Close it with migrate_file_become() or
 * migrate_file_discard() in any case. These return 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int migrate_file_create(
    struct migrate_file *f, const char *dir, uint64_t old_bytes);

/* Adds an entry, and its checksum. Entries in the order of their keys fill the pages best. */
[[gnu::warn_unused_result]] int migrate_file_put(
    struct migrate_file *f, enum table table, struct slice key, struct slice value);

/* The same with a value that ends with a checksum, even with a wrong one. */
[[gnu::warn_unused_result]] int migrate_file_put_raw(
    struct migrate_file *f, enum table table, struct slice key, struct slice stored);

/* Adds the schema's version, and syncs the file. */
[[gnu::warn_unused_result]] int migrate_file_finish(struct migrate_file *f, unsigned version);

/*
 * Gives the old store the second name data-schema<from>.mdb (in place of an earlier one of that name), and
 * then the new one the name data.mdb, all on disk. Processes that read the old store can continue.
 */
[[gnu::warn_unused_result]] int migrate_file_replace(
    struct migrate_file *f, const char *dir, uint64_t from);

/* Moves the open file to env, whose own is closed. */
void migrate_file_become(struct migrate_file *f, struct env *env);

/* Closes and removes the file; harmless if it was not created. */
void migrate_file_discard(struct migrate_file *f, const char *dir);

#endif
