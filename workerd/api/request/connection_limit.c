/*
 * Connections per address, in the scoreboard's tables.
 */
#include "workerd/api/request/connection_limit.h"

#include <netinet/in.h>
#include <string.h>

/*
 * Exempt are Unix sockets, TRUSTED_PROXIES, 127.0.0.1 and ::1: a proxy on this machine that
 * TRUSTED_PROXIES does not name connects from one of the latter.
 */
static bool
connection_limit_is_exempt(const struct settings *settings, const struct ip_address *a)
{
	static const uint8_t loopback[4] = {127, 0, 0, 1};

	if (a->len == 0 || network_list_has(&settings->trusted_proxies, a))
		return true;
	if (a->len == 4)
		return memcmp(a->b, loopback, sizeof(loopback)) == 0;
	return memcmp(a->b, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
}

uint64_t
connection_limit_key(const struct api *api, const struct ip_address *address)
{
	if (connection_limit_is_exempt(api->settings, address))
		return 0;
	return connection_counts_key(
	    api->board->connection_counts_secret, ip_client_prefix(address));
}

struct ip_address
connection_limit_client(const struct api *api, const struct ip_address *address)
{
	return connection_limit_is_exempt(api->settings, address) ? (struct ip_address){0}
								  : *address;
}

static struct connection_counts *
connection_limit_table(struct api *api)
{
	return &api->board->connection_counts[api->worker - api->board->workers];
}

/* Counts first and looks then: when two workers take the last place at the same time, both may refuse,
 * but never do both accept. */
bool
connection_limit_take(struct api *api, const struct ip_address *address, uint64_t *key)
{
	struct connection_counts *mine = connection_limit_table(api);

	*key = connection_limit_key(api, address);
	if (*key == 0)
		return true;
	if (!connection_counts_add(mine, *key)) {
		*key = 0;
		return true;
	}
	if (connection_counts_sum(api->board->connection_counts,
		metric_get(&api->board->master.slots_used),
		*key) <= api->settings->max_connections_per_address)
		return true;
	connection_counts_remove(mine, *key);
	metric_add(&api->worker->connections_refused, 1);
	*key = 0;
	return false;
}

void
connection_limit_release(struct api *api, uint64_t key)
{
	connection_counts_remove(connection_limit_table(api), key);
}
