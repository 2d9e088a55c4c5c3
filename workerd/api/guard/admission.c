/*
 * The limit of connections per address, on the scoreboard's tables (proto/ipc/connection_counts.h).
 */
#include "workerd/api/guard/admission.h"

#include <netinet/in.h>
#include <string.h>

#include "proto/base/network.h"
#include "workerd/api/guard/guard.h"

/*
 * A proxy's connections are those of all its clients: one in TRUSTED_PROXIES has no limit, nor has
 * one on this machine that nobody has told us of, which comes from 127.0.0.1 or ::1. (The rest of
 * 127.0.0.0/8 is nobody's habit.) A Unix socket has no address at all.
 */
static bool
is_exempt(const struct settings *settings, const struct ip_address *a)
{
	static const uint8_t here[4] = {127, 0, 0, 1};

	if (a->len == 0 || network_list_has(&settings->trusted_proxies, a))
		return true;
	if (a->len == 4)
		return memcmp(a->b, here, sizeof(here)) == 0;
	return memcmp(a->b, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
}

static struct connection_counts *
own_table(struct api *api)
{
	return &api->board->connection_counts[api->me - api->board->workers];
}

/*
 * One more of this address. false: it has as many as it may have; else *place is what api_left() is to be
 * told, or 0 for nothing.
 *
 * It is counted before it is looked at: of two that reach two workers at once, at the limit, both
 * may be refused, but never are both let in.
 */
static bool
take_place(struct api *api, const struct ip_address *address, uint64_t *place)
{
	struct connection_counts *mine = own_table(api);
	uint64_t key;

	*place = 0;
	if (is_exempt(api->settings, address))
		return true;
	key = connection_counts_key(api->board->connection_counts_secret, ip_client_prefix(address));
	if (!connection_counts_add(mine, key))
		return true;
	if (connection_counts_sum(api->board->connection_counts, metric_get(&api->board->master.slots_used),
		key) > api->settings->max_connections_per_address) {
		connection_counts_remove(mine, key);
		metric_add(&api->me->connections_refused, 1);
		return false;
	}
	*place = key;
	return true;
}

bool
api_arrived(const struct http_peer *peer, uint64_t *place, void *ctx)
{
	const struct ip_address address = ip_from_bytes(peer->address);

	return take_place(ctx, &address, place);
}

void
api_left(uint64_t place, void *ctx)
{
	connection_counts_remove(own_table(ctx), place);
}

/* A request by a proxy is soon over, and the next may be anybody's; a WebSocket is one visitor's for as
 * long as he likes. */
enum guard_verdict
guard_socket_place(struct api_call *c)
{
	struct api_context *context = api_context(c->x);

	if (!context->caller.trusted_peer ||
	    take_place(c->api, &context->caller.address, &context->place))
		return GUARD_NEXT;
	reply_turn_away(c->x);
	return GUARD_REFUSED;
}
