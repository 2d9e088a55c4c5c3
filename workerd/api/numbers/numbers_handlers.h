/*
 * The handlers of this folder; workerd/api/routes.def has their paths.
 */
#ifndef WORKERD_API_NUMBERS_NUMBERS_HANDLERS_H
#define WORKERD_API_NUMBERS_NUMBERS_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_numbers_get;

#endif
