/*
 * The handlers of the inbox: people who answer in a conversation, and what they note about it; workerd/api/routes.def has their paths.
 */
#ifndef WORKERD_API_INBOX_OPERATOR_HANDLERS_H
#define WORKERD_API_INBOX_OPERATOR_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_conversations_takeover;
api_handler_fn handle_conversations_handback;
api_handler_fn handle_conversations_transcript;
api_handler_fn handle_conversations_write;
api_handler_fn handle_conversations_change;
api_handler_fn handle_conversations_read;
api_handler_fn handle_conversations_follow;
api_handler_fn handle_conversations_bulk;
api_handler_fn handle_conversations_notes;
api_handler_fn handle_conversations_note;
api_handler_fn handle_conversations_unnote;
api_handler_fn handle_mentions_list;
api_handler_fn handle_mentions_change;
api_handler_fn handle_mentions_read;
api_handler_fn handle_counts_get;

#endif
