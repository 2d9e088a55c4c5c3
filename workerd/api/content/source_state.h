/*
 * The state of a source in JSON: how far crawld is with it, and what the store has of it.
 */
#ifndef WORKERD_API_CONTENT_SOURCE_STATE_H
#define WORKERD_API_CONTENT_SOURCE_STATE_H

#include "proto/ipc/messages.h"
#include "workerd/api/request/json_writer.h"

/* The state of a source among others (a LIST of SOURCE_STATE_RECORD), whose slices *state borrows. False: the source
 * does not exist, and *state is that of a new one. */
bool source_state_among(
    struct slice states, const struct id *source, struct msg_source_state_record *state);

/* Writes it as a member; key NULL: as the whole answer. */
void source_state_write(
    struct json_writer *j, const char *key, const struct msg_source_state_record *state);

#endif
