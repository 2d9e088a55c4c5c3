/*
 * A standby's event loop: follows the commit log (standby.h), and serves the banter command. Workers are not
 * let in; their proxies look for the owner.
 */
#ifndef STORAGED_SERVER_STANDBY_SERVER_H
#define STORAGED_SERVER_STANDBY_SERVER_H

#include "storaged/replication/standby.h"
#include "storaged/server/serving.h"

/* This machine has become the owner (standby.h): server_run() has to begin. */
#define STANDBY_SERVER_OWNS (-1)

/* Serves until then, or until SIGTERM or SIGINT. Returns STANDBY_SERVER_OWNS or the exit status. */
[[gnu::warn_unused_result]] int standby_server_run(
    struct standby *standby, struct service *service);

#endif
