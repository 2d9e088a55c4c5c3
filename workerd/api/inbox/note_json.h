/*
 * A note as the API shows it.
 */
#ifndef WORKERD_API_INBOX_NOTE_JSON_H
#define WORKERD_API_INBOX_NOTE_JSON_H

#include "workerd/api/request/json_writer.h"

/* Writes the members of an encoded NOTE_RECORD into an open object. */
void note_json_write_members(struct json_writer *j, struct slice record);

#endif
