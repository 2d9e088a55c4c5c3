/*
 * Who may have one more connection: an address has at most MAX_CONNECTIONS_PER_ADDRESS, in all
 * workers together, so that nobody takes all of them for himself. Behind a proxy that we trust only
 * WebSockets are counted, as the address is known only then (guard_socket_place()).
 */
#ifndef WORKERD_API_GUARD_ADMISSION_H
#define WORKERD_API_GUARD_ADMISSION_H

#include "workerd/http/conn.h"

/* What conn.h asks for; ctx is the struct api. */
bool api_arrived(const struct http_peer *peer, uint64_t *place, void *ctx);
void api_left(uint64_t place, void *ctx);

#endif
