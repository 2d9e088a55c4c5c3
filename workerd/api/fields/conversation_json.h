/*
 * A conversation as the admin API shows it.
 */
#ifndef WORKERD_API_FIELDS_CONVERSATION_JSON_H
#define WORKERD_API_FIELDS_CONVERSATION_JSON_H

#include "proto/ipc/messages.h"
#include "workerd/api/request/json_writer.h"

/* Writes the conversation of a page of messages, with what only one conversation has: the visitor's page, the context,
 * and whether the caller follows it. */
void conversation_json_write_opened(
    struct json_writer *j, const char *key, const struct msg_message_page *page);

/* Writes whose conversation a CONVERSATION_RECORD is, with its CONVERSATION_FACE. */
void conversation_json_write_visitor(struct json_writer *j, const char *key,
    const struct msg_conversation_record *r, struct slice face);

/* Writes the only conversation of a page as the member "conversation". */
void conversation_json_write_one(
    struct json_writer *j, const struct msg_conversation_page *page);

/* Writes the list of a page as the member "conversations", newest activity first. newer: the store has listed them
 * in the other order. */
void conversation_json_write_list(
    struct json_writer *j, const struct msg_conversation_page *page, bool newer);

#endif
