/*
 * What the findings of a worker share.
 */
#ifndef WORKERD_KNOWLEDGE_FINDING_SERVICE_H
#define WORKERD_KNOWLEDGE_FINDING_SERVICE_H

#include <event2/event.h>

#include "workerd/knowledge/embedder.h"
#include "workerd/search/search_client.h"
#include "workerd/store/store_client.h"

/* Set by the owner. */
struct finding_service {
	struct event_base *base;
	struct store_client *store;
	struct search_client *search;
	struct scoreboard_worker *board;
	struct embedder *embedder; /* NULL: passages are found by words alone */
};

#endif
