#include "proto/base/socket_address.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"

struct socket_address
socket_address_from(const struct sockaddr_storage *ss)
{
	struct socket_address a;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		a.ip = ip_from_bytes((struct slice){(const uint8_t *)&sin.sin_addr, 4});
		a.port = ntohs(sin.sin_port);
		return a;
	}
	must(ss->ss_family == AF_INET6);
	memcpy(&sin6, ss, sizeof(sin6));
	a.ip = ip_from_bytes((struct slice){sin6.sin6_addr.s6_addr, 16});
	a.port = ntohs(sin6.sin6_port);
	return a;
}

struct socket_address
socket_address_bound(int fd)
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof(ss);

	must(getsockname(fd, (struct sockaddr *)&ss, &len) == 0);
	return socket_address_from(&ss);
}

bool
socket_address_is_loopback(const struct socket_address *a)
{
	if (a->ip.len == 4)
		return a->ip.b[0] == IN_LOOPBACKNET;
	return memcmp(a->ip.b, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
}

void
socket_address_format(const struct socket_address *a, char out[SOCKET_ADDRESS_TEXT_SIZE])
{
	char text[IP_TEXT_SIZE];

	ip_format(&a->ip, text);
	snprintf(
	    out, SOCKET_ADDRESS_TEXT_SIZE, a->ip.len == 4 ? "%s:%u" : "[%s]:%u", text, a->port);
}
