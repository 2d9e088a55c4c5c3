/*
 * The handlers of this folder (workerd/api/routes.def).
 */
#ifndef WORKERD_API_ACCOUNTS_ACCOUNTS_HANDLERS_H
#define WORKERD_API_ACCOUNTS_ACCOUNTS_HANDLERS_H

#include "workerd/api/request/api_call.h"

api_handler_fn handle_me_get;
api_handler_fn handle_me_change;
api_handler_fn handle_rights_get;
api_handler_fn handle_rights_change;
api_handler_fn handle_me_password;
api_handler_fn handle_logins_list;
api_handler_fn handle_logins_delete_others;
api_handler_fn handle_logins_delete;
api_handler_fn handle_login_ways;
api_handler_fn handle_login;
api_handler_fn handle_logout;
api_handler_fn handle_invitation_get;
api_handler_fn handle_invitation_join;
api_handler_fn handle_password_reset_ask;
api_handler_fn handle_password_reset_get;
api_handler_fn handle_password_reset_use;

#endif
