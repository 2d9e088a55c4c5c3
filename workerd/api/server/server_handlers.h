/*
 * The handlers of this folder (workerd/api/routes.def).
 */
#ifndef WORKERD_API_SERVER_SERVER_HANDLERS_H
#define WORKERD_API_SERVER_SERVER_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_server_get;

#endif
