/*
 * The bodies that create and change widgets, agents, contacts and webhooks, and test agents. The first byte
 * selects the body and whether it creates.
 *
 * Errors are members of a JSON object, within limits. A valid body fits into its record, and the
 * serialized record can be sent back without a change.
 */
#include <jansson.h>

#include "tests/fuzz/fuzz.h"
#include "workerd/api/admin/agent_test_body.h"
#include "workerd/api/admin/contact_fields.h"
#include "workerd/api/webhooks/webhook_fields.h"
#include "workerd/api/widget/widget_fields.h"

#define RECORD_MAX 98304
#define TEXT_MAX   (6 * RECORD_MAX + 4096)

static struct named_list servers = {
    .n = 1,
    .at = {{(char[]){"local"}, (char[]){"http://127.0.0.1:11434/v1"}}},
};

static struct settings
settings(void)
{
	static char url[] = "https://api.example.com/v1";

	return (struct settings){.openai_base_url = url, .model_servers = servers};
}

static void
check_widget(struct fields *in, const void *thing)
{
	widget_check(in, thing);
}

static void
check_agent(struct fields *in, const void *thing)
{
	const struct settings s = settings();

	agent_check(in, thing, &s);
}

static void
show_agent(void *thing)
{
	const struct settings s = settings();

	agent_show(thing, &s);
}

static void
default_agent(void *thing)
{
	agent_default(thing);
	show_agent(thing);
}

static void
default_contact(void *thing)
{
	*(struct msg_contact_record *)thing = (struct msg_contact_record){.v = RECORD_VERSION};
}

static void
default_webhook(void *thing)
{
	*(struct msg_webhook_record *)thing = (struct msg_webhook_record){.v = RECORD_VERSION};
}

static const struct kind {
	const struct field *table;
	enum msg_type record;
	void (*make)(void *thing);
	void (*check)(struct fields *in, const void *thing); /* may be NULL, like the next */
	void (*show)(void *thing);
} kinds[] = {
    {widget_fields, MSG_WIDGET_RECORD, widget_default, check_widget, NULL},
    {agent_fields, MSG_AGENT_RECORD, default_agent, check_agent, show_agent},
    {contact_fields, MSG_CONTACT_RECORD, default_contact, NULL, NULL},
    {.table = NULL}, /* a test of an agent */
    {webhook_fields, MSG_WEBHOOK_RECORD, default_webhook, webhook_fields_check, NULL},
};

union thing {
	struct msg_widget_record widget;
	struct agent_shown agent;
	struct msg_contact_record contact;
	struct msg_webhook_record webhook;
};

static void
check_wrong(const struct fields *in)
{
	struct slice wrong = fields_wrong(in);
	const char *name;
	struct buf text;
	json_t *object, *sentence;

	must(in->n_wrong <= FIELDS_WRONG_MAX);
	buf_init(&text, wrong.len + 2);
	must(buf_append_str(&text, "{") == 0 && buf_append(&text, wrong.p, wrong.len) == 0 &&
	    buf_append_str(&text, "}") == 0);
	object = json_loadb((const char *)buf_data(&text), buf_len(&text),
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	must(json_is_object(object) && json_object_size(object) == in->n_wrong);
	json_object_foreach (object, name, sentence) {
		/* The path before an inner name has at most FIELDS_NAME_MAX bytes. */
		must(utf8_utf16_len(slice_str(name)) <= (size_t)2 * FIELDS_NAME_MAX);
		must(json_is_string(sentence) && json_string_length(sentence) > 0);
	}
	json_decref(object);
	buf_clear(&text);
}

static void
read_thing(const struct kind *kind, struct fields *in, bool fresh, union thing *thing)
{
	fields_read(in, kind->table, fresh, thing);
	if (kind->check != NULL)
		kind->check(in, thing);
}

/* Sends a serialized record back. */
static void
check_sent_back(const struct kind *kind, union thing *thing)
{
	union thing again = *thing;
	struct buf text, before, after;
	struct json_writer j;
	struct fields in;

	if (kind->show != NULL)
		kind->show(thing);
	buf_init(&text, TEXT_MAX);
	buf_init(&before, RECORD_MAX);
	buf_init(&after, RECORD_MAX);
	j = json_writer(&text);
	json_write_open(&j, NULL, '{');
	fields_write(&j, kind->table, thing);
	json_write_close(&j, '}');
	must(!j.failed && fields_parse(buf_slice(&text), &in) == NULL);
	read_thing(kind, &in, false, &again);
	must(in.n_wrong == 0);
	must(record_encode(&before, kind->record, thing) == 0);
	must(record_encode(&after, kind->record, &again) == 0);
	must(slice_eq(buf_slice(&before), buf_slice(&after)));
	fields_clear(&in);
	buf_clear(&text);
	buf_clear(&before);
	buf_clear(&after);
}

static void
try_thing(const struct kind *kind, struct fields *in, bool fresh)
{
	union thing thing;

	memset(&thing, 0, sizeof(thing));
	kind->make(&thing);
	read_thing(kind, in, fresh, &thing);
	check_wrong(in);
	if (in->n_wrong == 0)
		check_sent_back(kind, &thing);
}

static void
try_trial(struct fields *in)
{
	const struct settings s = settings();
	struct msg_message_record r;
	struct agent_shown agent;
	struct buf messages;
	struct slice list, item;
	bool any = false;

	default_agent(&agent);
	buf_init(&messages, TRIAL_LIST_MAX);
	agent_test_body_read(in, &s, &agent, &messages);
	check_wrong(in);
	list = buf_slice(&messages);
	while (in->n_wrong == 0 && wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
		must(r.text.len > 0 && utf8_valid(r.text));
		any = true;
	}
	must(in->n_wrong > 0 || (any && r.role == MESSAGE_USER));
	buf_clear(&messages);
}

FUZZ(fields)
{
	uint8_t steer = fuzz_byte(&in);
	struct fields body;
	const char *wrong = fields_parse(in, &body);

	if (wrong == NULL) {
		const struct kind *kind = &kinds[steer / 2 % ARRAY_LEN(kinds)];

		if (kind->table == NULL)
			try_trial(&body);
		else
			try_thing(kind, &body, steer % 2 == 0);
		fields_clear(&body);
	} else {
		must(*wrong != '\0');
	}
}
