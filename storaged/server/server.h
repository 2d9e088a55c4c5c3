/*
 * The event loop: wait, take requests, commit, answer. One thread.
 */
#ifndef STORAGED_SERVER_SERVER_H
#define STORAGED_SERVER_SERVER_H

#include "storaged/replication/owner.h"
#include "storaged/server/serving.h"

/* The commit log is lost: a standby has to begin. */
#define SERVER_LOST (-1)

/*
 * Serves an open environment until SIGTERM or SIGINT. owner: of the commit log, which has started; NULL: there is none. Returns the exit
 * status: 0, or EX_IOERR if the environment must be reopened; or SERVER_LOST.
 */
[[gnu::warn_unused_result]] int server_run(
    struct env *env, struct service *service, struct owner *owner);

#endif
