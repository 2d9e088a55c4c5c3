/*
 * A way back from a damaged main tree. LMDB keeps the state before the last commit until the next one, with a main
 * tree of its own.
 */
#ifndef STORAGED_CLI_STORE_LAST_COMMIT_H
#define STORAGED_CLI_STORE_LAST_COMMIT_H

#include "storaged/engine/env.h"

/* Hides the last commit from an environment that was opened with MDB_RDONLY and MDB_NOLOCK, in this process only:
 * the file does not change. Nobody may write to the store. 0, an LMDB error or errno. */
[[gnu::warn_unused_result]] int last_commit_hide(MDB_env *mdb);

#endif
