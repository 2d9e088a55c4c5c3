/*
 * The line to the service manager: the datagrams of sd_notify(3), written by hand, since they are a
 * handful of lines and libsystemd would be a library in every start of every process. Without
 * NOTIFY_SOCKET all of it does nothing. A message that cannot be sent is logged and forgotten.
 *
 * Each daemon says by itself what it has to say, and in its own loop that the loop turns.
 */
#ifndef PROTO_MANAGER_H
#define PROTO_MANAGER_H

#include <stdint.h>

struct manager {
	int sock;             /* connected to the manager; -1: there is none */
	uint64_t watchdog_ms; /* how often to say WATCHDOG=1; 0: nobody waits for it */
};

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID (sd_watchdog_enabled(3)) and removes them
 * from the environment, so that no child speaks in our name.
 */
void manager_open(struct manager *m);

/* Lines such as "READY=1\nSTATUS=serving". */
void manager_tell(const struct manager *m, const char *lines);

void manager_close(struct manager *m);

#endif
