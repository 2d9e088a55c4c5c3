/*
 * The HTTP interface of a worker: from a request to its handler, and what every answer carries.
 *
 *	HTTP server → routes.def: route → guard/: who may call → handler (chat, widget, admin, pages)
 *
 * Handlers share a struct api (request/api_state.h) and are listed in routes.def.
 */
#ifndef WORKERD_API_API_H
#define WORKERD_API_API_H

#include "workerd/api/request/api_state.h"
#include "workerd/http/http_config.h"

/* Loads the static files and starts the password hasher's thread. All pointers are borrowed and must
 * outlive the API. */
struct api *api_new(const struct settings *settings, struct turns *turns,
    struct store_client *store, struct search_client *search, struct scoreboard *board,
    struct scoreboard_worker *worker);

/* Call it after http_server_free(). */
void api_free(struct api *api);

/* Sets the server's callbacks to this API. */
void api_attach(struct api *api, struct http_server_config *config);

/* The worker drains: ends the streams that have no end of their own. */
void api_drain(struct api *api);

/* Whether no work is left that outlives its connection. */
bool api_is_idle(const struct api *api);

#endif
