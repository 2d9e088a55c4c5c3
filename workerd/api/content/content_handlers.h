/*
 * The handlers of the owner's content; workerd/api/routes.def has their paths.
 */
#ifndef WORKERD_API_CONTENT_CONTENT_HANDLERS_H
#define WORKERD_API_CONTENT_CONTENT_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_sources_list;
api_handler_fn handle_sources_create;
api_handler_fn handle_sources_get;
api_handler_fn handle_sources_change;
api_handler_fn handle_sources_delete;
api_handler_fn handle_sources_crawl;
api_handler_fn handle_sources_removal;
api_handler_fn handle_source_pages_list;
api_handler_fn handle_source_pages_get;
api_handler_fn handle_source_pages_delete;
api_handler_fn handle_source_content_put;
api_handler_fn handle_answers_list;
api_handler_fn handle_answers_create;
api_handler_fn handle_answers_get;
api_handler_fn handle_answers_change;
api_handler_fn handle_answers_delete;
api_handler_fn handle_gaps_list;
api_handler_fn handle_gaps_close;
api_handler_fn handle_find;

#endif
