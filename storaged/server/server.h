/*
 * The event loop: wait, take requests, commit, answer. One thread.
 */
#ifndef STORAGED_SERVER_SERVER_H
#define STORAGED_SERVER_SERVER_H

#include "storaged/engine/env.h"
#include "storaged/server/access.h"

/*
 * Serves an open environment on a listening, non-blocking socket (the caller closes it) until
 * SIGTERM or SIGINT. restricted: with only the system calls that this needs (call_filter.h). Returns
 * the exit status: 0, or EX_IOERR if the environment must be reopened.
 */
[[gnu::warn_unused_result]] int server_run(
    struct env *env, int listener, const struct access *access, bool restricted);

#endif
