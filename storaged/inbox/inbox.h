/*
 * What an organization's users note about conversations: state, assignment, tags, what they have read, private
 * notes; and what visitors tell about themselves: the page they have open, and ratings. All of it belongs to a
 * conversation and is erased with it.
 */
#ifndef STORAGED_INBOX_INBOX_H
#define STORAGED_INBOX_INBOX_H

#include "storaged/request/call.h"

/* Finds a conversation of an organization, or refuses (NOT_FOUND): another organization's is not found. */
[[gnu::warn_unused_result]] int inbox_find(struct txn *t, struct call *c, const struct id *org,
    const struct id *conversation, struct msg_conversation_record *record);

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int handle_conversation_change(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_read_all(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_label_count_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_note_add(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_note_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_note_delete(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_mention_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_mention_read(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_follow_set(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_rating_set(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_receipt_set(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_page_set(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_context_set(struct txn *t, struct call *c);

/* MSG_IMPORT_RECORD of a note. */
[[gnu::warn_unused_result]] int note_import(
    struct txn *t, struct call *c, const struct msg_note_record *r);

#define NOTES_MAX 500u /* of a conversation */

#endif
