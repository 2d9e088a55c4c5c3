#include "tests/fuzz/store_instructions.h"

#include <ctype.h>

#include "proto/base/clock.h"
#include "tests/fuzz/fuzz.h"

/* Limit of instructions in one input. */
#define INSTRUCTIONS_MAX 250

#define WORD_MAX 32

static const struct language *language; /* of the current input */
static unsigned client;                 /* that sends the next request */

unsigned
choose(struct slice *in, unsigned values)
{
	return fuzz_byte(in) % values;
}

static const struct wire_field *
field_named(const struct msg_desc *desc, const char *name)
{
	for (const struct wire_field *f = desc->fields; f->type != WIRE_END; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

/* Finds a field in the record or, if it is not there, in the message. */
static void *
find(struct request *r, const char *name, const struct wire_field **field)
{
	*field = r->record_desc == NULL ? NULL : field_named(r->record_desc, name);
	if (*field != NULL)
		return (uint8_t *)&r->record + (*field)->offset;
	*field = field_named(r->desc, name);
	return *field == NULL ? NULL : (uint8_t *)&r->msg + (*field)->offset;
}

void *
request_field(struct request *r, const char *name)
{
	const struct wire_field *field;

	return find(r, name, &field);
}

void
request_set_id(struct request *r, const char *name, struct id id)
{
	struct id *at = request_field(r, name);

	if (at != NULL)
		*at = id;
}

void
request_set_text(struct request *r, const char *name, struct slice text)
{
	struct slice *at = request_field(r, name);

	if (at != NULL)
		*at = text;
}

static const struct value_kind *
kind_named(const char *name)
{
	for (size_t i = 0; i < language->n_kinds; i++)
		if (strcmp(language->kinds[i].name, name) == 0)
			return &language->kinds[i];
	return NULL;
}

static const struct value_kind *
kind_of(const struct wire_field *field)
{
	static const char *const types[] = {[WIRE_U32] = "u32",
	    [WIRE_U64] = "u64",
	    [WIRE_ID] = "id",
	    [WIRE_HASH] = "hash",
	    [WIRE_TEXT] = "text"};
	const struct value_kind *kind = kind_named(field->name);

	return kind != NULL || field->type == WIRE_U8 ? kind : kind_named(types[field->type]);
}

static struct slice
one_text(struct slice *in, const struct value_kind *kind)
{
	unsigned n = 0;

	while (kind->texts[n] != NULL)
		n++;
	return slice_str(kind->texts[choose(in, n)]);
}

static uint64_t
one_number(struct slice *in, const struct value_kind *kind, uint32_t max)
{
	uint64_t n = kind->numbers[choose(in, kind->n)];

	if (max != 0 && n > max)
		return max;
	return n >= NOW && n < 2 * NOW ? clock_wall_ms() + n - NOW : n;
}

static void
take_value(struct slice *in, struct request *r, const struct value_kind *kind,
    const struct wire_field *field, void *at)
{
	if (kind->id != NULL)
		*(struct id *)at = kind->id(in);
	else if (kind->hash != NULL)
		*(struct hash256 *)at = kind->hash(in);
	else if (kind->n > 0)
		wire_set_number(field, at, one_number(in, kind, field->max));
	else if (kind->text != NULL)
		*(struct slice *)at = kind->text(in, field->max);
	else if (kind->texts[0] != NULL)
		*(struct slice *)at = one_text(in, kind);
	else
		kind->fill(in, r);
}

static void
take_field(struct slice *in, struct request *r, const char *name, const char *of_kind)
{
	const struct wire_field *field;
	void *at = find(r, name, &field);
	const struct value_kind *kind;

	must(at != NULL);
	if (of_kind != NULL && isdigit((unsigned char)*of_kind)) {
		wire_set_number(field, at, choose(in, (unsigned)strtoul(of_kind, NULL, 10)));
		return;
	}
	kind = of_kind == NULL ? kind_of(field) : kind_named(of_kind);
	must(kind != NULL || (of_kind == NULL && field->type == WIRE_U8));
	if (kind != NULL)
		take_value(in, r, kind, field, at);
	else
		wire_set_number(field, at, choose(in, field->max + 1));
}

/* A number, a text, or the value of another field; an id is the first half of a hash. The value
 * stays in memory, as texts are borrowed. */
static void
set_field(struct request *r, const char *name, struct slice value)
{
	const struct wire_field *field, *from_field;
	char from_name[WORD_MAX] = "";
	void *at = find(r, name, &field);
	const void *from;

	must(at != NULL && value.len < sizeof(from_name));
	memcpy(from_name, value.p, value.len);
	if (field->type == WIRE_TEXT) {
		*(struct slice *)at = value;
	} else if (isdigit(*value.p)) {
		wire_set_number(field, at, strtoull(from_name, NULL, 10));
	} else {
		from = find(r, from_name, &from_field);
		must(from != NULL);
		if (field->type == WIRE_ID)
			memcpy(at, from, sizeof(struct id));
		else
			wire_set_number(field, at, wire_number(from_field, from));
	}
}

static void
run_word(struct slice *in, struct request *r, struct slice word)
{
	char name[WORD_MAX] = "", *kind;
	const uint8_t *equals = memchr(word.p, '=', word.len);
	size_t len = equals == NULL ? word.len : (size_t)(equals - word.p);

	must(len < sizeof(name));
	memcpy(name, word.p, len);
	kind = strchr(name, ':');
	if (kind != NULL)
		*kind++ = '\0';
	if (equals != NULL)
		set_field(r, name, (struct slice){equals + 1, word.len - len - 1});
	else if (strcmp(name, "client") == 0)
		client = choose(in, HARNESS_CHOSEN);
	else if (strcmp(name, "disconnect") == 0)
		harness_disconnect(choose(in, HARNESS_CHOSEN));
	else if (strcmp(name, "-") == 0)
		(void)fuzz_byte(in);
	else
		take_field(in, r, name, kind);
}

static void
run_words(struct slice *in, struct request *r, const char *words)
{
	while (words != NULL && *words != '\0') {
		size_t len = strcspn(words, " ");

		run_word(in, r, (struct slice){(const uint8_t *)words, len});
		words += len + (words[len] == ' ');
	}
}

/* The message's field for a record, or NULL. */
static const struct wire_field *
record_field(const struct msg_desc *desc)
{
	for (const struct wire_field *f = desc->fields; f->type != WIRE_END; f++)
		if (f->type == WIRE_REC ||
		    (f->type == WIRE_BYTES && strcmp(f->name, "record") == 0))
			return f;
	return NULL;
}

static void
set_record_type(struct request *r, enum msg_type record)
{
	static const char *const names[] = {"kind", "type"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct wire_field *f = field_named(r->desc, names[i]);

		if (f != NULL)
			wire_set_number(f, (uint8_t *)&r->msg + f->offset, record);
	}
}

static void
send_request(struct slice *in, const struct instruction *instruction)
{
	struct request r = {.desc = msg_desc((uint16_t)instruction->type)};
	const struct wire_field *field = NULL;
	struct buf record;

	buf_init(&record, RECORD_MAX);
	if (instruction->record != 0) {
		set_record_type(&r, instruction->record);
		field = record_field(r.desc);
	}
	if (field != NULL) {
		r.record_desc = msg_desc((uint16_t)instruction->record);
		*(uint8_t *)request_field(&r, "v") = RECORD_VERSION;
	}
	run_words(in, &r, instruction->words);
	if (field != NULL) {
		must(record_encode(&record, instruction->record, &r.record) == 0);
		*(struct slice *)(void *)((uint8_t *)&r.msg + field->offset) =
		    buf_slice(&record);
	}
	harness_send(client, instruction->type, &r.msg);
	buf_clear(&record);
}

static void
run_instruction(struct slice *in, const struct instruction *instruction)
{
	if (instruction->act != NULL)
		instruction->act();
	else if (instruction->type != 0)
		send_request(in, instruction);
	else
		run_words(in, NULL, instruction->words);
	if (instruction->one_of != NULL)
		run_instruction(in, &instruction->one_of[choose(in, (unsigned)instruction->n)]);
}

static const struct instruction *
instruction_of(uint8_t letter)
{
	must(language->n > 1);
	for (size_t i = 0; i < language->n; i++)
		if (language->table[i].letter == (char)letter)
			return &language->table[i];
	return &language->table[letter % (language->n - 1)];
}

void
instructions_run(const struct language *l, struct slice in)
{
	unsigned run = 0;

	language = l;
	client = 0;
	while (in.len > 0 && run < INSTRUCTIONS_MAX) {
		uint8_t letter = fuzz_byte(&in);

		if (letter == ' ' || letter == '\n')
			continue;
		run_instruction(&in, instruction_of(letter));
		run++;
	}
}
