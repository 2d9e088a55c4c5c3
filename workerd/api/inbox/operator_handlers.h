/*
 * The handlers of people who answer in a conversation; workerd/api/routes.def has their paths.
 */
#ifndef WORKERD_API_INBOX_OPERATOR_HANDLERS_H
#define WORKERD_API_INBOX_OPERATOR_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_conversations_takeover;
api_handler_fn handle_conversations_handback;
api_handler_fn handle_conversations_write;

#endif
