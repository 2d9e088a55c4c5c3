/*
 * The limit MAX_CONNECTIONS_PER_ADDRESS, over all workers (proto/ipc/connection_counts.h).
 *
 * Connections from a trusted proxy are exempt, since the client's address is known only once a request
 * has been read. Behind a proxy only WebSockets are counted (guard_connection).
 */
#ifndef WORKERD_API_REQUEST_CONNECTION_LIMIT_H
#define WORKERD_API_REQUEST_CONNECTION_LIMIT_H

#include "proto/base/network.h"
#include "workerd/api/request/api_state.h"

/* The key under which a client address is counted; 0: no limit applies to it. */
uint64_t connection_limit_key(const struct api *api, const struct ip_address *address);

/* The address of a visitor, for its share of budgets; none for one to which no limit applies. */
struct ip_address connection_limit_client(
    const struct api *api, const struct ip_address *address);

/* Counts one more connection of an address. False: the address has as many as the limit allows, and
 * this one was not counted. Else *key is for connection_limit_release(); 0: it was exempt. */
[[gnu::warn_unused_result]] bool connection_limit_take(
    struct api *api, const struct ip_address *address, uint64_t *key);

/* The connection has ended. key: not 0. */
void connection_limit_release(struct api *api, uint64_t key);

#endif
