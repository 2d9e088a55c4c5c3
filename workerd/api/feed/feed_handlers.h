/*
 * What the API serves of this folder (workerd/api/routes.def has the paths).
 */
#ifndef WORKERD_API_FEED_FEED_HANDLERS_H
#define WORKERD_API_FEED_FEED_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_widget_events;
api_handler_fn handle_widget_frames;
api_handler_fn handle_widget_post;

#endif
