/*
 * From JSON (jansson) to records by a table, and back.
 */
#include "workerd/api/fields/fields.h"

#include <jansson.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"
#include "proto/base/utf8.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/hours/hours.h"

#define KEY_MAX    (6 * 4 * FIELDS_NAME_MAX)
#define WRONG_MAX  (FIELDS_WRONG_MAX * (KEY_MAX + 6 * FIELD_SENTENCE_MAX))
#define MEMBER_MAX (6 * 65536) /* bytes of a written member */

/* Integers too large for 64 bits then fail the rule of their field instead of the parser. */
#define NUMBERS JSON_DECODE_INT_AS_REAL

/* Whether the member has an error. key includes the quotation marks, which are escaped inside
 * sentences, so only keys match. */
static bool
fields_is_wrong(const struct fields *in, struct slice key)
{
	struct slice wrong = fields_wrong(in);

	return memmem(wrong.p, wrong.len, key.p, key.len) != NULL;
}

/* Adds a member to the sentences, and to the reasons. */
static void
fields_add_wrong(
    struct fields *in, struct slice key, const struct field_refusal *refusal, const char *more)
{
	struct json_writer wrong = {.out = &in->wrong, .comma = in->n_wrong > 0};
	struct json_writer reasons = {.out = &in->reasons, .comma = in->n_wrong > 0};
	struct buf sentence;

	buf_init(&sentence, FIELD_SENTENCE_MAX);
	field_reason_write_sentence(refusal, &sentence);
	must(buf_append_str(&sentence, more) == 0);
	json_write_member(&wrong, key, buf_slice(&sentence));
	buf_clear(&sentence);
	json_write_open_named(&reasons, key, '{');
	field_reason_write_members(refusal, &reasons);
	json_write_close(&reasons, '}');
	must(!wrong.failed && !reasons.failed);
	in->n_wrong++;
}

/* Cuts names after FIELDS_NAME_MAX units. more: the end of the sentence. */
static void
fields_put_down(
    struct fields *in, struct slice name, const struct field_refusal *refusal, const char *more)
{
	struct buf key, text;

	if (in->n_wrong == FIELDS_WRONG_MAX)
		return;
	name = utf8_prefix(name, FIELDS_NAME_MAX);
	buf_init(&key, KEY_MAX);
	must(buf_append_str(&key, in->before) == 0 && buf_append(&key, name.p, name.len) == 0);
	buf_init(&text, KEY_MAX);
	must(buf_append_str(&text, "\"") == 0 && json_escape(&text, buf_slice(&key)) == 0 &&
	    buf_append_str(&text, "\":") == 0);
	if (!fields_is_wrong(in, buf_slice(&text)))
		fields_add_wrong(in, buf_slice(&key), refusal, more);
	buf_clear(&key);
	buf_clear(&text);
}

void
fields_refuse_for(struct fields *in, const char *name, const struct field_refusal *refusal)
{
	fields_put_down(in, slice_str(name), refusal, "");
}

void
fields_refuse(struct fields *in, const char *name, enum field_reason reason)
{
	fields_refuse_for(in, name, &(struct field_refusal){.reason = reason});
}

struct field_refusal
fields_refusal_of(const struct field *f)
{
	struct field_refusal refusal = {
	    .reason = f->kind->reason, .min = f->min, .max = f->max, .choices = f->choices};

	if (f->kind->bound != NULL)
		f->kind->bound(f, &refusal);
	return refusal;
}

static void
fields_refuse_value(struct fields *in, const struct field *f)
{
	const struct field_refusal refusal = fields_refusal_of(f);

	fields_put_down(
	    in, slice_str(f->name), &refusal, f->rule == FIELD_NULLABLE ? ", or null" : "");
}

struct slice
fields_wrong(const struct fields *in)
{
	return buf_slice(&in->wrong);
}

struct slice
fields_reasons(const struct fields *in)
{
	return buf_slice(&in->reasons);
}

/* Whether the value equals the record's, as it would be written. */
static bool
fields_is_same(const struct field *f, json_t *value, const void *at)
{
	struct buf text;
	struct json_writer j;
	json_t *written;
	bool same;

	if (f->kind->write == NULL)
		return false;
	buf_init(&text, MEMBER_MAX);
	j = json_writer(&text);
	json_write_open(&j, NULL, '{');
	f->kind->write(f, at, &j);
	json_write_close(&j, '}');
	must(!j.failed);
	written = json_loadb(
	    (const char *)buf_data(&text), buf_len(&text), JSON_ALLOW_NUL | NUMBERS, NULL);
	same = json_equal(json_object_get(written, f->name), value) == 1;
	json_decref(written);
	buf_clear(&text);
	return same;
}

static bool
fields_is_chosen(const struct field *f)
{
	return f->rule != FIELD_FIXED && f->rule != FIELD_READ_AT;
}

static bool
fields_read_value(struct fields *in, const struct field *f, json_t *value, void *at)
{
	if (!fields_is_chosen(f))
		return false;
	if (!json_is_null(value))
		return f->kind->read(f, value, in, at);
	if (f->rule == FIELD_NULLABLE)
		memset(at, 0, f->kind->size);
	return f->rule == FIELD_NULLABLE;
}

/* A stored value may always be sent back. */
static void
fields_read_member(struct fields *in, const struct field *f, bool fresh, void *at)
{
	json_t *value = json_object_get(in->object, f->name);

	if (value == NULL) {
		if (fresh && f->rule == FIELD_REQUIRED)
			fields_refuse_value(in, f);
		return;
	}
	if (fields_read_value(in, f, value, at) || (!fresh && fields_is_same(f, value, at)))
		return;
	if (fields_is_chosen(f))
		fields_refuse_value(in, f);
	else if (fresh)
		fields_refuse(in, f->name, REASON_SET_BY_SERVER);
	else if (f->rule == FIELD_FIXED)
		fields_refuse(in, f->name, REASON_FIXED);
	else
		fields_refuse(in, f->name, REASON_OUTDATED);
}

const char *
fields_parse(struct slice body, struct fields *in)
{
	json_t *json = json_loadb((const char *)body.p, body.len,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | NUMBERS, NULL);

	if (!json_is_object(json)) {
		json_decref(json);
		return "the body must be a JSON object in valid UTF-8, with no member twice "
		       "and "
		       "no number of more than 308 digits";
	}
	*in = (struct fields){.json = json};
	buf_init(&in->made, FIELDS_MADE_MAX);
	buf_init(&in->ids_made, FIELDS_IDS_MAX);
	buf_init(&in->json_made, FIELDS_JSON_MAX);
	buf_init(&in->hours_made, HOURS_JSON_MAX);
	buf_init(&in->wrong, WRONG_MAX);
	buf_init(&in->reasons, WRONG_MAX);
	fields_enter(in, json, "");
	return NULL;
}

void
fields_clear(struct fields *in)
{
	json_read_free(in->json);
	buf_clear(&in->made);
	buf_clear(&in->ids_made);
	buf_clear(&in->json_made);
	buf_clear(&in->hours_made);
	buf_clear(&in->wrong);
	buf_clear(&in->reasons);
	*in = (struct fields){0};
}

void
fields_enter(struct fields *in, json_t *object, const char *before)
{
	must(json_is_object(object));
	in->object = object;
	in->before = before;
}

static bool
fields_is_known(const char *name, const struct field *table)
{
	for (const struct field *f = table; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return true;
	return false;
}

static void
fields_refuse_unknown(struct fields *in, const struct field *table)
{
	const char *name;
	json_t *value;

	json_object_foreach (in->object, name, value)
		if (!fields_is_known(name, table))
			fields_refuse(in, name, REASON_UNKNOWN);
}

void
fields_read(struct fields *in, const struct field *table, bool fresh, void *record)
{
	for (const struct field *f = table; f->name != NULL; f++)
		fields_read_member(in, f, fresh, (uint8_t *)record + f->offset);
	fields_refuse_unknown(in, table);
}

bool
fields_has(const struct fields *in, const char *name)
{
	return json_object_get(in->object, name) != NULL;
}

void
fields_write(struct json_writer *j, const struct field *table, const void *record)
{
	for (const struct field *f = table; f->name != NULL; f++)
		if (f->kind->write != NULL)
			f->kind->write(f, (const uint8_t *)record + f->offset, j);
}
