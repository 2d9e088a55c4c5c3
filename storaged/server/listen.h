/*
 * What makes this storaged the only one of its data directory, and its socket: made here, or
 * inherited from the service manager (sd_listen_fds(3)).
 */
#ifndef STORAGED_SERVER_LISTEN_H
#define STORAGED_SERVER_LISTEN_H

#include <stdbool.h>

/* The lock file, in the data directory. */
#define LISTEN_LOCK_NAME "storaged.lock"

/*
 * Makes the directory if there is none (0700; its parent must exist) and takes the lock in it,
 * which lasts as long as the process. 0 and *lock, or the process's exit status with the reason
 * logged: EX_TEMPFAIL when another storaged has it.
 */
[[gnu::warn_unused_result]] int listen_lock(const char *data_dir, int *lock);

/*
 * The same lock in a directory that is there, for another process that storaged has to keep away
 * from: 0 and *lock, or -1 with errno, EWOULDBLOCK while a storaged has it. Nothing is logged. A
 * lock file that has to be made belongs to the owner of the directory, so that storaged can use it.
 */
[[gnu::warn_unused_result]] int listen_try_lock(const char *data_dir, int *lock);

/*
 * A listening Unix stream socket, non-blocking: the inherited one if there is one, else made at
 * path with mode 0660, in place of one that nobody listens on. 0, *fd and *inherited, or the
 * process's exit status with the reason logged: EX_CONFIG when LISTEN_PID and LISTEN_FDS make no
 * sense or pass anything else. To be called with the lock held.
 */
[[gnu::warn_unused_result]] int listen_socket(const char *path, int *fd, bool *inherited);

#endif
