/*
 * libcurl for URLs that a tenant names: sites, webhooks, and what later programs call. The one place that decides which
 * address they may reach, so that no URL reaches what only this machine or its network should (server-side request
 * forgery):
 * - public addresses only (ip_is_public()), in whatever form they are written or embedded, and those that the operator
 *   allows;
 * - never an address of this machine, which is asked of the kernel's routes for each connection: addresses come and go,
 *   and this machine's firewall does not see a connection to itself;
 * - HTTP and HTTPS only, without a proxy, .netrc or redirects: the caller checks each redirect and starts it again.
 * Decided for each connection, by its address: a name may resolve to another one each time.
 */
#ifndef WORKERD_NET_GUARD_H
#define WORKERD_NET_GUARD_H

#include "proto/base/network.h"

enum guard_verdict {
	GUARD_PASSES,
	GUARD_NOT_PUBLIC,
	GUARD_OWN, /* an address of this machine */
};

/* Of one transfer; embedded in it. */
struct guard {
	const struct network_list *allowed; /* borrowed */
	enum guard_verdict refused;         /* why an address of the host was refused last */
};

/* Whether a connection to this address may be made. */
enum guard_verdict guard_judge(
    const struct ip_address *address, const struct network_list *allowed);

/* Applies the rules to a new easy handle (a CURL pointer). allowed is borrowed, and *g must live as long as the transfer. */
void guard_start(struct guard *g, void *easy, const struct network_list *allowed);

/* What the transfer's owner is told after CURLE_COULDNT_CONNECT or CURLE_ABORTED_BY_CALLBACK; NULL: nothing was refused. */
const char *guard_refusal(const struct guard *g);

#endif
