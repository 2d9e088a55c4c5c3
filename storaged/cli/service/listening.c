#include "storaged/cli/service/listening.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/tcp_listeners.h"

#define PROBE_TIMEOUT_S 3

size_t
listening_find(pid_t pid, struct listening at[LISTENING_MAX])
{
	struct socket_address addresses[LISTENING_MAX];
	size_t n = tcp_listeners_of_process(pid, addresses, LISTENING_MAX);

	for (size_t i = 0; i < n; i++)
		at[i].address = addresses[i];
	return n;
}

/* Connects; a wildcard address means this machine (ip(7)). -1 with errno. */
static int
listening_connect(const struct socket_address *a)
{
	const struct timeval timeout = {.tv_sec = PROBE_TIMEOUT_S};
	struct sockaddr_storage ss = {.ss_family = a->ip.len == 4 ? AF_INET : AF_INET6};
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
	struct sockaddr_in *in4 = (struct sockaddr_in *)&ss;
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	in6->sin6_port = htons(a->port);
	memcpy(a->ip.len == 4 ? (void *)&in4->sin_addr : (void *)&in6->sin6_addr, a->ip.b,
	    a->ip.len);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&ss, a->ip.len == 4 ? sizeof(*in4) : sizeof(*in6)) ==
	    -1) {
		int error = errno;

		closefd(&fd);
		errno = error;
	}
	return fd;
}

/* The status code of the response to GET /health; 0 without one; -1 after a reset. */
static int
listening_request(int fd)
{
	static const char request[] =
	    "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	char response[sizeof("HTTP/1.1 200")] = "";

	errno = 0;
	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == sizeof(request) - 1 &&
	    recv(fd, response, sizeof(response) - 1, MSG_WAITALL) == sizeof(response) - 1 &&
	    strncmp(response, "HTTP/1.1 ", 9) == 0)
		return (int)strtol(response + 9, NULL, 10);
	return errno == ECONNRESET || errno == EPIPE ? -1 : 0;
}

void
listening_probe(struct listening *l)
{
	static const uint8_t wildcard[sizeof(l->address.ip.b)];
	int fd = listening_connect(&l->address), code = 0;
	char text[SOCKET_ADDRESS_TEXT_SIZE];

	/* With FreeBind= (systemd.socket(5)) there can be a socket for such an address. */
	l->absent = fd == -1 && (errno == EADDRNOTAVAIL || errno == ENETUNREACH);
	if (fd != -1)
		code = listening_request(fd);
	closefd(&fd);

	socket_address_format(&l->address, text);
	if (memcmp(l->address.ip.b, wildcard, l->address.ip.len) == 0)
		(void)snprintf(text, sizeof(text), "localhost:%u", l->address.port);
	if (code == -1)
		(void)snprintf(l->url, sizeof(l->url), "%s" LISTENING_PROXIED, text);
	else
		(void)snprintf(
		    l->url, sizeof(l->url), "%s://%s", code == 400 ? "https" : "http", text);
	l->answers = code == 200 || code == 400 || code == -1;
}
