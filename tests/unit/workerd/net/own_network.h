/*
 * A network of the test's own, with nothing but loopback: tests can give this machine public addresses. Needs root.
 */
#ifndef TESTS_UNIT_WORKERD_NET_OWN_NETWORK_H
#define TESTS_UNIT_WORKERD_NET_OWN_NETWORK_H

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/basics.h"

static bool own_network_entered;

static void
own_network_ioctl(int family, unsigned long request, void *arg)
{
	int fd = socket(family, SOCK_DGRAM, 0);

	must(fd != -1 && ioctl(fd, request, arg) == 0);
	closefd(&fd);
}

/* Enters it; false: not permitted. For the whole process, before its threads. */
static bool
own_network_enter(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	if (unshare(CLONE_NEWNET) == -1)
		return false;
	own_network_ioctl(AF_INET, SIOCSIFFLAGS, &lo);
	own_network_entered = true;
	return true;
}

/* Gives this machine an IPv4 address, in place of the last one. */
[[maybe_unused]] static void
own_network_set_v4(const char *address)
{
	struct ifreq lo = {.ifr_name = "lo:1"};
	struct sockaddr_in in = {.sin_family = AF_INET};

	must(inet_pton(AF_INET, address, &in.sin_addr) == 1);
	memcpy(&lo.ifr_addr, &in, sizeof(in));
	own_network_ioctl(AF_INET, SIOCSIFADDR, &lo);
	in.sin_addr.s_addr = INADDR_NONE; /* 255.255.255.255 */
	memcpy(&lo.ifr_addr, &in, sizeof(in));
	own_network_ioctl(AF_INET, SIOCSIFNETMASK, &lo);
}

/* SIOCSIFADDR or SIOCDIFADDR of an IPv6 address. */
[[maybe_unused]] static void
own_network_change_v6(unsigned long request, const char *address)
{
	/* struct in6_ifreq; <linux/ipv6.h> conflicts with <netinet/in.h>. */
	struct {
		struct in6_addr address;
		uint32_t prefix;
		int interface;
	} lo = {.prefix = 128, .interface = (int)if_nametoindex("lo")};

	must(inet_pton(AF_INET6, address, &lo.address) == 1);
	own_network_ioctl(AF_INET6, request, &lo);
}

#endif
