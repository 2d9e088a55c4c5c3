/*
 * Which files are a store's own. Whoever takes one of them for a file like any other does harm: a
 * storaged whose data.mdb is replaced goes on writing to what has no name any more, and who reads
 * it without LMDB's lock file sees pages change.
 */
#ifndef STORAGED_CLI_FILES_STORE_FILES_H
#define STORAGED_CLI_FILES_STORE_FILES_H

#include <stdbool.h>

/* In the data directory, as LMDB names them. */
#define STORE_DATA_NAME "data.mdb"
#define STORE_LOCK_NAME "lock.mdb"

/* Whether this name is that of a store's own file, in a directory that storaged has used. */
bool store_files_has_name(int dir, const char *name);

/* The same for a path, symbolic links followed; false where there is nothing. */
bool store_files_has_path(const char *path);

#endif
