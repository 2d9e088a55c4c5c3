/*
 * IP addresses, freed from the socket interface's three ways to hold one.
 */
#include "proto/base/socket_address.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"

struct address
address_of(const struct sockaddr_storage *ss)
{
	struct address a = {0};
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		a.port = ntohs(sin.sin_port);
		a.len = 4;
		memcpy(a.bytes, &sin.sin_addr, 4);
		return a;
	}
	must(ss->ss_family == AF_INET6);
	memcpy(&sin6, ss, sizeof(sin6));
	a.port = ntohs(sin6.sin6_port);
	a.len = IN6_IS_ADDR_V4MAPPED(&sin6.sin6_addr) ? 4 : 16;
	memcpy(a.bytes, &sin6.sin6_addr.s6_addr[16 - a.len], a.len);
	return a;
}

struct address
address_bound(int fd)
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof(ss);

	must(getsockname(fd, (struct sockaddr *)&ss, &len) == 0);
	return address_of(&ss);
}

bool
address_is_loopback(const struct address *a)
{
	if (a->len == 4)
		return a->bytes[0] == IN_LOOPBACKNET;
	return memcmp(a->bytes, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
}

void
address_format(const struct address *a, char out[ADDRESS_TEXT])
{
	char text[INET6_ADDRSTRLEN];

	must(inet_ntop(a->len == 4 ? AF_INET : AF_INET6, a->bytes, text, sizeof(text)) != NULL);
	snprintf(out, ADDRESS_TEXT, a->len == 4 ? "%s:%u" : "[%s]:%u", text, a->port);
}
