/*
 * The handlers of this folder; workerd/api/routes.def has their paths. Only the adapter of the channel may use them: it proves
 * that by a signature (workerd/webhooks/channel_proof.h).
 */
#ifndef WORKERD_API_CHANNELS_CHANNELS_HANDLERS_H
#define WORKERD_API_CHANNELS_CHANNELS_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_channel_file, handle_channel_message, handle_channel_receipt;

#endif
