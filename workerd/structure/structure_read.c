#include "workerd/structure/structure_read.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "proto/structure/answer_parts.h"

#define NUMBER_TEXT 40
#define ORIGIN_TEXT 320

/* The reading of one structure. */
struct structure_reading {
	struct buf *parts;
	struct structure_faults *faults;
	const struct origin_list *pictures;
	unsigned named; /* buttons or fields so far */
};

[[gnu::format(printf, 3, 4)]] static void
structure_refuse(struct structure_reading *r, const char *should, const char *format, ...)
{
	struct structure_fault *fault = &r->faults->items[r->faults->n];
	va_list args;

	if (r->faults->n == STRUCTURE_FAULTS_MAX)
		return;
	va_start(args, format);
	(void)vsnprintf(fault->at, sizeof(fault->at), format, args);
	va_end(args);
	fault->should = should;
	r->faults->n++;
}

/* A member that is a string; empty if it is missing. */
static struct slice
structure_member(
    struct structure_reading *r, const json_t *object, const char *at, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (value == NULL || json_is_null(value))
		return (struct slice){0};
	if (!json_is_string(value)) {
		structure_refuse(r, "must be a string", "%s.%s", at, name);
		return (struct slice){0};
	}
	return (struct slice){
	    (const uint8_t *)json_string_value(value), json_string_length(value)};
}

/* Refuses members with other names; names: "a b c ". */
static void
structure_check_members(
    struct structure_reading *r, const json_t *object, const char *at, const char *names)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)object, name, value) {
		const char *found = strstr(names, name);
		const size_t n = strlen(name);

		if (found == NULL || n == 0 || found[n] != ' ' ||
		    (found != names && found[-1] != ' '))
			structure_refuse(
			    r, "is unknown", "%s%s%.24s", at, *at == '\0' ? "" : ".", name);
	}
}

/* The name of a member of STRUCTURE_PART in the JSON. */
static const char *
structure_name_member(const struct msg_structure_part *part, const char *member)
{
	if (part->kind == PART_CARD && strcmp(member, "label") == 0)
		return "title";
	if (part->kind == PART_CARD && strcmp(member, "url") == 0)
		return "picture";
	if (part->kind == PART_CHOICE && strcmp(member, "text") == 0)
		return "choices";
	return member;
}

/* Whether a URL is of one of the origins. */
static bool
structure_is_of(struct slice url, const struct origin_list *origins)
{
	char text[ORIGIN_TEXT], *origin;
	size_t n = strlen("https://");
	bool good;

	while (n < url.len && memchr("/?#", url.p[n], 3) == NULL)
		n++;
	if (!slice_copy_text((struct slice){url.p, n}, text, sizeof(text)))
		return false;
	origin = origin_normalize(text);
	good = origin != NULL && (origins->any || origin_list_has(origins, slice_str(origin)));
	free(origin);
	return good;
}

bool
structure_read_allows(struct slice parts, const struct origin_list *pictures)
{
	struct msg_structure_part part;
	struct slice item;

	while (wire_list_next(&parts, &item))
		if (record_decode(item, MSG_STRUCTURE_PART, &part) == WIRE_OK &&
		    part.kind == PART_CARD && part.url.len > 0 &&
		    !structure_is_of(part.url, pictures))
			return false;
	return true;
}

/* Checks a part and appends it. */
static void
structure_add(
    struct structure_reading *r, const char *at, const struct msg_structure_part *part)
{
	const char *member;
	const char *wrong = structure_part_wrong(part, &member);

	if (wrong != NULL)
		structure_refuse(r, wrong, "%s.%s", at, structure_name_member(part, member));
	else if (part->kind == PART_CARD && part->url.len > 0 &&
	    !structure_is_of(part->url, r->pictures))
		structure_refuse(
		    r, "must be of one of the origins in PICTURE_ORIGINS", "%s.picture", at);
	else if (record_add(r->parts, MSG_STRUCTURE_PART, part) == -1)
		structure_refuse(r, "must be shorter: it has too many bytes", "%s", "");
}

/* Gives a part without a name its number; the text holds it. */
static void
structure_name(struct structure_reading *r, struct msg_structure_part *part, char text[12])
{
	r->named++;
	if (part->name.len > 0)
		return;
	(void)snprintf(text, 12, "%u", r->named);
	part->name = slice_str(text);
}

static void
structure_read_button(struct structure_reading *r, const json_t *object, const char *at)
{
	const json_t *url = json_object_get(object, "url");
	struct msg_structure_part part = {
	    .kind = url != NULL && !json_is_null(url) ? PART_LINK : PART_BUTTON,
	    .name = structure_member(r, object, at, "name"),
	    .label = structure_member(r, object, at, "label"),
	    .url = structure_member(r, object, at, "url"),
	};
	char name[12];

	structure_check_members(r, object, at, "name label url ");
	if (part.kind == PART_BUTTON)
		structure_name(r, &part, name);
	structure_add(r, at, &part);
}

/* Reads each item of a list of at most max objects. */
static void
structure_read_list(struct structure_reading *r, const json_t *list, const char *before,
    const char *name, size_t max, const char *should,
    void (*read)(struct structure_reading *, const json_t *, const char *at))
{
	if (list == NULL || json_is_null(list))
		return;
	if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > max) {
		structure_refuse(r, should, "%s%s%s", before, *before == '\0' ? "" : ".", name);
		return;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		char at[48];

		(void)snprintf(
		    at, sizeof(at), "%s%s%s[%zu]", before, *before == '\0' ? "" : ".", name, i);
		if (json_is_object(item))
			read(r, item, at);
		else
			structure_refuse(r, "must be an object", "%s", at);
	}
}

static void
structure_read_card(struct structure_reading *r, const json_t *object, const char *at)
{
	const struct msg_structure_part part = {
	    .kind = PART_CARD,
	    .label = structure_member(r, object, at, "title"),
	    .text = structure_member(r, object, at, "text"),
	    .url = structure_member(r, object, at, "picture"),
	};

	structure_check_members(r, object, at, "title text picture buttons ");
	structure_add(r, at, &part);
	structure_read_list(r, json_object_get(object, "buttons"), at, "buttons",
	    STRUCTURE_CARD_BUTTONS_MAX, "must be a list of 1 to 3 buttons",
	    structure_read_button);
}

static int
structure_find_kind(struct slice word)
{
	for (int kind = PART_TEXT; kind <= PART_CONSENT; kind++)
		if (slice_eq_str(word, part_kind_words[kind]))
			return kind;
	return -1;
}

/* Joins the choices; a line break in one would make two. */
static bool
structure_read_choices(const json_t *list, struct buf *text)
{
	if (!json_is_array(list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		const struct slice choice = {
		    (const uint8_t *)json_string_value(item), json_string_length(item)};

		if (!json_is_string(item) || memchr(choice.p, '\n', choice.len) != NULL ||
		    (i > 0 && buf_append_str(text, "\n") == -1) ||
		    buf_append(text, choice.p, choice.len) == -1)
			return false;
	}
	return true;
}

static void
structure_read_field_part(struct structure_reading *r, const json_t *object, const char *at,
    uint8_t kind, struct slice choices)
{
	const json_t *required = json_object_get(object, "required");
	struct msg_structure_part part = {
	    .kind = kind,
	    .name = structure_member(r, object, at, "name"),
	    .label = structure_member(r, object, at, "label"),
	    .text = choices,
	    .url = structure_member(r, object, at, "url"),
	    .required = json_is_true(required),
	    .version = structure_member(r, object, at, "version"),
	};
	char name[12];

	if (required != NULL && !json_is_boolean(required) && !json_is_null(required))
		structure_refuse(r, "must be true or false", "%s.required", at);
	structure_check_members(r, object, at, "name kind label required choices version url ");
	structure_name(r, &part, name);
	structure_add(r, at, &part);
}

static void
structure_read_field(struct structure_reading *r, const json_t *object, const char *at)
{
	static const char choices_wrong[] =
	    "must be a list of 2 to 20 different lines of 1 to 80 characters";
	const json_t *choices = json_object_get(object, "choices");
	const int kind = structure_find_kind(structure_member(r, object, at, "kind"));
	struct buf text;

	if (kind == -1) {
		structure_refuse(r,
		    "must be text, name, email, phone, number, date, choice or consent",
		    "%s.kind", at);
		return;
	}
	buf_init(&text, 2400);
	if (choices != NULL && !json_is_null(choices) && kind != PART_CHOICE)
		structure_refuse(r, "must be left out", "%s.choices", at);
	else if (kind == PART_CHOICE && !structure_read_choices(choices, &text))
		structure_refuse(r, choices_wrong, "%s.choices", at);
	else
		structure_read_field_part(r, object, at, (uint8_t)kind, buf_slice(&text));
	buf_clear(&text);
}

bool
structure_read(const json_t *value, const struct origin_list *pictures, struct buf *parts,
    struct structure_faults *faults)
{
	struct structure_reading r = {.parts = parts, .faults = faults, .pictures = pictures};
	const char *wrong;

	faults->n = 0;
	if (value == NULL || json_is_null(value))
		return true;
	if (!json_is_object(value)) {
		structure_refuse(&r, "must be an object with buttons, cards or form", "%s", "");
		return false;
	}
	structure_check_members(&r, value, "", "buttons cards form ");
	structure_read_list(&r, json_object_get(value, "buttons"), "", "buttons",
	    STRUCTURE_BUTTONS_MAX, "must be a list of 1 to 6 buttons", structure_read_button);
	structure_read_list(&r, json_object_get(value, "cards"), "", "cards",
	    STRUCTURE_CARDS_MAX, "must be a list of 1 to 5 cards", structure_read_card);
	structure_read_list(&r, json_object_get(value, "form"), "", "form",
	    STRUCTURE_FIELDS_MAX, "must be a list of 1 to 8 fields", structure_read_field);
	if (faults->n > 0)
		return false;
	wrong = structure_wrong(buf_slice(parts));
	if (wrong != NULL)
		structure_refuse(&r,
		    "must have buttons, cards or a form, only one of them, "
		    "with different names",
		    "%s", "");
	else if (buf_len(parts) == 0)
		structure_refuse(&r, "must be an object with buttons, cards or form", "%s", "");
	return faults->n == 0;
}

/* The text of a value: also of a number, or of a consent. */
static bool
structure_value_text(const json_t *value, char number[NUMBER_TEXT], struct slice *text)
{
	if (json_is_string(value))
		*text = (struct slice){
		    (const uint8_t *)json_string_value(value), json_string_length(value)};
	else if (json_is_boolean(value))
		*text = slice_str(json_is_true(value) ? "true" : "false");
	else if (json_is_integer(value))
		(void)snprintf(
		    number, NUMBER_TEXT, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		(void)snprintf(number, NUMBER_TEXT, "%.15g", json_real_value(value));
	else
		return json_is_null(value);
	if (json_is_number(value))
		*text = slice_str(number);
	return true;
}

static const char *
structure_read_values(const json_t *values, const struct id *message, struct buf *parts)
{
	static const char wrong[] = "answer.values must be an object of at most 8 names with "
				    "texts, numbers or booleans";
	const char *name;
	json_t *value;

	if (!json_is_object(values) || json_object_size(values) == 0 ||
	    json_object_size(values) > STRUCTURE_FIELDS_MAX)
		return wrong;
	json_object_foreach ((json_t *)(uintptr_t)values, name, value) {
		struct msg_answer_part part = {.message = *message, .name = slice_str(name)};
		char number[NUMBER_TEXT];

		if (structure_name_wrong(part.name) != NULL ||
		    !structure_value_text(value, number, &part.value))
			return wrong;
		if (record_add(parts, MSG_ANSWER_PART, &part) == -1)
			return "answer.values must be shorter";
	}
	return NULL;
}

const char *
structure_read_answer(const json_t *value, struct buf *parts)
{
	static const char wrong[] =
	    "answer must be an object with message, the id of a message with a structure, and "
	    "either button or values";
	const json_t *button = json_object_get(value, "button");
	const json_t *values = json_object_get(value, "values");
	const char *text = json_string_value(json_object_get(value, "message"));
	struct msg_answer_part part = {.kind = PART_BUTTON};

	if (!json_is_object(value) || text == NULL ||
	    id_parse(slice_str(text), &part.message) == -1 || id_is_zero(&part.message) ||
	    (button == NULL) == (values == NULL))
		return wrong;
	if (values != NULL)
		return structure_read_values(values, &part.message, parts);
	text = json_string_value(button);
	if (text == NULL || structure_name_wrong(slice_str(text)) != NULL)
		return "answer.button must be the name of a button of that message";
	part.name = slice_str(text);
	must(record_add(parts, MSG_ANSWER_PART, &part) == 0);
	return NULL;
}
