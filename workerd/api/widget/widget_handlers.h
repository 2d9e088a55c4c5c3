/*
 * What the API starts of this folder: the handlers, and the visitors' WebSockets of a worker.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_HANDLERS_H
#define WORKERD_API_WIDGET_WIDGET_HANDLERS_H

#include "workerd/api/request/api_call.h"

/* workerd/api/routes.def has the paths. */
api_handler_fn handle_widget_config;
api_handler_fn handle_widget_settings;
api_handler_fn handle_chat_settings;
api_handler_fn handle_widgets_make_secret;
api_handler_fn handle_widgets_delete_secret;
api_handler_fn handle_widget_socket;

struct widget_sockets;

struct widget_sockets *widget_sockets_new(void);

/* Discards the sockets whose connection has ended and that still wait for the store. All connections
 * must have ended. */
void widget_sockets_free(struct widget_sockets *sockets);

/* Whether no socket waits for the store after its connection has ended. */
bool widget_sockets_is_empty(const struct widget_sockets *sockets);

#endif
