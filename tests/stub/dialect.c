#include "tests/stub/dialect.h"

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"

/* Of the repository; looked for above the program, which stands in a folder of it. */
#define TABLE      "tests/stub/dialects.json"
#define LEVELS_MAX 4

static json_t *
dialect_read_table(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof(TABLE) - 1);

	for (int i = 0; n > 0 && i < LEVELS_MAX; i++) {
		json_t *table;

		while (n > 0 && path[n - 1] != '/')
			n--;
		memcpy(path + n, TABLE, sizeof(TABLE));
		table = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
		if (table != NULL)
			return table;
		n -= n > 0;
	}
	errx(1, "cannot read " TABLE);
}

const json_t *
dialect_load(const char *name)
{
	static json_t *table;
	const json_t *dialect;

	if (table == NULL)
		table = dialect_read_table();
	dialect = json_object_get(table, name);
	if (dialect != NULL)
		return dialect;
	fprintf(stderr, "openai-stub: no dialect '%s'; there are:\n", name);
	dialect_list(stderr);
	exit(64);
}

void
dialect_list(FILE *out)
{
	json_t *table = dialect_read_table(), *unused;
	const char *name;

	json_object_foreach (table, name, unused)
		fprintf(out, "%s\n", name);
	json_decref(table);
}

static const char *
dialect_text(const json_t *object, const char *member, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text == NULL ? otherwise : text;
}

/* Appends text with values in place of names; a number also takes the place of its quotes. */
static void
dialect_expand(struct buf *out, const char *text, const struct dialect_values *v)
{
	const struct {
		const char *name;
		uint64_t number;
		const char *text;
	} values[] = {
	    {"\"$PROMPT\"", v->prompt_tokens, NULL},
	    {"\"$COMPLETION\"", v->completion_tokens, NULL},
	    {"$ID", v->id, NULL},
	    {"$MODEL", 0, v->model},
	    {"$FINISH", 0, v->finish},
	};

	while (*text != '\0') {
		size_t i = 0;

		while (i < ARRAY_LEN(values) &&
		    strncmp(text, values[i].name, strlen(values[i].name)) != 0)
			i++;
		if (i == ARRAY_LEN(values)) {
			put(out, text++, 1);
			continue;
		}
		text += strlen(values[i].name);
		if (values[i].text != NULL)
			put_json(out, slice_str(values[i].text), false);
		else
			putf(out, "%" PRIu64, values[i].number);
	}
}

static void
dialect_add_event(const json_t *dialect, const json_t *event, struct buf *out,
    const struct dialect_values *values)
{
	char *text;

	if (json_is_string(event)) {
		dialect_expand(out, json_string_value(event), values);
		return;
	}
	text = json_dumps(event, JSON_COMPACT);
	must(text != NULL);
	put_str(out, dialect_text(dialect, "data", "data: "));
	dialect_expand(out, text, values);
	put_str(out, "\n\n");
	free(text);
}

bool
dialect_events(const json_t *dialect, const char *member, struct buf *out,
    const struct dialect_values *values)
{
	const json_t *events = json_object_get(dialect, member), *event;
	size_t i;

	json_array_foreach (events, i, event)
		dialect_add_event(dialect, event, out, values);
	return events != NULL;
}

size_t
dialect_token(const json_t *dialect, struct buf *out, const struct dialect_values *values)
{
	static const char name[] = "$TEXT";
	const json_t *event = json_object_get(dialect, "token");
	uint8_t *at;

	if (event == NULL)
		return 0;
	dialect_add_event(dialect, event, out, values);
	at = memmem(buf_data(out), buf_len(out), name, strlen(name));
	must(at != NULL);
	return (size_t)(at - buf_data(out));
}

const char *
dialect_finish(const json_t *dialect, const char *finish)
{
	return dialect_text(json_object_get(dialect, "finish"), finish, finish);
}

/* A complete response with this body: JSON, or a text. */
static void
dialect_answer(const json_t *response, int status, struct buf *out,
    const struct dialect_values *values, const struct answer_about *about)
{
	const json_t *body = json_object_get(response, "body");
	struct answer_about head = *about;
	struct buf text = put_start(), fields = put_start();
	const char *name;
	json_t *value;

	status = (int)json_integer_value(json_object_get(response, "status")) == 0
	    ? status
	    : (int)json_integer_value(json_object_get(response, "status"));
	json_object_foreach (json_object_get(response, "headers"), name, value)
		putf(&fields, "%s: %s\r\n", name, json_string_value(value));
	put(&fields, "", 1);
	head.fields = (const char *)buf_data(&fields);
	if (json_is_string(body)) {
		dialect_expand(&text, json_string_value(body), values);
	} else {
		char *json = json_dumps(body, JSON_COMPACT);

		must(json != NULL);
		dialect_expand(&text, json, values);
		free(json);
	}
	answer_text(out, status, dialect_text(response, "type", "application/json"),
	    buf_slice(&text), &head);
	buf_clear(&text);
	buf_clear(&fields);
}

bool
dialect_fails(const json_t *dialect, unsigned status, struct buf *out,
    const struct dialect_values *values, const struct answer_about *about)
{
	const json_t *response;
	char name[16];

	snprintf(name, sizeof(name), "%u", status);
	response = json_object_get(json_object_get(dialect, "fails"), name);
	if (response != NULL)
		dialect_answer(response, (int)status, out, values, about);
	return response != NULL;
}

static const char *
dialect_role(const json_t *messages, size_t i)
{
	return dialect_text(json_array_get(messages, i), "role", "");
}

/* Whether the messages behind the instructions are a user's and an assistant's in turns. */
static bool
dialect_alternates(const json_t *messages)
{
	const char *expected = "user";

	for (size_t i = 0; i < json_array_size(messages); i++) {
		const char *role = dialect_role(messages, i);

		if (i == 0 && (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0))
			continue;
		if (strcmp(role, expected) != 0)
			return false;
		expected = *expected == 'u' ? "assistant" : "user";
	}
	return true;
}

static double
dialect_input(const json_t *messages)
{
	size_t bytes = 0, i;
	const json_t *m;

	json_array_foreach (messages, i, m)
		bytes += json_string_length(json_object_get(m, "content"));
	return (double)bytes;
}

static double
dialect_number(const struct call *call, const char *name)
{
	if (strcmp(name, "input") == 0)
		return dialect_input(json_object_get(call->body, "messages"));
	if (strcmp(name, "maximum") == 0)
		return call->max_tokens == UINT32_MAX ? 0 : call->max_tokens;
	return json_number_value(json_object_get(call->body, name));
}

/* Whether a call has this part. */
static bool
dialect_has(const struct call *call, const char *part)
{
	const json_t *messages = json_object_get(call->body, "messages");
	const char *more = strchr(part, '>');
	char name[64];

	if (strncmp(part, "role:", 5) == 0) {
		for (size_t i = 0; i < json_array_size(messages); i++)
			if (strcmp(dialect_role(messages, i), part + 5) == 0)
				return true;
		return false;
	}
	if (strcmp(part, "alternation") == 0)
		return !dialect_alternates(messages);
	if (more == NULL)
		return json_object_get(call->body, part) != NULL;
	snprintf(name, sizeof(name), "%.*s", (int)(more - part), part);
	return dialect_number(call, name) > strtod(more + 1, NULL);
}

bool
dialect_refuses(const json_t *dialect, const struct call *call, struct buf *out,
    const struct answer_about *about)
{
	const json_t *rules = json_object_get(dialect, "refuses"), *rule;
	const struct dialect_values values = {.model = call->model, .finish = ""};
	size_t i;

	if (call->responses)
		return false;
	json_array_foreach (rules, i, rule) {
		if (!dialect_has(call, dialect_text(rule, "part", "")))
			continue;
		dialect_answer(rule, 400, out, &values, about);
		return true;
	}
	return false;
}

bool
dialect_models(const json_t *dialect, struct buf *out, const struct answer_about *about)
{
	const json_t *list = json_object_get(dialect, "models");
	const struct dialect_values values = {.model = "banter-demo", .finish = ""};
	json_t *response;

	if (list == NULL)
		return false;
	response = json_pack("{s:O}", "body", list);
	must(response != NULL);
	dialect_answer(response, 200, out, &values, about);
	json_decref(response);
	return true;
}
