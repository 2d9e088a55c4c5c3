/*
 * Three members, two of which contain objects.
 */
#include "workerd/api/admin/agent_test_body.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/fields/names.h"

struct trial {
	struct slice message;
	json_t *history, *agent;
};

static const struct field trial_fields[] = {
    {"message", &field_text, offsetof(struct trial, message), FIELD_REQUIRED, 1, 4000, NULL},
    {"history", &field_list, offsetof(struct trial, history), FIELD_NULLABLE, 0,
	TRIAL_HISTORY_MAX, NULL},
    {"agent", &field_object, offsetof(struct trial, agent), FIELD_NULLABLE, 0, 0, NULL},
    {.name = NULL},
};

static const struct field message_fields[] = {
    {"role", &field_choice, offsetof(struct msg_message_record, role), FIELD_REQUIRED, 0, 0,
	names_message_roles},
    {"content", &field_text, offsetof(struct msg_message_record, text), FIELD_REQUIRED, 1,
	100000, NULL},
    {.name = NULL},
};

static void
agent_test_body_add_message(struct buf *messages, const struct msg_message_record *r)
{
	struct buf record;

	buf_init(&record, TRIAL_BODY_MAX);
	must(record_encode(&record, MSG_MESSAGE_RECORD, r) == 0);
	must(wire_list_add(messages, buf_slice(&record)) == 0);
	buf_clear(&record);
}

static void
agent_test_body_read_message(
    struct fields *in, size_t place, json_t *object, struct buf *messages)
{
	struct msg_message_record r = {.v = RECORD_VERSION};
	char before[FIELDS_NAME_MAX];

	snprintf(before, sizeof(before), "history.%zu.", place);
	if (!json_is_object(object)) {
		before[strlen(before) - 1] = '\0';
		fields_refuse(in, before, REASON_TURN);
		return;
	}
	fields_enter(in, object, before);
	fields_read(in, message_fields, true, &r);
	fields_enter(in, in->json, "");
	if (in->n_wrong == 0)
		agent_test_body_add_message(messages, &r);
}

static void
agent_test_body_read_history(struct fields *in, json_t *history, struct buf *messages)
{
	for (size_t i = 0; i < json_array_size(history); i++)
		agent_test_body_read_message(in, i, json_array_get(history, i), messages);
}

static void
agent_test_body_read_agent(struct fields *in, const struct settings *settings, json_t *object,
    struct agent_shown *agent)
{
	fields_enter(in, object, "agent.");
	fields_read(in, agent_fields, false, agent);
	agent_check(in, agent, settings);
	fields_enter(in, in->json, "");
}

void
agent_test_body_read(struct fields *in, const struct settings *settings,
    struct agent_shown *agent, struct buf *messages)
{
	struct trial trial = {0};

	fields_read(in, trial_fields, true, &trial);
	if (trial.history != NULL)
		agent_test_body_read_history(in, trial.history, messages);
	if (trial.agent != NULL)
		agent_test_body_read_agent(in, settings, trial.agent, agent);
	if (in->n_wrong == 0)
		agent_test_body_add_message(messages,
		    &(struct msg_message_record){.v = RECORD_VERSION, .text = trial.message});
}
