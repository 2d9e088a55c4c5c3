/*
 * The protocol of the service manager: the datagrams of sd_notify(3), and inherited listening
 * sockets. Implemented here, since it is a few lines and libsystemd would add a library to the
 * start of every process. Without NOTIFY_SOCKET nothing is sent. A message that cannot be sent is
 * logged and dropped.
 *
 * Each daemon composes its own messages and runs the watchdog timer in its own event loop.
 */
#ifndef PROTO_BASE_SERVICE_MANAGER_H
#define PROTO_BASE_SERVICE_MANAGER_H

#include <stdint.h>

struct service_manager {
	int sock;             /* connected to the manager; -1: none */
	uint64_t watchdog_ms; /* interval at which to send WATCHDOG=1; 0: no watchdog */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID (sd_watchdog_enabled(3)) and removes them
 * from the environment, so that no child process sends in our name. */
void service_manager_open(struct service_manager *m);

/* Sends lines such as "READY=1\nSTATUS=serving". */
void service_manager_send(const struct service_manager *m, const char *lines);

void service_manager_close(struct service_manager *m);

/* The first descriptor that the manager passes (sd_listen_fds(3)). */
#define SERVICE_MANAGER_FIRST_FD 3

/* Number of descriptors passed to this process, by LISTEN_PID and LISTEN_FDS: at most `most`.
 * Removes these variables and LISTEN_FDNAMES from the environment. 0 if there are none; -1 (logged)
 * if the variables are invalid: the daemon must not listen elsewhere then, as connections queued on
 * the passed sockets would never be accepted. */
[[gnu::warn_unused_result]] int service_manager_inherited_fds(int most);

#endif
