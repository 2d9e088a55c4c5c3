/*
 * The members of an agent in the API, and the settings that an agent falls back on.
 *
 * Keys of model servers stay in the settings: an agent names its server by key_name. base_url shows the
 * server's address and cannot be changed.
 */
#ifndef WORKERD_API_ADMIN_AGENT_FIELDS_H
#define WORKERD_API_ADMIN_AGENT_FIELDS_H

#include "proto/ipc/messages.h"
#include "proto/settings/settings.h"
#include "workerd/api/fields/fields.h"

/* An agent in memory. */
struct agent_shown {
	struct msg_agent_record record;
	struct slice base_url; /* of its server; empty: the settings do not have that server */
	uint8_t sources[1024]; /* of the record, without those that were deleted */
};

extern const struct field agent_fields[];

/* Sets the defaults of a new agent: everything as in the settings. */
void agent_default(struct agent_shown *agent);

/* Sets base_url from the settings. */
void agent_show(struct agent_shown *agent, const struct settings *settings);

/* Drops sources that are not among these, which exist: a LIST of SOURCE_STATE_RECORD. */
void agent_drop_sources(struct agent_shown *agent, struct slice states);

/* Refuses sources that are not among these. */
void agent_check_sources(
    struct fields *in, const struct agent_shown *agent, struct slice states);

/* Refuses a server that the settings do not have, or another address; the error names the valid servers. */
void agent_check(
    struct fields *in, const struct agent_shown *agent, const struct settings *settings);

/* Writes "defaults": the values of an agent that sets none; and "servers": names and addresses. */
void agent_write_settings(struct json_writer *j, const struct settings *settings);

#endif
