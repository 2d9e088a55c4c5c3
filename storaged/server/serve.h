/*
 * The socket on which storaged and searchd serve.
 */
#ifndef STORAGED_SERVER_SERVE_H
#define STORAGED_SERVER_SERVE_H

#include "proto/access/access.h"
#include "proto/settings/settings.h"

/* Serves on a listening socket until SIGTERM or SIGINT; returns the exit status. */
typedef int serve_fn(
    const struct settings *settings, const struct access *access, int listener, void *arg);

/* Opens the socket at path, or takes the inherited one, and serves on it. 0, or the exit status with the reason
 * logged. */
[[gnu::warn_unused_result]] int serve_listen(const struct settings *settings,
    const struct access *access, const char *path, serve_fn *serve, void *arg);

#endif
