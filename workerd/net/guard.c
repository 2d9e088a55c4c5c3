/*
 * Each connection is checked twice: before its socket is made (CURLOPT_OPENSOCKETFUNCTION), and when libcurl is about to send
 * the request (CURLOPT_PREREQFUNCTION), also on a connection that was kept open for further requests.
 */
#include "workerd/net/guard.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "proto/base/basics.h"
#include "proto/base/socket_address.h"

#define ANY_PORT 9

/* libcurl checks the form of addresses, so none has another family. */
static struct ip_address
guard_address(const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_storage ss = {0};

	if (len > sizeof(ss) || (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
		return (struct ip_address){0};
	memcpy(&ss, sa, len);
	return socket_address_from(&ss).ip;
}

/* The address from which this machine would connect to that one, without sending anything; no address if there is no
 * route. False: out of descriptors. */
static bool
guard_source(const struct ip_address *to, struct ip_address *source)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(ANY_PORT)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(ANY_PORT)};
	const struct sockaddr *sa = to->len == 4 ? (void *)&in : (void *)&in6;
	socklen_t len = to->len == 4 ? sizeof(in) : sizeof(in6);
	struct sockaddr_storage from = {0};
	socklen_t from_len = sizeof(from);
	int fd = socket(sa->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*source = (struct ip_address){0};
	if (fd == -1)
		return false;
	memcpy(to->len == 4 ? (void *)&in.sin_addr : (void *)&in6.sin6_addr, to->b, to->len);
	if (connect(fd, sa, len) == 0 &&
	    getsockname(fd, (struct sockaddr *)&from, &from_len) == 0)
		*source = socket_address_from(&from).ip;
	closefd(&fd);
	return true;
}

/* The kernel reaches an address of this machine from that address itself (ip-route(8), the table local; RFC 6724, rule
 * 1). */
static bool
guard_is_own(const struct ip_address *a)
{
	struct ip_address source;

	return !guard_source(a, &source) || slice_eq(ip_slice(&source), ip_slice(a));
}

enum guard_verdict
guard_judge(const struct ip_address *address, const struct network_list *allowed)
{
	struct ip_address inner = ip_embedded(address);

	if (!ip_may_connect(address, allowed))
		return GUARD_NOT_PUBLIC;
	if (network_list_has(allowed, address) || network_list_has(allowed, &inner))
		return GUARD_PASSES;
	return guard_is_own(address) || guard_is_own(&inner) ? GUARD_OWN : GUARD_PASSES;
}

/* Whether it passes; else the reason is kept. */
static bool
guard_passes(struct guard *g, const struct ip_address *address)
{
	enum guard_verdict verdict = guard_judge(address, g->allowed);

	if (verdict != GUARD_PASSES)
		g->refused = verdict;
	return verdict == GUARD_PASSES;
}

/* CURLOPT_OPENSOCKETFUNCTION. */
static curl_socket_t
guard_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct ip_address to = guard_address(&address->addr, address->addrlen);

	(void)purpose;
	if (!guard_passes(arg, &to))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* CURLOPT_PREREQFUNCTION. */
static int
guard_on_request(void *arg, char *peer, char *local, int peer_port, int local_port)
{
	struct ip_address to;

	(void)local;
	(void)peer_port;
	(void)local_port;
	if (ip_parse(slice_str(peer), &to) == 0 && guard_passes(arg, &to))
		return CURL_PREREQFUNC_OK;
	return CURL_PREREQFUNC_ABORT;
}

void
guard_start(struct guard *g, void *easy, const struct network_list *allowed)
{
	*g = (struct guard){.allowed = allowed};
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, guard_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, g);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, guard_on_request);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, g);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* A resolver's thread must not delay the end of the process. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

const char *
guard_refusal(const struct guard *g)
{
	switch (g->refused) {
	case GUARD_NOT_PUBLIC:
		return "the host's address is not public";
	case GUARD_OWN:
		return "the host's address is one of this machine";
	case GUARD_PASSES:
		break;
	}
	return NULL;
}
