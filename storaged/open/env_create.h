/*
 * Creates the LMDB files of a new store, so that a first start that fails half-way, for want of space
 * or of power, leaves nothing behind that a later start would take for a damaged store.
 */
#ifndef STORAGED_ENGINE_ENV_CREATE_H
#define STORAGED_ENGINE_ENV_CREATE_H

/*
 * If the directory has no data.mdb, or an empty one, which a first start of an earlier version may have
 * left: creates one under another name, complete but without tables, syncs it and renames it. Also
 * creates LMDB's lock file. 0, an LMDB error or errno.
 */
[[gnu::warn_unused_result]] int env_create_files(const char *dir);

/* Creates a lock file of LMDB, with its disk space, because LMDB writes to it through memory: without space
 * the process would end by SIGBUS. Does nothing to a complete one. 0 or errno. */
[[gnu::warn_unused_result]] int env_create_lock(int dir, const char *name);

/* Syncs the names of the files in a directory; LMDB syncs only their contents. 0 or errno; also 0 if the file
 * system does not support it (EINVAL, fsync(2)). */
[[gnu::warn_unused_result]] int env_create_sync_dir(int dir);

#endif
