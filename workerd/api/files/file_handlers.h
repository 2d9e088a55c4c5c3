/*
 * Files of visitors and operators over HTTP.
 */
#ifndef WORKERD_API_FILES_FILE_HANDLERS_H
#define WORKERD_API_FILES_FILE_HANDLERS_H

#include "workerd/api/request/api_call.h"

/* workerd/api/routes.def has the paths. */
api_handler_fn handle_chat_file, handle_widget_file_begin, handle_admin_file;
api_handler_fn handle_file_download, handle_file_head, handle_file_patch, handle_file_delete;
api_handler_fn handle_file_description;

#endif
