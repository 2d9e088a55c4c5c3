/*
 * The handlers of this folder; workerd/api/routes.def has their paths.
 */
#ifndef WORKERD_API_BUDGETS_BUDGETS_HANDLERS_H
#define WORKERD_API_BUDGETS_BUDGETS_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_budgets_get, handle_budgets_put;

#endif
