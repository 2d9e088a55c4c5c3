/*
 * Structures and answers of messages as JSON, in the form that workerd/structure reads.
 */
#ifndef WORKERD_API_ATTACHED_STRUCTURE_JSON_H
#define WORKERD_API_ATTACHED_STRUCTURE_JSON_H

#include "proto/ipc/messages.h"
#include "workerd/api/request/json_writer.h"

/* Writes the members buttons, cards and form of a structure, those that it has. */
void structure_json_write_members(struct json_writer *j, struct slice parts);

/* Writes a message's members `structure`, with its lead as `text`, and `answer`, if it has them. A client that shows the first
 * leaves out the rest of the text. */
void structure_json_write(struct json_writer *j, const struct msg_message_record *r);

#endif
