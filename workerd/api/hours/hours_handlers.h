/*
 * The handlers of this folder (workerd/api/routes.def).
 */
#ifndef WORKERD_API_HOURS_HOURS_HANDLERS_H
#define WORKERD_API_HOURS_HOURS_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_hours_get;
api_handler_fn handle_hours_change;
api_handler_fn handle_me_availability;
api_handler_fn handle_widget_availability;
api_handler_fn handle_chat_availability;

#endif
