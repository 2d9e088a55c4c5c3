/*
 * Makes this storaged the only one of its data directory, and opens its socket: a new one, or one
 * inherited from the service manager (sd_listen_fds(3)).
 */
#ifndef STORAGED_SERVER_LISTEN_H
#define STORAGED_SERVER_LISTEN_H

#include <stdbool.h>

/* Name of the lock file in the data directory. */
#define LISTEN_LOCK_NAME "storaged.lock"

/*
 * Creates the directory if needed (mode 0700; its parent must exist) and takes its lock, which
 * lasts as long as the process. 0 and *lock, or the exit status with the reason logged:
 * EX_TEMPFAIL if another storaged holds it.
 */
[[gnu::warn_unused_result]] int listen_lock(const char *data_dir, int *lock);

/*
 * Takes the lock of an existing directory, for a process that must keep storaged away. 0 and
 * *lock, or -1 with errno: EWOULDBLOCK while a storaged holds it. Logs nothing. A new lock file
 * gets the owner of the directory, so that storaged can use it.
 */
[[gnu::warn_unused_result]] int listen_try_lock(const char *data_dir, int *lock);

/*
 * Opens a listening Unix stream socket, non-blocking: the inherited one, if any; else a new one at
 * path with mode 0660, replacing a socket without a listener. The caller holds the lock. 0, *fd
 * and *inherited, or the exit status with the reason logged: EX_CONFIG if LISTEN_PID and
 * LISTEN_FDS are invalid or pass something else.
 */
[[gnu::warn_unused_result]] int listen_socket(const char *path, int *fd, bool *inherited);

#endif
