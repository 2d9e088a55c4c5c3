/*
 * The handler of each request. The table is searched from its start for each request, so the most
 * frequent ones come first.
 */
#include "storaged/server/handlers.h"

#include "proto/base/basics.h"
#include "storaged/conversations/conversations.h"
#include "storaged/import/import.h"
#include "storaged/records/agents.h"
#include "storaged/records/keys.h"
#include "storaged/records/login_requests.h"
#include "storaged/records/organization_create.h"
#include "storaged/records/organizations.h"
#include "storaged/records/users.h"
#include "storaged/records/widgets.h"
#include "storaged/server/status.h"
#include "storaged/turns/turn_join.h"
#include "storaged/turns/turns.h"
#include "storaged/visitors/contacts.h"
#include "storaged/visitors/erase.h"
#include "storaged/visitors/visitors.h"

static const struct handler table[] = {
    {MSG_TURN_CHECKPOINT, HANDLER_WRITES, handle_turn_checkpoint},
    {MSG_TURN_BEGIN, HANDLER_MAY_WRITE, handle_turn_begin},
    {MSG_TURN_FINISH, HANDLER_WRITES, handle_turn_finish},
    {MSG_LIVE_PUBLISH, HANDLER_TELLS, handle_live_publish},
    {MSG_LIVE_UNSAVED, HANDLER_TELLS, handle_live_unsaved},
    {MSG_TURN_JOIN, HANDLER_READS, handle_turn_join},
    {MSG_TURN_LEAVE, HANDLER_TELLS, handle_turn_leave},
    {MSG_TURN_STOP, HANDLER_TELLS, handle_turn_stop},
    {MSG_LOGIN_CHECK, HANDLER_READS, handle_login_check},
    {MSG_CONVERSATION_LIST, HANDLER_READS, handle_conversation_list},
    {MSG_MESSAGE_LIST, HANDLER_READS, handle_message_list},
    {MSG_SESSION_HISTORY, HANDLER_READS, handle_session_history},
    {MSG_LOGIN_CREATE, HANDLER_WRITES, handle_login_create},
    {MSG_LOGIN_DELETE, HANDLER_DELETES, handle_login_delete},
    {MSG_CONVERSATION_ERASE, HANDLER_DELETES, conversation_erase},
    {MSG_VISITOR_ERASE, HANDLER_DELETES, visitor_erase},
    {MSG_STATUS_GET, HANDLER_READS, status_get},
    {MSG_BACKUP_DONE, HANDLER_WRITES, backup_done},
    {MSG_IMPORT_CONVERSATION, HANDLER_WRITES, handle_import_conversation},
    {MSG_IMPORT_MESSAGE, HANDLER_WRITES, handle_import_message},
    {MSG_IMPORT_LOGIN, HANDLER_WRITES, handle_import_login},
    {MSG_IMPORT_CLIENT_ID, HANDLER_WRITES, handle_import_client_id},
    {MSG_ORG_CREATE, HANDLER_WRITES, org_create},
    {MSG_ORG_LIST, HANDLER_READS, org_list},
    {MSG_ORG_GET, HANDLER_READS, org_get},
    {MSG_USER_CREATE, HANDLER_WRITES, user_create},
    {MSG_USER_LIST, HANDLER_READS, user_list},
    {MSG_USER_GET, HANDLER_READS, user_get},
    {MSG_USER_CHANGE, HANDLER_WRITES, user_change},
    {MSG_USER_DELETE, HANDLER_DELETES, user_delete},
    {MSG_KEY_CREATE, HANDLER_WRITES, key_create},
    {MSG_KEY_LIST, HANDLER_READS, key_list},
    {MSG_KEY_REVOKE, HANDLER_DELETES, key_revoke},
    {MSG_KEY_CHECK, HANDLER_READS, key_check},
    {MSG_AGENT_PUT, HANDLER_WRITES, agent_put},
    {MSG_AGENT_GET, HANDLER_READS, agent_get},
    {MSG_AGENT_LIST, HANDLER_READS, agent_list},
    {MSG_AGENT_DELETE, HANDLER_DELETES, agent_delete},
    {MSG_WIDGET_PUT, HANDLER_WRITES, widget_put},
    {MSG_WIDGET_GET, HANDLER_READS, widget_get},
    {MSG_WIDGET_LIST, HANDLER_READS, widget_list},
    {MSG_WIDGET_DELETE, HANDLER_DELETES, widget_delete},
    {MSG_WIDGET_RESET, HANDLER_WRITES, widget_reset},
    {MSG_VISITOR_OPEN, HANDLER_MAY_WRITE, visitor_open},
    {MSG_VISITOR_FOLLOW, HANDLER_READS, visitor_follow},
    {MSG_VISITOR_LEAVE, HANDLER_TELLS, visitor_leave},
    {MSG_CONTACT_SUBMIT, HANDLER_WRITES, contact_submit},
    {MSG_CONTACT_LIST, HANDLER_READS, contact_list},
    {MSG_CONTACT_GET, HANDLER_READS, contact_get},
    {MSG_CONTACT_PUT, HANDLER_WRITES, contact_put},
    {MSG_CONTACT_DELETE, HANDLER_DELETES, contact_delete},
    {MSG_LOGIN_LIST, HANDLER_READS, handle_login_list},
    {MSG_LOGIN_REVOKE, HANDLER_DELETES, handle_login_revoke},
    {MSG_IMPORT_RECORD, HANDLER_WRITES, handle_import_record},
    {MSG_PING, HANDLER_READS, status_ping},
};

const struct handlers store_handlers = {table, ARRAY_LEN(table)};
