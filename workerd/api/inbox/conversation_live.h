/*
 * The handlers of conversation_live.c; workerd/api/routes.def has their paths.
 */
#ifndef WORKERD_API_INBOX_CONVERSATION_LIVE_H
#define WORKERD_API_INBOX_CONVERSATION_LIVE_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_conversations_events;
api_handler_fn handle_conversations_typing;
api_handler_fn handle_conversations_presence;

#endif
