/*
 * A request of a channel's adapter, while the store is asked for the channel.
 */
#ifndef WORKERD_API_CHANNELS_CHANNEL_QUERY_H
#define WORKERD_API_CHANNELS_CHANNEL_QUERY_H

#include "workerd/api/request/store_query.h"

struct channel_query;

/* Called when the adapter has proved that it is the channel's. Goes on with the query, or ends it. */
typedef void channel_found_fn(struct channel_query *q);

struct channel_query {
	struct store_query q; /* first */
	struct api_call call;
	struct id channel, widget; /* q.org has the organization */
	channel_found_fn *found;
};

/* Finds the channel of the path. Otherwise answers: 404; 401 with what a proof would be; 409 if it is disabled. size: of a
 * struct that begins with channel_query. */
void channel_query_start(const struct api_call *c, size_t size, channel_found_fn *found,
    void (*on_end)(struct store_query *q));

/* Ends it with 400. */
void channel_query_refuse_body(struct channel_query *q, const char *details);

#endif
