/*
 * The handlers of this folder; workerd/api/routes.def has their paths.
 */
#ifndef WORKERD_API_TOOLS_TOOL_HANDLERS_H
#define WORKERD_API_TOOLS_TOOL_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_tools_list;
api_handler_fn handle_tools_create;
api_handler_fn handle_tools_get;
api_handler_fn handle_tools_change;
api_handler_fn handle_tools_delete;
api_handler_fn handle_tools_test;
api_handler_fn handle_mcp_tools;
api_handler_fn handle_conversations_steps;
api_handler_fn handle_steps_list;
api_handler_fn handle_steps_decide;

#endif
