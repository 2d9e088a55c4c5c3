/*
 * Exports: files with conversations, for the owner and for people who ask for their data.
 */
#ifndef WORKERD_API_EXPORT_EXPORT_HANDLERS_H
#define WORKERD_API_EXPORT_EXPORT_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_conversations_export;
api_handler_fn handle_conversations_export_many;
api_handler_fn handle_contacts_export;

#endif
