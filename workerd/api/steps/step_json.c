#include "workerd/api/steps/step_json.h"

#include <jansson.h>

#include "proto/base/basics.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/fields/names.h"

const char *
step_json_read(const struct json_t *object, struct msg_step_decide *decide)
{
	const struct slice decision = json_read_member(object, "decision");

	if (!hash_read_hex(json_read_member(object, "hash"), &decide->shown))
		return "hash must be that of the step";
	if (decision.p != NULL && slice_eq_str(decision, step_decision_words[DECISION_YES]))
		decide->decision = DECISION_YES;
	else if (decision.p != NULL && slice_eq_str(decision, step_decision_words[DECISION_NO]))
		decide->decision = DECISION_NO;
	else
		return "decision must be yes or no";
	return NULL;
}

static void
step_json_write_hash(struct json_writer *j, const struct hash256 *hash)
{
	char text[HASH_HEX_LEN + 1];

	hash_format_hex(hash, text);
	json_write_str(j, "hash", slice_str(text));
}

void
step_json_write_members(struct json_writer *j, const struct msg_step_record *r)
{
	json_write_id(j, "id", &r->id);
	json_write_id(j, "messageId", &r->turn);
	json_write_str(j, "name", r->name);
	json_write_str(j, "class", names_word(tool_class_words, r->class));
	json_write_str(j, "state", names_word(step_state_words, r->state));
	json_write_str(j, "text", r->text);
	step_json_write_hash(j, &r->shown);
	if (r->state == STEP_WAITING)
		json_write_uint(j, "expiresAt", r->expires_at);
}

void
step_json_write_list(struct json_writer *j, struct slice records)
{
	struct msg_step_record r;
	struct slice item;

	json_write_open(j, "steps", '[');
	while (wire_list_next(&records, &item)) {
		must(record_decode(item, MSG_STEP_RECORD, &r) == WIRE_OK);
		if (r.class == TOOL_READ)
			continue;
		json_write_open(j, NULL, '{');
		step_json_write_members(j, &r);
		json_write_close(j, '}');
	}
	json_write_close(j, ']');
}

void
step_json_write_waiting(
    struct json_writer *j, const struct turn_ids *ids, const struct turn_waiting *waiting)
{
	json_write_open(j, "step", '{');
	json_write_id(j, "id", &waiting->step);
	json_write_id(j, "messageId", &ids->message);
	json_write_str(j, "name", waiting->name);
	json_write_str(j, "class", names_word(tool_class_words, waiting->class));
	json_write_str(j, "state", names_word(step_state_words, STEP_WAITING));
	json_write_str(j, "text", waiting->text);
	step_json_write_hash(j, &waiting->shown);
	json_write_close(j, '}');
}
