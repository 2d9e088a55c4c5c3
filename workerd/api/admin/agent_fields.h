/*
 * What an agent is made of, as the API has it, and the settings that an agent falls back on.
 *
 * Keys of model servers never leave the settings: an agent names its server by key_name, and the
 * server's address, base_url, is shown and cannot be another.
 */
#ifndef WORKERD_API_ADMIN_AGENT_FIELDS_H
#define WORKERD_API_ADMIN_AGENT_FIELDS_H

#include "proto/ipc/messages.h"
#include "proto/settings/settings.h"
#include "workerd/api/fields/fields.h"

/* An agent on its way in or out. */
struct agent_shown {
	struct msg_agent_record record;
	struct slice base_url; /* of its server; empty: the settings have no such server */
};

extern const struct field agent_fields[];

/* A new one's defaults: all as the settings say. */
void agent_default(struct agent_shown *agent);

/* Looks its server up. */
void agent_show(struct agent_shown *agent, const struct settings *settings);

/* Refuses a server that the settings do not have, or that has another address; the sentences name those
 * that there are. */
void agent_check(
    struct fields *in, const struct agent_shown *agent, const struct settings *settings);

/* Writes "defaults": what an agent has that says nothing of its own; and "servers": the names and
 * addresses that there are. */
void agent_write_settings(struct json_writer *j, const struct settings *settings);

#endif
