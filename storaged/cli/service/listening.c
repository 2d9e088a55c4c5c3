/*
 * /proc/PID/net/tcp and tcp6 have a line for each socket of the network namespace, with its inode;
 * /proc/PID/fd tells which of the sockets are the process's own.
 */
#include "storaged/cli/service/listening.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "proto/base/basics.h"

#define PROBE_TIMEOUT_S 3
#define STATE_LISTEN    0x0a /* TCP_LISTEN in the kernel's include/net/tcp_states.h */

/* Whether the process has a descriptor of this socket. */
static bool
listening_is_own(pid_t pid, unsigned long inode)
{
	char path[64], wanted[64], link[64];
	bool own = false;
	struct dirent *e;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	(void)snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	dir = opendir(path);
	while (dir != NULL && !own && (e = readdir(dir)) != NULL) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1);

		link[n > 0 ? n : 0] = '\0';
		own = strcmp(link, wanted) == 0;
	}
	if (dir != NULL)
		(void)closedir(dir);
	return own;
}

/* The address as the kernel prints it: each 32-bit word in hexadecimal, in the machine's byte order. */
static bool
listening_parse_address(const char *hex, unsigned port, struct socket_address *out)
{
	struct sockaddr_storage ss = {0};
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
	struct sockaddr_in *in4 = (struct sockaddr_in *)&ss;
	size_t words = strlen(hex) / 8;
	uint32_t word[4];

	if (words != 1 && words != 4)
		return false;
	for (size_t i = 0; i < words; i++) {
		char text[9] = "";

		memcpy(text, hex + 8 * i, 8);
		word[i] = (uint32_t)strtoul(text, NULL, 16);
	}
	ss.ss_family = words == 1 ? AF_INET : AF_INET6;
	memcpy(words == 1 ? (void *)&in4->sin_addr : (void *)&in6->sin6_addr, word, 4 * words);
	in6->sin6_port = htons((uint16_t)port); /* at the same place in both */
	*out = socket_address_from(&ss);
	return true;
}

static size_t
listening_read_table(pid_t pid, const char *name, struct listening *at, size_t max)
{
	char path[64], line[512], hex[33];
	unsigned port, state;
	unsigned long inode;
	size_t n = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, name);
	f = fopen(path, "re");
	while (f != NULL && n < max && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line,
			" %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u "
			"%lu",
			hex, &port, &state, &inode) == 4 &&
		    state == STATE_LISTEN && listening_is_own(pid, inode) &&
		    listening_parse_address(hex, port, &at[n].address))
			n++;
	if (f != NULL)
		(void)fclose(f);
	return n;
}

size_t
listening_find(pid_t pid, struct listening at[LISTENING_MAX])
{
	size_t n = listening_read_table(pid, "tcp", at, LISTENING_MAX);

	return n + listening_read_table(pid, "tcp6", at + n, LISTENING_MAX - n);
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

/* The status code of the response to GET /health; 0 without one. */
static int
listening_request(int fd)
{
	static const char request[] =
	    "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	char response[sizeof("HTTP/1.1 200")] = "";

	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == sizeof(request) - 1 &&
	    recv(fd, response, sizeof(response) - 1, MSG_WAITALL) == sizeof(response) - 1 &&
	    strncmp(response, "HTTP/1.1 ", 9) == 0)
		return (int)strtol(response + 9, NULL, 10);
	return 0;
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
	(void)snprintf(l->url, sizeof(l->url), "%s://%s", code == 400 ? "https" : "http", text);
	l->answers = code == 200 || code == 400;
}
