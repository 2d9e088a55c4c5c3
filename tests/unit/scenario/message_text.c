#include "tests/unit/scenario/message_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/scenario/scenario.h"
#include "tests/unit/scenario/words.h"

/* "FIELD=VALUE" of a message. */
struct preset {
	const struct msg_desc *d;
	const char *field;
};

static struct preset *presets;
static size_t presets_n;

void
message_text_default(const char *message, const char *field)
{
	presets = xreallocarray(presets, presets_n + 1, sizeof(*presets));
	presets[presets_n++] = (struct preset){message_text_desc(message), field};
}

static const struct msg_desc *
desc_of(const char *name)
{
	size_t n;
	const struct msg_desc *table = msg_table(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

/* Of the record with this short name. */
static const struct msg_desc *
record_desc(const char *name)
{
	const struct msg_desc *d;
	char full[64];

	snprintf(full, sizeof(full), "%s_record", name);
	d = desc_of(full);
	if (d == NULL)
		d = desc_of(name);
	if (d == NULL)
		scenario_fail("there is no record \"%s\"", name);
	return d;
}

const struct msg_desc *
message_text_desc(const char *name)
{
	const struct msg_desc *d = desc_of(name);

	return d != NULL ? d : record_desc(name);
}

/* The value in "FIELD=VALUE" or "FIELD!=VALUE" of this field, or NULL. */
static const char *
value_in(const char *word, const char *field)
{
	size_t n = strlen(field);

	if (strncmp(word, field, n) != 0)
		return NULL;
	if (word[n] == '=')
		return word + n + 1;
	return word[n] == '!' && word[n + 1] == '=' ? word + n + 2 : NULL;
}

static const struct wire_field *
field_of(const struct msg_desc *d, const char *word)
{
	for (const struct wire_field *f = d->fields; f->type != WIRE_END; f++)
		if (value_in(word, f->name) != NULL)
			return f;
	scenario_fail("%s has no field for \"%s\"", d->name, word);
}

/* The words between the brackets around a value. */
static void
split_inside(struct values *v, const char *text, struct words *words)
{
	size_t n = strlen(text);
	char *copy = values_alloc(v, n + 1);

	if (n < 2)
		scenario_fail("%s is not in brackets", text);
	memcpy(copy, text + 1, n - 2);
	words_split(copy, words);
}

/* Takes the kind from the front of a record's or a list's words; the field's own type otherwise. */
static const struct msg_desc *
take_kind(struct words *words, uint16_t item)
{
	const struct msg_desc *d = item != 0 ? msg_desc(item) : NULL;

	if (words->n > 0 && words->word[0][0] != '{' && strchr(words->word[0], '=') == NULL) {
		d = record_desc(words->word[0]);
		memmove(words->word, words->word + 1, --words->n * sizeof(words->word[0]));
	}
	if (d == NULL)
		scenario_fail("the record has no kind");
	return d;
}

/* A copy that is valid as long as v; b is cleared. */
static struct slice
keep(struct values *v, struct buf *b)
{
	size_t len = buf_len(b);
	uint8_t *copy = values_alloc(v, len + 1);

	memcpy(copy, buf_data(b), len);
	buf_clear(b);
	return (struct slice){copy, len};
}

static struct slice
encode(struct values *v, const struct msg_desc *d, const union msg *record)
{
	struct buf b;

	buf_init(&b, WIRE_FRAME_MAX);
	if (wire_encode(d->fields, record, &b) != 0)
		scenario_fail("the %s is too long", d->name);
	return keep(v, &b);
}

static struct slice
encode_words(struct values *v, const struct msg_desc *d, const struct words *words)
{
	union msg *record = values_alloc(v, sizeof(*record));

	message_text_read(v, d, words->word, words->n, record);
	return encode(v, d, record);
}

static struct slice
encode_record(struct values *v, const char *text, uint16_t item)
{
	struct words words;

	split_inside(v, text, &words);
	if (words.n == 0)
		return (struct slice){0};
	return encode_words(v, take_kind(&words, item), &words);
}

struct slice
message_text_record(struct values *v, const char *text)
{
	return encode_record(v, text, 0);
}

static struct slice
encode_list(struct values *v, const char *text, uint16_t item)
{
	const struct msg_desc *d;
	struct words words, fields;
	struct buf b;

	split_inside(v, text, &words);
	if (words.n == 0)
		return (struct slice){0};
	d = take_kind(&words, item);
	buf_init(&b, WIRE_FRAME_MAX);
	for (size_t i = 0; i < words.n; i++) {
		split_inside(v, words.word[i], &fields);
		if (wire_list_add(&b, encode_words(v, d, &fields)) != 0)
			scenario_fail("the list is too long");
	}
	return keep(v, &b);
}

static struct slice
read_slice(struct values *v, const char *value, uint16_t item)
{
	if (value[0] == '{')
		return encode_record(v, value, item);
	if (value[0] == '[')
		return encode_list(v, value, item);
	return values_bytes(v, value);
}

/* "kind=agent" stands for the number of that record. */
static uint64_t
read_number(
    struct values *v, const char *value, const struct msg_desc *d, const struct wire_field *f)
{
	if (f->type == WIRE_U16 && isalpha((unsigned char)value[0]) &&
	    (strcmp(f->name, "kind") == 0 || strcmp(f->name, "type") == 0))
		return record_desc(value)->type;
	return values_number(v, value, d->name, f->name);
}

static void
set_field(struct values *v, const char *value, const struct msg_desc *d,
    const struct wire_field *f, uint8_t *out)
{
	switch (f->type) {
	case WIRE_ID:
		*(struct id *)(void *)(out + f->offset) = values_id(v, value);
		break;
	case WIRE_HASH:
		*(struct hash256 *)(void *)(out + f->offset) = values_hash(value);
		break;
	case WIRE_TEXT:
	case WIRE_BYTES:
	case WIRE_REC:
	case WIRE_LIST:
		*(struct slice *)(void *)(out + f->offset) = read_slice(v, value, f->item);
		break;
	default:
		wire_set_number(f, out + f->offset, read_number(v, value, d, f));
		break;
	}
}

/* Copies a field of the same type that was set before. */
static void
copy_field(
    const char *name, const struct msg_desc *d, const struct wire_field *to, uint8_t *out)
{
	const struct wire_field *from = d->fields;

	while (from->type != WIRE_END && strcmp(from->name, name) != 0)
		from++;
	if (from->type != to->type)
		scenario_fail("%s has no field @%s for %s", d->name, name, to->name);
	memcpy(out + to->offset, out + from->offset,
	    from->type == WIRE_ID ? sizeof(struct id) : sizeof(struct slice));
}

/* The last word for a field, its default, or NULL. */
static const char *
choose_value(
    const struct msg_desc *d, const struct wire_field *f, const char *const *words, size_t n)
{
	const char *value = NULL;

	for (size_t i = 0; i < presets_n; i++)
		if (presets[i].d == d && value_in(presets[i].field, f->name) != NULL)
			value = value_in(presets[i].field, f->name);
	for (size_t i = 0; i < n; i++)
		if (value_in(words[i], f->name) != NULL)
			value = value_in(words[i], f->name);
	return value;
}

void
message_text_read(struct values *v, const struct msg_desc *d, const char *const *words,
    size_t n, union msg *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < n; i++)
		field_of(d, words[i]);
	for (const struct wire_field *f = d->fields; f->type != WIRE_END; f++) {
		const char *value = choose_value(d, f, words, n);

		if (value != NULL && value[0] == '@')
			copy_field(value + 1, d, f, (uint8_t *)out);
		else if (value != NULL)
			set_field(v, value, d, f, (uint8_t *)out);
	}
}

struct slice
message_text_changed(struct values *v, const struct msg_desc *d, const char *const *words,
    size_t n, struct slice record)
{
	union msg *changed = values_alloc(v, sizeof(*changed));

	if (msg_decode_payload(d, record, changed) != WIRE_OK)
		scenario_fail("the %s cannot be decoded", d->name);
	for (size_t i = 0; i < n; i++) {
		const struct wire_field *f = field_of(d, words[i]);

		set_field(v, value_in(words[i], f->name), d, f, (uint8_t *)changed);
	}
	return encode(v, d, changed);
}

static void
expect_equal(bool equal, bool wanted, const char *word, struct slice got)
{
	if (equal != wanted)
		scenario_fail("expected %s, got \"%.*s\"", word,
		    (int)(got.len < 500 ? got.len : 500), (const char *)got.p);
}

static void
expect_id(struct values *v, const char *word, const char *value, const struct id *got)
{
	bool wanted = value[-2] != '!';
	char text[ID_TEXT_LEN + 1];
	struct id expected;

	if (value[0] == '$' && wanted && values_name_id(v, value + 1, got))
		return;
	expected = values_known_id(v, value + (value[0] == '$'));
	id_format(got, text);
	expect_equal(id_equal(&expected, got), wanted, word, slice_str(text));
}

static void
expect_words(
    struct values *v, const struct msg_desc *d, struct slice got, const struct words *words)
{
	union msg *record = values_alloc(v, sizeof(*record));

	if (msg_decode_payload(d, got, record) != WIRE_OK)
		scenario_fail("the %s cannot be decoded", d->name);
	message_text_expect(v, d, words->word, words->n, record);
}

static void
expect_record(struct values *v, const char *text, uint16_t item, struct slice got)
{
	struct words words;

	split_inside(v, text, &words);
	if (words.n > 0)
		expect_words(v, take_kind(&words, item), got, &words);
	else if (got.len > 0)
		scenario_fail("expected no record");
}

void
message_text_expect_record(struct values *v, const char *text, struct slice got)
{
	expect_record(v, text, 0, got);
}

static size_t
list_length(struct slice list)
{
	struct slice item;
	size_t n = 0;

	while (wire_list_next(&list, &item))
		n++;
	return n;
}

static void
expect_list(struct values *v, const char *text, uint16_t item, struct slice got)
{
	struct words words = {.n = 0}, fields;
	size_t n = strtoul(text, NULL, 10);
	const struct msg_desc *d = NULL;
	struct slice one;

	if (text[0] == '[') {
		split_inside(v, text, &words);
		if (words.n > 0)
			d = take_kind(&words, item);
		n = words.n;
	}
	if (list_length(got) != n)
		scenario_fail("expected a list of %zu, got %zu", n, list_length(got));
	for (size_t i = 0; i < words.n && wire_list_next(&got, &one); i++) {
		split_inside(v, words.word[i], &fields);
		expect_words(v, d, one, &fields);
	}
}

static void
expect_slice(struct values *v, const char *word, const char *value, const struct wire_field *f,
    struct slice got)
{
	bool wanted = value[-2] != '!';

	if (value[0] == '{')
		expect_record(v, value, f->item, got);
	else if (value[0] == '[' || f->type == WIRE_LIST ||
	    (strcmp(f->name, "records") == 0 && isdigit((unsigned char)value[0])))
		expect_list(v, value, f->item, got);
	else if (value[0] != '$' || !wanted || !values_name_bytes(v, value + 1, got))
		expect_equal(slice_eq(values_bytes(v, value), got), wanted, word, got);
}

static void
expect_number(struct values *v, const char *word, const char *value, const struct msg_desc *d,
    const struct wire_field *f, uint64_t got)
{
	bool wanted = value[-2] != '!';
	char text[24];

	if (value[0] == '$' && wanted && values_name_number(v, value + 1, got))
		return;
	snprintf(text, sizeof(text), "%ju", (uintmax_t)got);
	expect_equal(read_number(v, value, d, f) == got, wanted, word, slice_str(text));
}

static void
expect_field(struct values *v, const char *word, const struct msg_desc *d, const uint8_t *got)
{
	const struct wire_field *f = field_of(d, word);
	const char *value = value_in(word, f->name);
	const void *at = got + f->offset;
	struct hash256 hash;

	switch (f->type) {
	case WIRE_ID:
		expect_id(v, word, value, at);
		break;
	case WIRE_HASH:
		hash = values_hash(value);
		expect_equal(
		    hash_equal(&hash, at), value[-2] != '!', word, slice_str("another hash"));
		break;
	case WIRE_TEXT:
	case WIRE_BYTES:
	case WIRE_REC:
	case WIRE_LIST:
		expect_slice(v, word, value, f, *(const struct slice *)at);
		break;
	default:
		expect_number(v, word, value, d, f, wire_number(f, at));
		break;
	}
}

void
message_text_expect(struct values *v, const struct msg_desc *d, const char *const *words,
    size_t n, const union msg *got)
{
	for (size_t i = 0; i < n; i++)
		expect_field(v, words[i], d, (const uint8_t *)got);
}
