/*
 * The handlers of /health, /health/ready, /v1/openapi.json.
 */
#ifndef WORKERD_API_SERVICE_H
#define WORKERD_API_SERVICE_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_health;
api_handler_fn handle_health_ready;
api_handler_fn handle_openapi;

#endif
