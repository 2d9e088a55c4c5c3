/*
 * The handlers of this folder (workerd/api/routes.def).
 */
#ifndef WORKERD_API_PRICES_PRICES_HANDLERS_H
#define WORKERD_API_PRICES_PRICES_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_prices_get;
api_handler_fn handle_prices_change;

#endif
