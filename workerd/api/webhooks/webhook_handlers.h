/*
 * The handlers of this folder; workerd/api/routes.def has their paths. Only owners may use them.
 */
#ifndef WORKERD_API_WEBHOOKS_WEBHOOK_HANDLERS_H
#define WORKERD_API_WEBHOOKS_WEBHOOK_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_webhooks_list;
api_handler_fn handle_webhooks_create;
api_handler_fn handle_webhooks_get;
api_handler_fn handle_webhooks_change;
api_handler_fn handle_webhooks_delete;
api_handler_fn handle_webhooks_test;
api_handler_fn handle_webhooks_secret;
api_handler_fn handle_webhooks_end_old_secret;
api_handler_fn handle_webhooks_deliveries;
api_handler_fn handle_webhooks_retry;

#endif
