/*
 * An agent is kept as it came from the store, encoded, and read when the question is written: an
 * attempt that fails writes it again.
 */
#include "workerd/turn/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/model/openai.h"

/* The longest SYSTEM_PROMPT, and what may be put behind it. */
#define PROMPT_MAX (256u * 1024)

struct agent {
	size_t len;
	uint8_t record[];
};

struct agent *
agent_new(struct slice record)
{
	struct agent *a = xcalloc(1, sizeof(*a) + record.len);

	a->len = record.len;
	if (record.len > 0)
		memcpy(a->record, record.p, record.len);
	return a;
}

struct agent *
agent_copy(const struct msg_agent_record *record)
{
	struct agent *a;
	struct buf encoded;

	buf_init(&encoded, WIRE_FRAME_MAX);
	must(record_encode(&encoded, MSG_AGENT_RECORD, record) == 0);
	a = agent_new(buf_slice(&encoded));
	buf_clear(&encoded);
	return a;
}

/* Its slices are the agent's own. */
static struct msg_agent_record
read_record(const struct agent *a)
{
	struct msg_agent_record r = {};

	if (a->len > 0)
		must(record_decode((struct slice){a->record, a->len}, MSG_AGENT_RECORD, &r) ==
		    WIRE_OK);
	return r;
}

struct slice
agent_server_name(const struct agent *a)
{
	return read_record(a).key_name;
}

/* -- the question ------------------------------------------------------------------------ */

static struct slice
or_default(struct slice text, const char *instead)
{
	return utf8_trim(text).len > 0 ? text : slice_str(instead);
}

static int
add_part(struct buf *prompt, const char *heading, struct slice text)
{
	text = utf8_trim(text);
	if (text.len == 0)
		return 0;
	if (buf_printf(prompt, "\n\n## %s\n\n", heading) == -1)
		return -1;
	return buf_append(prompt, text.p, text.len);
}

static int
write_prompt(
    const struct msg_agent_record *r, const struct agent_defaults *defaults, struct buf *prompt)
{
	struct slice purpose = or_default(r->purpose, defaults->system_prompt);

	if (buf_append(prompt, purpose.p, purpose.len) == -1 ||
	    add_part(prompt, "Instructions", r->custom_instructions) == -1 ||
	    add_part(prompt, "When to hand over to a person", r->escalation_instructions) == -1)
		return -1;
	return add_part(prompt, "Topics to stay away from", r->restricted_topics);
}

static struct setting_decimal
temperature_of(const struct msg_agent_record *r, const struct agent_defaults *defaults)
{
	if (r->temperature == 0)
		return defaults->temperature;
	return (struct setting_decimal){.given = true, .thousandths = r->temperature - 1};
}

int
agent_write(
    const struct agent *a, const struct agent_defaults *defaults, bool usage, struct buf *body)
{
	struct msg_agent_record r = read_record(a);
	struct openai_settings settings = {
	    .model = or_default(r.model, defaults->model),
	    .max_completion_tokens =
		r.max_output_tokens > 0 ? r.max_output_tokens : defaults->max_completion_tokens,
	    .temperature = temperature_of(&r, defaults),
	    .usage = usage,
	};
	struct buf prompt;
	int result;

	buf_init(&prompt, PROMPT_MAX);
	result = write_prompt(&r, defaults, &prompt);
	settings.system_prompt = buf_slice(&prompt);
	if (result == 0)
		result = openai_begin(body, &settings);
	buf_clear(&prompt);
	return result;
}
