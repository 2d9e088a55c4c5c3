/*
 * The TCP sockets that listen, and the processes that have them (proc(5)).
 */
#ifndef PROTO_BASE_TCP_LISTENERS_H
#define PROTO_BASE_TCP_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proto/base/socket_address.h"

struct tcp_process {
	pid_t pid;
	char program[16]; /* its name in /proc/<pid>/comm */
};

/* Finds a process that listens on this TCP port, for the message that the port is in use. False: none
 * was found. Only root finds the processes of other users, and daemons that hide their memory
 * (proto/process/privileges.h). */
bool tcp_listeners_find_process(uint16_t port, struct tcp_process *process);

/* Finds the addresses on which a process listens, at most max. Returns their number; 0 also if this
 * process may not see them, as above. */
size_t tcp_listeners_of_process(pid_t pid, struct socket_address *at, size_t max);

#endif
