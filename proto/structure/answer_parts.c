#include "proto/structure/answer_parts.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/email.h"
#include "proto/base/utf8.h"

#define NAME_UNITS   200 /* of a person's name, as of a contact */
#define PHONE_BYTES  64
#define NUMBER_BYTES 32

/* UTF-16 code units of a consent in the words of an answer. */
#define CONSENT_UNITS 160

void
answer_parts_client_id(const struct id *message, char out[ANSWER_PARTS_CLIENT_ID_SIZE])
{
	out[0] = ANSWER_PARTS_CLIENT_ID;
	id_format(message, out + 1);
}

bool
answer_parts_message(struct slice answer, struct id *message)
{
	struct msg_answer_part part;
	struct slice item;
	bool first = true;

	while (wire_list_next(&answer, &item)) {
		if (record_decode(item, MSG_ANSWER_PART, &part) != WIRE_OK ||
		    id_is_zero(&part.message) || (!first && !id_equal(&part.message, message)))
			return false;
		*message = part.message;
		first = false;
	}
	return !first;
}

/* The value that was given for a name; false: none. Of a name that was given twice, the last one. */
static bool
answer_parts_find(struct slice given, struct slice name, struct msg_answer_part *part)
{
	struct msg_answer_part other;
	bool found = false;
	struct slice item;

	while (wire_list_next(&given, &item))
		if (record_decode(item, MSG_ANSWER_PART, &other) == WIRE_OK &&
		    slice_eq(other.name, name)) {
			*part = other;
			found = true;
		}
	return found;
}

static bool
answer_parts_is_phone(struct slice value)
{
	bool digit = false;

	for (size_t i = 0; i < value.len; i++)
		digit = digit || (value.p[i] >= '0' && value.p[i] <= '9');
	return digit && value.len <= PHONE_BYTES && utf8_is_line(value);
}

/* Takes digits; how many. */
static size_t
answer_parts_skip_digits(struct slice *s)
{
	size_t n = 0;

	while (n < s->len && s->p[n] >= '0' && s->p[n] <= '9')
		n++;
	*s = (struct slice){s->p + n, s->len - n};
	return n;
}

/* A decimal number, such as -12.5. */
static bool
answer_parts_is_number(struct slice value)
{
	struct slice rest = value;

	if (value.len > NUMBER_BYTES)
		return false;
	if (rest.len > 0 && rest.p[0] == '-')
		rest = (struct slice){rest.p + 1, rest.len - 1};
	if (answer_parts_skip_digits(&rest) == 0)
		return false;
	if (rest.len == 0)
		return true;
	if (rest.p[0] != '.')
		return false;
	rest = (struct slice){rest.p + 1, rest.len - 1};
	return answer_parts_skip_digits(&rest) > 0 && rest.len == 0;
}

static unsigned
answer_parts_digits(struct slice s, size_t at, size_t n)
{
	unsigned number = 0;

	for (size_t i = at; i < at + n; i++)
		number = 10 * number + (unsigned)(s.p[i] - '0');
	return number;
}

/* A day of the calendar, such as 2026-02-28. */
static bool
answer_parts_is_date(struct slice s)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned year, month, day;

	if (s.len != 10)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (i == 4 || i == 7 ? s.p[i] != '-' : s.p[i] < '0' || s.p[i] > '9')
			return false;
	year = answer_parts_digits(s, 0, 4);
	month = answer_parts_digits(s, 5, 2);
	day = answer_parts_digits(s, 8, 2);
	if (year == 0 || month == 0 || month > 12 || day == 0)
		return false;
	return day <= days[month - 1] ||
	    (month == 2 && day == 29 &&
		(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)));
}

static bool
answer_parts_has_choice(struct slice choices, struct slice value)
{
	struct slice choice;

	while (structure_next_choice(&choices, &choice))
		if (slice_eq(choice, value))
			return true;
	return false;
}

/* Why a value that is not empty does not fit its field. */
static enum answer_unfit
answer_parts_unfit(const struct msg_structure_part *field, struct slice value)
{
	switch ((enum part_kind)field->kind) {
	case PART_TEXT:
		return utf8_utf16_len(value) <= ANSWER_PARTS_VALUE_MAX &&
			!utf8_has_control(value, "\n\t")
		    ? UNFIT_NOTHING
		    : UNFIT_TEXT;
	case PART_NAME:
		return utf8_utf16_len(value) <= NAME_UNITS && utf8_is_line(value)
		    ? UNFIT_NOTHING
		    : UNFIT_TEXT;
	case PART_EMAIL:
		return value.len <= EMAIL_TEXT_MAX && email_valid(value) ? UNFIT_NOTHING
									 : UNFIT_EMAIL;
	case PART_PHONE:
		return answer_parts_is_phone(value) ? UNFIT_NOTHING : UNFIT_PHONE;
	case PART_NUMBER:
		return answer_parts_is_number(value) ? UNFIT_NOTHING : UNFIT_NUMBER;
	case PART_DATE:
		return answer_parts_is_date(value) ? UNFIT_NOTHING : UNFIT_DATE;
	case PART_CHOICE:
		return answer_parts_has_choice(field->text, value) ? UNFIT_NOTHING
								   : UNFIT_CHOICE;
	case PART_CONSENT:
		return slice_eq_str(value, "true") ? UNFIT_NOTHING : UNFIT_CONSENT;
	case PART_BUTTON:
	case PART_LINK:
	case PART_CARD:
		break;
	}
	return UNFIT_UNKNOWN;
}

static void
answer_parts_refuse(struct buf *wrong, struct slice name, enum answer_unfit why)
{
	/* Of many unknown names, the first ones. */
	if (buf_room(wrong) < STRUCTURE_NAME_MAX + 16)
		return;
	must(buf_append(wrong, name.p, name.len) == 0 &&
	    buf_printf(wrong, "=%s\n", answer_unfit_words[why]) == 0);
}

/* What an answer is made of. */
struct answer_parts_build {
	struct buf *answer, *text, *wrong;
};

static void
answer_parts_add(const struct answer_parts_build *b, const struct msg_structure_part *part,
    struct msg_answer_part *entry)
{
	entry->kind = part->kind;
	entry->label = part->label;
	entry->version = part->version;
	entry->hash = (struct hash256){{0}};
	if (part->kind == PART_CONSENT)
		entry->hash = secret_hash(part->label);
	must(record_add(b->answer, MSG_ANSWER_PART, entry) == 0);
}

/* Appends a line of the text; false: it would be too long. */
static bool
answer_parts_say(const struct answer_parts_build *b, const struct msg_structure_part *part,
    struct slice value)
{
	const bool consent = part->kind == PART_CONSENT;
	const struct slice label =
	    consent ? utf8_prefix(part->label, CONSENT_UNITS) : part->label;

	if (label.len + value.len + 16 > buf_room(b->text))
		return false;
	if (buf_len(b->text) > 0)
		must(buf_append_str(b->text, "\n") == 0);
	must(!consent || buf_append_str(b->text, "\u2713 ") == 0);
	must(buf_append(b->text, label.p, label.len) == 0);
	must(label.len == part->label.len || buf_append_str(b->text, "\u2026") == 0);
	if (part->kind == PART_BUTTON || consent)
		return true;
	must(buf_append_str(b->text, ": ") == 0);
	must(buf_append(b->text, value.p, value.len) == 0);
	return true;
}

static void
answer_parts_take_field(const struct answer_parts_build *b,
    const struct msg_structure_part *field, struct slice given)
{
	struct msg_answer_part entry = {.name = field->name};
	enum answer_unfit why;

	if (answer_parts_find(given, field->name, &entry))
		entry.value = utf8_trim(entry.value);
	if (field->kind == PART_CONSENT && slice_eq_str(entry.value, "false"))
		entry.value = (struct slice){0};
	if (entry.value.len == 0) {
		if (field->required)
			answer_parts_refuse(b->wrong, field->name,
			    field->kind == PART_CONSENT ? UNFIT_CONSENT : UNFIT_MISSING);
		return;
	}
	why = answer_parts_unfit(field, entry.value);
	if (why == UNFIT_NOTHING && !answer_parts_say(b, field, entry.value))
		why = UNFIT_LONG;
	if (why != UNFIT_NOTHING)
		answer_parts_refuse(b->wrong, field->name, why);
	else
		answer_parts_add(b, field, &entry);
}

static void
answer_parts_take_form(
    const struct answer_parts_build *b, struct slice structure, struct slice given)
{
	struct msg_structure_part field = {0};
	struct slice item;

	while (wire_list_next(&structure, &item))
		if (record_decode(item, MSG_STRUCTURE_PART, &field) == WIRE_OK)
			answer_parts_take_field(b, &field, given);
	/* Nothing at all was entered. */
	if (buf_len(b->answer) + buf_len(b->wrong) == 0)
		answer_parts_refuse(b->wrong, field.name, UNFIT_MISSING);
}

static void
answer_parts_take_button(
    const struct answer_parts_build *b, struct slice structure, struct slice given)
{
	struct msg_structure_part button;
	struct msg_answer_part entry;
	struct slice item;

	must(wire_list_next(&given, &item) &&
	    record_decode(item, MSG_ANSWER_PART, &entry) == WIRE_OK);
	if (given.len > 0 || entry.value.len > 0 || entry.name.len == 0 ||
	    !structure_find(structure, entry.name, &button)) {
		answer_parts_refuse(b->wrong, entry.name, UNFIT_UNKNOWN);
		return;
	}
	must(answer_parts_say(b, &button, (struct slice){0}));
	answer_parts_add(b, &button, &entry);
}

/* Refuses names that the form does not have. */
static void
answer_parts_check_names(
    const struct answer_parts_build *b, struct slice structure, struct slice given)
{
	struct msg_structure_part field;
	struct msg_answer_part entry;
	struct slice item;

	while (wire_list_next(&given, &item))
		if (record_decode(item, MSG_ANSWER_PART, &entry) == WIRE_OK &&
		    !structure_find(structure, entry.name, &field))
			answer_parts_refuse(b->wrong, entry.name, UNFIT_UNKNOWN);
}

bool
answer_parts_check(struct slice structure, struct slice given, struct buf *answer,
    struct buf *text, struct buf *wrong)
{
	const struct answer_parts_build b = {answer, text, wrong};
	struct slice all = structure, item;
	struct msg_structure_part first;

	must(wire_list_next(&all, &item) &&
	    record_decode(item, MSG_STRUCTURE_PART, &first) == WIRE_OK && given.len > 0);
	if (structure_is_field(first.kind)) {
		answer_parts_check_names(&b, structure, given);
		answer_parts_take_form(&b, structure, given);
	} else {
		answer_parts_take_button(&b, structure, given);
	}
	return buf_len(wrong) == 0;
}

struct slice
answer_parts_value(struct slice answer, enum part_kind kind)
{
	struct msg_answer_part part;
	struct slice item;

	while (wire_list_next(&answer, &item))
		if (record_decode(item, MSG_ANSWER_PART, &part) == WIRE_OK && part.kind == kind)
			return part.value;
	return (struct slice){0};
}

const char *
answer_parts_wrong(struct slice answer)
{
	struct msg_answer_part part;
	struct id message = {0};
	struct slice item;

	if (answer.len == 0)
		return NULL;
	if (!answer_parts_message(answer, &message))
		return "an answer is to one message";
	while (wire_list_next(&answer, &item))
		if (record_decode(item, MSG_ANSWER_PART, &part) != WIRE_OK ||
		    structure_name_wrong(part.name) != NULL || part.label.len == 0 ||
		    (part.kind == PART_CONSENT) == hash_is_zero(&part.hash))
			return "an answer has a part that is invalid";
	return NULL;
}
