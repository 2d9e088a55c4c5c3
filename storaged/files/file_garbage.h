/*
 * Removes the pieces of removed files in steps between batches, also in a full store; and files that are older than
 * FILES_RETENTION_DAYS.
 */
#ifndef STORAGED_FILES_FILE_GARBAGE_H
#define STORAGED_FILES_FILE_GARBAGE_H

#include "storaged/engine/txn.h"

/* It is time to look for old files, and to try again what failed. */
void file_garbage_start(struct env *env);

/* The next step, in a transaction of its own; true: call again soon. Not during a batch. */
bool file_garbage_step(struct env *env);

#endif
