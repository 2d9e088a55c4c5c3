/*
 * Parts of a conversation as the admin API shows them.
 */
#ifndef WORKERD_API_FIELDS_ADMIN_JSON_H
#define WORKERD_API_FIELDS_ADMIN_JSON_H

#include "proto/ipc/messages.h"
#include "workerd/api/request/json_writer.h"

/* Writes a message as an object. */
void admin_json_write_message(struct json_writer *j, const struct msg_message_record *r);

/* Writes the members of a receipt. */
void admin_json_write_receipt(struct json_writer *j, const struct msg_message_receipt *receipt);

/* Writes an operator as a member: {"id","name"}, or null for the zero id. */
void admin_json_write_operator(
    struct json_writer *j, const char *key, const struct id *id, struct slice name);

#endif
