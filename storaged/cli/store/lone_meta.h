/*
 * Opens a file of which one meta page is damaged (engine/meta_page.h). LMDB opens none without both, but needs only
 * one.
 */
#ifndef STORAGED_CLI_STORE_LONE_META_H
#define STORAGED_CLI_STORE_LONE_META_H

#include "storaged/engine/env.h"

/* Opens the state of the intact meta page, for reads only: the file does not change. Nobody may write to it. file
 * may be closed afterwards. 0; MDB_INVALID if both are damaged; another LMDB error or errno. */
[[gnu::warn_unused_result]] int lone_meta_open(MDB_env *mdb, int file);

#endif
