/*
 * The limit of WebSockets per client address, behind a trusted proxy.
 */
#include "workerd/api/guard/guard.h"

#include "workerd/api/request/connection_limit.h"
#include "workerd/api/request/request_context.h"

/* Only WebSockets: other requests end soon, and the proxy's next one on the same connection may come
 * from another client. */
enum guard_verdict
guard_connection(struct api_call *c)
{
	struct request_context *context = request_context_of(c->x);

	if (!context->client.trusted_peer ||
	    connection_limit_take(c->api, &context->client.address, &context->connection_key))
		return GUARD_NEXT;
	reply_too_many_connections(c->x);
	return GUARD_REFUSED;
}
