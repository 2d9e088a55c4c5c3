/*
 * The TCP ports of a process, and whether a web server answers there.
 */
#ifndef STORAGED_CLI_SERVICE_LISTENING_H
#define STORAGED_CLI_SERVICE_LISTENING_H

#include <sys/types.h>

#include "proto/base/socket_address.h"

#define LISTENING_MAX 8
#define LISTENING_PROXIED \
	" (PROXY protocol)" /* behind an address of PROXY_LISTEN, instead of a scheme */
#define LISTENING_URL_SIZE (SOCKET_ADDRESS_TEXT_SIZE + sizeof(LISTENING_PROXIED))

struct listening {
	struct socket_address address;
	char url[LISTENING_URL_SIZE]; /* set by listening_probe() */
	bool answers;                 /* likewise */
	bool absent;                  /* likewise: this machine does not have the address now */
};

/* Finds the addresses on which a process listens, at most LISTENING_MAX. Returns their number; 0
 * also if this process may not see them: only root and the user of the process may. */
size_t listening_find(pid_t pid, struct listening at[LISTENING_MAX]);

/* Sends GET /health and waits a few seconds for a response. A server for HTTPS answers plain HTTP
 * with 400, which counts; and so does a reset, by which an address of PROXY_LISTEN refuses a request
 * without its header. */
void listening_probe(struct listening *l);

#endif
