/*
 * Handlers of workerd/api/routes.def.
 */
#ifndef WORKERD_API_SEARCH_SEARCH_HANDLERS_H
#define WORKERD_API_SEARCH_SEARCH_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_search;

#endif
