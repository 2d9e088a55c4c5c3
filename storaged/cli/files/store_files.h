/*
 * Names of the files of a store. Other commands must not treat them as ordinary files: if data.mdb
 * is replaced, a running storaged keeps writing to a file without a name; and a reader without
 * LMDB's lock file sees pages change.
 */
#ifndef STORAGED_CLI_FILES_STORE_FILES_H
#define STORAGED_CLI_FILES_STORE_FILES_H

#include <stdbool.h>

/* In the data directory, named by LMDB. */
#define STORE_DATA_NAME "data.mdb"
#define STORE_LOCK_NAME "lock.mdb"

/* Whether dir is a data directory that storaged has used, and name is a file of its store. */
bool store_files_has_name(int dir, const char *name);

/* The same for a path, following symbolic links; false if it does not exist. */
bool store_files_has_path(const char *path);

#endif
