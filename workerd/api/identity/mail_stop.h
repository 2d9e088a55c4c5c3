/*
 * The handler of POST /v1/mails/stop.
 */
#ifndef WORKERD_API_IDENTITY_MAIL_STOP_H
#define WORKERD_API_IDENTITY_MAIL_STOP_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_mails_stop;

#endif
