#include "masterd/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/base/service_manager.h"
#include "proto/base/socket_address.h"
#include "proto/base/tcp_listeners.h"

/* The kernel reduces this to net.core.somaxconn. */
#define BACKLOG 4096

static void
sockets_add(struct sockets *s, int fd)
{
	must(s->n < SOCKETS_MAX);
	s->at[s->n++] = (struct listening_socket){.fd = fd};
}

/* A listening socket, or -1 with errno. */
static int
sockets_bind(const struct listen_address *a, bool v6_only)
{
	const int on = 1, only = v6_only;
	int fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int saved;

	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (a->sa.ss_family != AF_INET6 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) == 0) &&
	    bind(fd, (const struct sockaddr *)&a->sa, a->len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	closefd(&fd);
	errno = saved;
	return -1;
}

/* Says which process has the port, because its message may have gone to another terminal. */
static void
sockets_log_in_use(const char *address, uint16_t port)
{
	const struct log_field error = L_STR("error", strerror(EADDRINUSE));
	struct tcp_process holder;

	if (tcp_listeners_find_process(port, &holder))
		log_event(LOG_ERROR, "listen_failed", L_STR("address", address), error,
		    L_INT("pid", holder.pid), L_STR("program", holder.program),
		    L_STR("help",
			"stop this process, or set PORT, LISTEN or PROXY_LISTEN to a free "
			"port"));
	else
		log_event(LOG_ERROR, "listen_failed", L_STR("address", address), error,
		    L_STR("help",
			"another masterd (`pgrep masterd`) or another user's process has this "
			"port: `ss -ltnp` as root shows it; "
			"stop it, or set PORT, LISTEN or PROXY_LISTEN to a free port"));
}

static int
sockets_log_failure(const struct listen_address *a)
{
	const struct socket_address address = socket_address_from(&a->sa);
	char text[SOCKET_ADDRESS_TEXT_SIZE];
	int saved = errno;

	socket_address_format(&address, text);
	errno = saved;
	if (errno == EADDRINUSE)
		sockets_log_in_use(text, address.port);
	else
		log_event(LOG_ERROR, "listen_failed", L_STR("address", text), L_ERRNO());
	return -1;
}

static int
sockets_open_one(struct sockets *s, const struct listen_address *a, bool v6_only)
{
	int fd = sockets_bind(a, v6_only);

	if (fd == -1)
		return sockets_log_failure(a);
	sockets_add(s, fd);
	return 0;
}

static struct listen_address
sockets_any_v4(uint16_t port)
{
	struct listen_address a = {.len = sizeof(struct sockaddr_in)};
	const struct sockaddr_in sin = {
	    .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_ANY),
	};

	memcpy(&a.sa, &sin, sizeof(sin));
	return a;
}

static struct listen_address
sockets_any_v6(uint16_t port)
{
	struct listen_address a = {.len = sizeof(struct sockaddr_in6)};
	const struct sockaddr_in6 sin6 = {
	    .sin6_family = AF_INET6,
	    .sin6_port = htons(port),
	    .sin6_addr = IN6ADDR_ANY_INIT,
	};

	memcpy(&a.sa, &sin6, sizeof(sin6));
	return a;
}

/* Listens on all addresses of the machine: one socket for both families, or IPv4 if the kernel has
 * no IPv6 (EAFNOSUPPORT) or it is disabled (EADDRNOTAVAIL). */
static int
sockets_open_any(struct sockets *s, uint16_t port)
{
	struct listen_address v4 = sockets_any_v4(port), v6 = sockets_any_v6(port);
	int fd = sockets_bind(&v6, false);

	if (fd == -1 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
		log_event(LOG_NOTICE, "no_ipv6", L_ERRNO());
		return sockets_open_one(s, &v4, false);
	}
	if (fd == -1)
		return sockets_log_failure(&v6);
	sockets_add(s, fd);
	return 0;
}

static uint16_t
sockets_port(const struct listen_address *a)
{
	return socket_address_from(&a->sa).port;
}

/* Whether the i-th address is [::] and must accept IPv4, too. */
static bool
sockets_is_dual_stack(const struct listen_list *list, size_t i)
{
	const struct socket_address a = socket_address_from(&list->at[i].sa);

	if (list->at[i].sa.ss_family != AF_INET6 ||
	    memcmp(a.ip.b, &in6addr_any, sizeof(in6addr_any)) != 0)
		return false;
	for (size_t j = 0; j < list->n; j++)
		if (list->at[j].sa.ss_family == AF_INET && sockets_port(&list->at[j]) == a.port)
			return false;
	return true;
}

static int
sockets_open_listed(struct sockets *s, const struct listen_list *list, size_t i)
{
	if (sockets_is_dual_stack(list, i))
		return sockets_open_any(s, sockets_port(&list->at[i]));
	return sockets_open_one(s, &list->at[i], true);
}

/* Opens all; 0, or -1 if an address cannot be opened. */
static int
sockets_open_list(struct sockets *s, const struct listen_list *list)
{
	int result = 0;

	for (size_t i = 0; i < list->n; i++)
		if (sockets_open_listed(s, list, i) == -1)
			result = -1;
	return result;
}

int
sockets_open(struct sockets *s, const struct listen_list *list, uint16_t port)
{
	return list->n == 0 ? sockets_open_any(s, port) : sockets_open_list(s, list);
}

int
sockets_open_proxied(struct sockets *s, const struct listen_list *list)
{
	const size_t before = s->n;
	const int result = sockets_open_list(s, list);

	for (size_t i = before; i < s->n; i++)
		s->at[i].proxied = true;
	return result;
}

/* An option of socket(7); -1 if fd is not a socket. */
static int
sockets_get_option(int fd, int name)
{
	int value;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

static bool
sockets_is_listening_tcp(int fd)
{
	const int domain = sockets_get_option(fd, SO_DOMAIN);

	return (domain == AF_INET || domain == AF_INET6) &&
	    sockets_get_option(fd, SO_TYPE) == SOCK_STREAM &&
	    sockets_get_option(fd, SO_ACCEPTCONN) == 1;
}

int
sockets_inherit(struct sockets *s)
{
	const char *given = getenv("LISTEN_FDNAMES");
	char *names = xstrdup(given == NULL ? "" : given), *rest = names;
	int n = service_manager_inherited_fds(SOCKETS_MAX), result = n == -1 ? -1 : 0;

	for (int fd = SERVICE_MANAGER_FIRST_FD; fd < SERVICE_MANAGER_FIRST_FD + n; fd++) {
		const char *name = strsep(&rest, ":");

		if (!sockets_is_listening_tcp(fd) || fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
		    fd_nonblock(fd) == -1) {
			log_event(LOG_ERROR, "inherited_unusable", L_INT("fd", fd),
			    L_STR("why", "not a listening TCP socket"));
			result = -1;
			continue;
		}
		sockets_add(s, fd);
		s->at[s->n - 1].inherited = true;
		s->at[s->n - 1].proxied = name != NULL && strcmp(name, SOCKETS_PROXY_NAME) == 0;
	}
	free(names);
	return result;
}

void
sockets_close(struct sockets *s)
{
	for (size_t i = 0; i < s->n; i++)
		closefd(&s->at[i].fd);
	s->n = 0;
}
