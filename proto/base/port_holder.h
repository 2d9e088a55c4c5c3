/*
 * Finds the process that listens on a port, for the message that the port is in use.
 */
#ifndef PROTO_BASE_PORT_HOLDER_H
#define PROTO_BASE_PORT_HOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct port_holder {
	pid_t pid;
	char program[16]; /* its name in /proc/<pid>/comm */
};

/* Whether a process that listens on this TCP port was found. Only root finds the processes of other
 * users. */
bool port_holder_find(struct port_holder *h, uint16_t port);

#endif
