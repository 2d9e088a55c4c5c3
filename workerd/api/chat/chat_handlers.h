/*
 * The handlers of this folder; workerd/api/routes.def has their paths.
 */
#ifndef WORKERD_API_CHAT_CHAT_HANDLERS_H
#define WORKERD_API_CHAT_CHAT_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_chat_reply;
api_handler_fn handle_chat_stream;
api_handler_fn handle_chat_resume;
api_handler_fn handle_chat_stop;
api_handler_fn handle_chat_rating;
api_handler_fn handle_chat_steps;
api_handler_fn handle_chat_decide;
api_handler_fn handle_chat_history;
api_handler_fn handle_chat_events;
api_handler_fn handle_chat_frames;
api_handler_fn handle_chat_typing;

#endif
