/*
 * A crawl that was asked for after the last one began has not begun itself.
 */
#include "workerd/api/content/source_state.h"

#include "proto/base/basics.h"

bool
source_state_among(
    struct slice states, const struct id *source, struct msg_source_state_record *state)
{
	struct slice item;

	while (wire_list_next(&states, &item))
		if (record_decode(item, MSG_SOURCE_STATE_RECORD, state) == WIRE_OK &&
		    id_equal(&state->source, source))
			return true;
	*state = (struct msg_source_state_record){.v = RECORD_VERSION, .source = *source};
	return false;
}

static void
source_state_write_time(struct json_writer *j, const char *key, uint64_t ms)
{
	if (ms == 0)
		json_write_null(j, key);
	else
		json_write_uint(j, key, ms);
}

void
source_state_write(
    struct json_writer *j, const char *key, const struct msg_source_state_record *state)
{
	json_write_open(j, key, '{');
	json_write_str(j, "state", slice_str(source_state_words[state->state]));
	if (state->error.len == 0)
		json_write_null(j, "error");
	else
		json_write_str(j, "error", state->error);
	json_write_bool(j, "asked", state->asked_at > state->started_at);
	source_state_write_time(j, "startedAt", state->started_at);
	source_state_write_time(j, "endedAt", state->ended_at);
	source_state_write_time(j, "nextAt", state->next_at);
	json_write_uint(j, "removing", state->removing);
	json_write_open(j, "pages", '{');
	json_write_uint(j, "waiting", state->waiting);
	json_write_uint(j, "read", state->read);
	json_write_uint(j, "unread", state->unread);
	json_write_close(j, '}');
	json_write_uint(j, "chunks", state->chunks);
	json_write_uint(j, "bytes", state->bytes);
	json_write_close(j, '}');
}
