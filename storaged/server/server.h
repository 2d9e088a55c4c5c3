/*
 * The loop: wait, take requests, commit, answer. One thread.
 */
#ifndef STORAGED_SERVER_SERVER_H
#define STORAGED_SERVER_SERVER_H

#include "storaged/engine/env.h"
#include "storaged/server/access.h"

/*
 * Serves an open environment on a listening socket (non-blocking; the caller's to close) to those
 * who may, until SIGTERM or SIGINT. Returns the process's exit status: 0, or EX_IOERR when the environment has to
 * be opened anew.
 */
[[gnu::warn_unused_result]] int server_run(
    struct env *env, int listener, const struct access *access);

#endif
