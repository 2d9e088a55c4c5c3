/*
 * The handler of each request. The table is searched from its start for each request, so the most
 * frequent ones come first.
 */
#include "storaged/server/handlers.h"
#include "storaged/budgets/budget_requests.h"

#include "proto/base/basics.h"
#include "storaged/changes/changes_read.h"
#include "storaged/content/embeddings.h"
#include "storaged/content/passages.h"
#include "storaged/content/source_pages.h"
#include "storaged/content/source_reading.h"
#include "storaged/content/source_requests.h"
#include "storaged/content/uploads.h"
#include "storaged/conversations/conversations.h"
#include "storaged/duty/availability.h"
#include "storaged/duty/responses.h"
#include "storaged/files/files.h"
#include "storaged/files/media.h"
#include "storaged/import/import.h"
#include "storaged/inbox/inbox.h"
#include "storaged/inbox/operator_message.h"
#include "storaged/inbox/takeover.h"
#include "storaged/indexing/index_read.h"
#include "storaged/keys/keys.h"
#include "storaged/mail/mails.h"
#include "storaged/mailing/mail_results.h"
#include "storaged/mailing/resets.h"
#include "storaged/mailing/transcripts.h"
#include "storaged/mailing/unseen.h"
#include "storaged/numbers/numbers_requests.h"
#include "storaged/records/contacts.h"
#include "storaged/records/invitations.h"
#include "storaged/records/login_requests.h"
#include "storaged/records/organization_create.h"
#include "storaged/records/organizations.h"
#include "storaged/records/record_requests.h"
#include "storaged/records/users.h"
#include "storaged/records/widgets.h"
#include "storaged/request/store_time.h"
#include "storaged/server/backups.h"
#include "storaged/server/log_requests.h"
#include "storaged/server/status.h"
#include "storaged/steps/steps.h"
#include "storaged/turns/turn_budget.h"
#include "storaged/turns/turn_join.h"
#include "storaged/turns/turns.h"
#include "storaged/turns/widget_status.h"
#include "storaged/visitors/contact_submit.h"
#include "storaged/visitors/erase.h"
#include "storaged/visitors/erase_plan.h"
#include "storaged/visitors/file_begin.h"
#include "storaged/visitors/room_requests.h"
#include "storaged/visitors/visitors.h"
#include "storaged/webhooks/webhook_requests.h"

static const struct handler table[] = {
    {MSG_TURN_CHECKPOINT, HANDLER_WRITES, handle_turn_checkpoint},
    {MSG_TURN_BEGIN, HANDLER_MAY_WRITE, handle_turn_begin},
    {MSG_TURN_FINISH, HANDLER_WRITES, handle_turn_finish},
    {MSG_TURN_RESERVE, HANDLER_WRITES, handle_turn_reserve},
    {MSG_TOOLS_READ, HANDLER_READS, handle_tools_read},
    {MSG_STEP_PUT, HANDLER_WRITES, handle_step_put},
    {MSG_LIVE_PUBLISH, HANDLER_TELLS, handle_live_publish},
    {MSG_LIVE_UNSAVED, HANDLER_TELLS, handle_live_unsaved},
    {MSG_CHANGES_READ, HANDLER_READS, handle_changes_read},
    {MSG_TURN_JOIN, HANDLER_READS, handle_turn_join},
    {MSG_TURN_LEAVE, HANDLER_TELLS, handle_turn_leave},
    {MSG_TURN_STOP, HANDLER_TELLS, handle_turn_stop},
    {MSG_LOGIN_CHECK, HANDLER_READS, handle_login_check},
    {MSG_CONVERSATION_LIST, HANDLER_READS_MUCH, handle_conversation_list},
    {MSG_CONVERSATION_LOOKUP, HANDLER_READS_MUCH, handle_conversation_lookup},
    {MSG_MESSAGE_LIST, HANDLER_READS_MUCH, handle_message_list},
    {MSG_SESSION_HISTORY, HANDLER_READS, handle_session_history},
    {MSG_OPERATOR_MESSAGE, HANDLER_WRITES, handle_operator_message},
    {MSG_TAKEOVER, HANDLER_WRITES, handle_takeover},
    {MSG_HANDBACK, HANDLER_WRITES, handle_handback},
    {MSG_LOGIN_CREATE, HANDLER_WRITES, handle_login_create},
    {MSG_LOGIN_DELETE, HANDLER_DELETES, handle_login_delete},
    {MSG_CONVERSATION_ERASE, HANDLER_DELETES, handle_conversation_erase},
    {MSG_ERASURE_PLAN, HANDLER_WRITES, handle_erasure_plan},
    {MSG_VISITOR_ERASE, HANDLER_DELETES, handle_visitor_erase},
    {MSG_STATUS_GET, HANDLER_READS, handle_status_get},
    {MSG_STORE_INFO_GET, HANDLER_READS, handle_store_info_get},
    {MSG_BACKUP_DONE, HANDLER_WRITES, handle_backup_done},
    {MSG_CLOCK_RESET, HANDLER_WRITES, handle_clock_reset},
    {MSG_IMPORT_CONVERSATION, HANDLER_WRITES, handle_import_conversation},
    {MSG_IMPORT_MESSAGE, HANDLER_WRITES, handle_import_message},
    {MSG_IMPORT_NEW_MESSAGE, HANDLER_WRITES, handle_import_new_message},
    {MSG_IMPORT_LOGIN, HANDLER_WRITES, handle_import_login},
    {MSG_IMPORT_CLIENT_ID, HANDLER_WRITES, handle_import_client_id},
    {MSG_IMPORT_SOURCE_PAGE, HANDLER_WRITES, handle_import_source_page},
    {MSG_ORG_CREATE, HANDLER_WRITES, handle_org_create},
    {MSG_ORG_LIST, HANDLER_READS, handle_org_list},
    {MSG_ORG_GET, HANDLER_READS, handle_org_get},
    {MSG_PRICES_PUT, HANDLER_WRITES, handle_prices_put},
    {MSG_RIGHTS_PUT, HANDLER_WRITES, handle_rights_put},
    {MSG_HOURS_PUT, HANDLER_WRITES, handle_hours_put},
    {MSG_AVAILABILITY_SET, HANDLER_WRITES, handle_availability_set},
    {MSG_DUTY_GET, HANDLER_READS, handle_duty_get},
    {MSG_USER_CHANGE, HANDLER_WRITES, handle_user_change},
    {MSG_KEY_CREATE, HANDLER_WRITES, handle_key_create},
    {MSG_KEY_LIST, HANDLER_READS, handle_key_list},
    {MSG_KEY_REVOKE, HANDLER_DELETES, handle_key_revoke},
    {MSG_KEY_CHECK, HANDLER_READS, handle_key_check},
    {MSG_KEY_USED, HANDLER_WRITES, handle_key_used},
    {MSG_INVITATION_CHECK, HANDLER_READS, handle_invitation_check},
    {MSG_INVITATION_ACCEPT, HANDLER_WRITES, handle_invitation_accept},
    {MSG_RESET_ASK, HANDLER_WRITES, handle_reset_ask},
    {MSG_RESET_CHECK, HANDLER_READS, handle_reset_check},
    {MSG_RESET_USE, HANDLER_WRITES, handle_reset_use},
    {MSG_RECORD_GET, HANDLER_READS, handle_record_get},
    {MSG_RECORD_LIST, HANDLER_READS_MUCH, handle_record_list},
    {MSG_RECORD_PUT, HANDLER_WRITES, handle_record_put},
    {MSG_RECORD_DELETE, HANDLER_DELETES, handle_record_delete},
    {MSG_WIDGET_RESET, HANDLER_WRITES, handle_widget_reset},
    {MSG_VISITOR_OPEN, HANDLER_MAY_WRITE, handle_visitor_open},
    {MSG_VISITOR_FOLLOW, HANDLER_READS, handle_visitor_follow},
    {MSG_ROOM_FOLLOW, HANDLER_READS, handle_room_follow},
    {MSG_ROOM_LEAVE, HANDLER_TELLS, handle_room_leave},
    {MSG_WIDGET_SEEN, HANDLER_MAY_WRITE, handle_widget_seen},
    {MSG_WIDGET_STATUS_GET, HANDLER_READS, handle_widget_status_get},
    {MSG_TYPING, HANDLER_READS, handle_typing},
    {MSG_PRESENCE, HANDLER_READS, handle_presence},
    {MSG_CONTACT_SUBMIT, HANDLER_WRITES, handle_contact_submit},
    {MSG_LOGIN_SECRET_GET, HANDLER_MAY_WRITE, handle_login_secret_get},
    {MSG_LOGIN_LIST, HANDLER_READS_MUCH, handle_login_list},
    {MSG_LOGIN_REVOKE, HANDLER_DELETES, handle_login_revoke},
    {MSG_IMPORT_RECORD, HANDLER_WRITES, handle_import_record},
    {MSG_MAIL_LEASE, HANDLER_READS, handle_mail_lease},
    {MSG_MAIL_RESULT, HANDLER_WRITES, handle_mail_result},
    {MSG_MAIL_STOP, HANDLER_WRITES, handle_mail_stop},
    {MSG_TRANSCRIPT_SEND, HANDLER_WRITES, handle_transcript_send},
    {MSG_WEBHOOK_LEASE, HANDLER_TELLS, handle_webhook_lease},
    {MSG_WEBHOOK_LIST, HANDLER_READS, handle_webhook_list},
    {MSG_WEBHOOK_QUEUE, HANDLER_READS, handle_webhook_queue},
    {MSG_WEBHOOK_RESULTS, HANDLER_WRITES, handle_webhook_results},
    {MSG_WEBHOOK_MOVE, HANDLER_WRITES, handle_webhook_move},
    {MSG_WEBHOOK_SECRET, HANDLER_WRITES, handle_webhook_secret},
    {MSG_DELIVERY_LIST, HANDLER_READS_MUCH, handle_delivery_list},
    {MSG_DELIVERY_RETRY, HANDLER_WRITES, handle_delivery_retry},
    {MSG_NUMBERS_READ, HANDLER_READS_MUCH, handle_numbers_read},
    {MSG_BUDGET_LIST, HANDLER_READS, handle_budget_list},
    {MSG_BUDGET_PUT, HANDLER_WRITES, handle_budget_put},
    {MSG_INDEX_READ, HANDLER_READS, handle_index_read},
    {MSG_INDEX_REPORT, HANDLER_TELLS, handle_index_report},
    {MSG_INDEX_LOOKUP, HANDLER_READS, handle_index_lookup},
    {MSG_PASSAGES_READ, HANDLER_READS, handle_passages_read},
    {MSG_CONTENT_READ, HANDLER_READS, handle_content_read},
    {MSG_SOURCE_PAGE_PUT, HANDLER_WRITES, handle_source_page_put},
    {MSG_SOURCE_TEXT_READ, HANDLER_READS_MUCH, handle_source_text_read},
    {MSG_CONTENT_SEE, HANDLER_READS, handle_content_see},
    {MSG_CONTENT_LIST, HANDLER_READS_MUCH, handle_content_list},
    {MSG_EMBEDDING_NEXT, HANDLER_READS, handle_embedding_next},
    {MSG_EMBEDDING_FIND, HANDLER_READS, handle_embedding_find},
    {MSG_VECTORS_PUT, HANDLER_WRITES, handle_vectors_put},
    {MSG_EMBEDDING_LEASE, HANDLER_TELLS, handle_embedding_lease},
    {MSG_CRAWL_READ, HANDLER_READS, handle_crawl_read},
    {MSG_SOURCE_STATE_PUT, HANDLER_WRITES, handle_source_state_put},
    {MSG_SOURCE_PAGE_LIST, HANDLER_READS_MUCH, handle_source_page_list},
    {MSG_SOURCE_PAGE_DELETE, HANDLER_DELETES, handle_source_page_delete},
    {MSG_UPLOAD_READ, HANDLER_READS, handle_upload_read},
    {MSG_FILE_APPEND, HANDLER_WRITES, handle_file_append},
    {MSG_FILE_READ, HANDLER_READS, handle_file_read},
    {MSG_FILE_BEGIN, HANDLER_WRITES, handle_file_begin},
    {MSG_FILE_GET, HANDLER_READS, handle_file_get},
    {MSG_FILE_REMOVE, HANDLER_DELETES, handle_file_remove},
    {MSG_FILE_DESCRIBE, HANDLER_WRITES, handle_file_describe},
    {MSG_MEDIA_LEASE, HANDLER_READS, handle_media_lease},
    {MSG_MEDIA_READ, HANDLER_READS, handle_media_read},
    {MSG_MEDIA_APPEND, HANDLER_WRITES, handle_media_append},
    {MSG_MEDIA_RESULT, HANDLER_WRITES, handle_media_result},
    {MSG_IMPORT_FILE_PIECE, HANDLER_WRITES, handle_import_file_piece},
    {MSG_SOURCE_UPLOAD, HANDLER_WRITES, handle_source_upload},
    {MSG_SOURCE_ASK, HANDLER_WRITES, handle_source_ask},
    {MSG_SOURCE_STATE_LIST, HANDLER_READS, handle_source_state_list},
    {MSG_CONVERSATION_CHANGE, HANDLER_WRITES, handle_conversation_change},
    {MSG_LABEL_COUNT_LIST, HANDLER_READS_MUCH, handle_label_count_list},
    {MSG_STEP_LIST, HANDLER_READS, handle_step_list},
    {MSG_STEPS_OPEN, HANDLER_READS, handle_steps_open},
    {MSG_STEP_DECIDE, HANDLER_WRITES, handle_step_decide},
    {MSG_STEP_TAKE, HANDLER_WRITES, handle_step_take},
    {MSG_STEP_END, HANDLER_WRITES, handle_step_end},
    {MSG_NOTE_ADD, HANDLER_WRITES, handle_note_add},
    {MSG_NOTE_LIST, HANDLER_READS, handle_note_list},
    {MSG_NOTE_DELETE, HANDLER_DELETES, handle_note_delete},
    {MSG_MENTION_LIST, HANDLER_READS, handle_mention_list},
    {MSG_MENTION_READ, HANDLER_WRITES, handle_mention_read},
    {MSG_FOLLOW_SET, HANDLER_WRITES, handle_follow_set},
    {MSG_RATING_SET, HANDLER_WRITES, handle_rating_set},
    {MSG_RECEIPT_SET, HANDLER_WRITES, handle_receipt_set},
    {MSG_PAGE_SET, HANDLER_WRITES, handle_page_set},
    {MSG_CONTEXT_SET, HANDLER_WRITES, handle_context_set},
    {MSG_READ_ALL, HANDLER_WRITES, handle_read_all},
    {MSG_CONTACT_MERGE, HANDLER_WRITES, handle_contact_merge},
    {MSG_PING, HANDLER_READS, handle_ping},
    {MSG_CRASH_REPORT, HANDLER_TELLS, handle_crash_report},
    {MSG_HAND_OVER, HANDLER_TELLS, handle_hand_over},
};

const struct handlers store_handlers = {table, ARRAY_LEN(table), NULL};

/* For those that a standby serves. All others are refused by one handler. */
static const struct handler standby_table[] = {
    {MSG_STATUS_GET, HANDLER_READS, handle_status_get},
    {MSG_PING, HANDLER_READS, handle_ping},
    {MSG_BACKUP_DONE, HANDLER_TELLS, handle_backup_of_standby},
};

static const struct handler standby_refuses = {0, HANDLER_TELLS, handle_on_standby};

const struct handlers standby_handlers = {
    standby_table, ARRAY_LEN(standby_table), &standby_refuses};
