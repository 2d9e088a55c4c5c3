/*
 * The line to the service manager: the datagrams of sd_notify(3), and the sockets that it has opened
 * for us, by hand, since this is a handful of lines and libsystemd would be a library in every start of
 * every process. Without NOTIFY_SOCKET nothing is told. A message that cannot be sent is logged and
 * forgotten.
 *
 * Each daemon says by itself what it has to say, and in its own loop that the loop turns.
 */
#ifndef PROTO_BASE_SERVICE_MANAGER_H
#define PROTO_BASE_SERVICE_MANAGER_H

#include <stdint.h>

struct service_manager {
	int sock;             /* connected to the manager; -1: there is none */
	uint64_t watchdog_ms; /* how often to say WATCHDOG=1; 0: nobody waits for it */
};

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID (sd_watchdog_enabled(3)) and removes them
 * from the environment, so that no child speaks in our name.
 */
void service_manager_open(struct service_manager *m);

/* Lines such as "READY=1\nSTATUS=serving". */
void service_manager_send(const struct service_manager *m, const char *lines);

void service_manager_close(struct service_manager *m);

/* The first descriptor that the manager hands over (sd_listen_fds(3)). */
#define SERVICE_MANAGER_FIRST_FD 3

/*
 * How many of them were handed to this very process, at most `most`, by LISTEN_PID and LISTEN_FDS, which
 * are removed from the environment, with LISTEN_FDNAMES. 0 for none, -1 (logged) when these make no
 * sense: to listen elsewhere then would leave those that wait unheard.
 */
[[gnu::warn_unused_result]] int service_manager_inherited_fds(int most);

#endif
