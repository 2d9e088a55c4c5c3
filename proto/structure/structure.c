#include "proto/structure/structure.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

const char *
structure_name_wrong(struct slice name)
{
	bool good = name.len >= 1 && name.len <= STRUCTURE_NAME_MAX;

	for (size_t i = 0; good && i < name.len; i++)
		good = memchr("abcdefghijklmnopqrstuvwxyz0123456789_-", name.p[i], 38) != NULL;
	return good ? NULL : "must be 1 to 24 characters of a-z, 0-9, _ and -";
}

static bool
structure_is_line(struct slice text, size_t min, size_t max)
{
	const size_t units = utf8_utf16_len(text);

	return units >= min && units <= max && utf8_is_line(text) &&
	    utf8_trim(text).len == text.len;
}

const char *
structure_label_wrong(const struct msg_structure_part *part)
{
	switch ((enum part_kind)part->kind) {
	case PART_BUTTON:
	case PART_LINK:
		return structure_is_line(part->label, 1, STRUCTURE_BUTTON_MAX)
		    ? NULL
		    : "must be a line of 1 to 60 characters";
	case PART_CONSENT:
		return structure_is_line(part->label, 1, STRUCTURE_CONSENT_MAX)
		    ? NULL
		    : "must be a line of 1 to 600 characters: what the visitor agrees to";
	default:
		return structure_is_line(part->label, 1, STRUCTURE_TITLE_MAX)
		    ? NULL
		    : "must be a line of 1 to 120 characters";
	}
}

/* Skips a prefix; false: the text does not begin with it. */
static bool
structure_skip(struct slice *text, const char *prefix)
{
	const size_t n = strlen(prefix);

	if (text->len < n || memcmp(text->p, prefix, n) != 0)
		return false;
	*text = (struct slice){text->p + n, text->len - n};
	return true;
}

const char *
structure_url_wrong(struct slice url)
{
	static const char wrong[] = "must be an http:// or https:// URL of at most 2048 "
				    "characters of ASCII, with a host "
				    "and without a user, such as https://example.com/page";
	struct slice rest = url;
	size_t host = 0;

	if (url.len > STRUCTURE_URL_MAX ||
	    (!structure_skip(&rest, "https://") && !structure_skip(&rest, "http://")))
		return wrong;
	for (size_t i = 0; i < rest.len; i++)
		if (rest.p[i] <= ' ' || rest.p[i] >= 0x7f ||
		    memchr("\"<>\\^`{|}()", rest.p[i], 11) != NULL)
			return wrong;
	while (host < rest.len && memchr("/?#", rest.p[host], 3) == NULL)
		host++;
	return host > 0 && rest.p[0] != ':' && memchr(rest.p, '@', host) == NULL ? NULL : wrong;
}

bool
structure_next_choice(struct slice *text, struct slice *choice)
{
	const uint8_t *end;

	if (text->len == 0)
		return false;
	end = memchr(text->p, '\n', text->len);
	choice->p = text->p;
	choice->len = end == NULL ? text->len : (size_t)(end - text->p);
	*text = end == NULL ? (struct slice){0}
			    : (struct slice){end + 1, text->len - choice->len - 1};
	return true;
}

static bool
structure_choices_are_good(struct slice text)
{
	struct slice all = text, choice, others, other;
	size_t n = 0;

	if (text.len == 0 || text.p[text.len - 1] == '\n')
		return false;
	while (structure_next_choice(&all, &choice)) {
		if (!structure_is_line(choice, 1, STRUCTURE_CHOICE_MAX))
			return false;
		others = all;
		while (structure_next_choice(&others, &other))
			if (slice_eq(choice, other))
				return false;
		n++;
	}
	return n >= 2 && n <= STRUCTURE_CHOICES_MAX;
}

static const char *
structure_text_wrong(const struct msg_structure_part *part)
{
	if (part->kind == PART_CHOICE)
		return structure_choices_are_good(part->text)
		    ? NULL
		    : "must be a list of 2 to 20 different lines of 1 to 80 characters";
	if (part->kind == PART_CARD)
		return utf8_utf16_len(part->text) <= STRUCTURE_TEXT_MAX &&
			!utf8_has_control(part->text, "\n")
		    ? NULL
		    : "must be a text of at most 600 characters";
	return part->text.len == 0 ? NULL : "must be left out";
}

static const char *
structure_part_url_wrong(const struct msg_structure_part *part)
{
	if (part->kind == PART_LINK)
		return structure_url_wrong(part->url);
	if (part->url.len == 0)
		return NULL;
	if (part->kind == PART_CARD)
		return structure_url_wrong(part->url) != NULL || part->url.p[4] != 's'
		    ? "must be an https:// URL of at most 2048 characters of ASCII, without a "
		      "user"
		    : NULL;
	return part->kind == PART_CONSENT ? structure_url_wrong(part->url) : "must be left out";
}

static bool
structure_has_name(const struct msg_structure_part *part)
{
	return part->kind == PART_BUTTON || structure_is_field(part->kind);
}

const char *
structure_part_wrong(const struct msg_structure_part *part, const char **member)
{
	const char *wrong;

	*member = "name";
	wrong = structure_has_name(part) ? structure_name_wrong(part->name)
	    : part->name.len > 0         ? "must be left out"
					 : NULL;
	if (wrong != NULL)
		return wrong;
	*member = "label";
	wrong = structure_label_wrong(part);
	if (wrong != NULL)
		return wrong;
	*member = "text";
	wrong = structure_text_wrong(part);
	if (wrong != NULL)
		return wrong;
	*member = "url";
	wrong = structure_part_url_wrong(part);
	if (wrong != NULL)
		return wrong;
	*member = "required";
	if (part->required && !structure_is_field(part->kind))
		return "must be left out";
	*member = "version";
	if (part->version.len == 0)
		return NULL;
	if (part->kind != PART_CONSENT)
		return "must be left out";
	return structure_is_line(part->version, 1, 64) && part->version.len <= 64
	    ? NULL
	    : "must be a line of at most 64 bytes";
}

/* Counts what a list has. */
struct structure_tally {
	unsigned buttons, cards, fields;
	unsigned of_card; /* buttons behind the last card */
};

static const char *
structure_count(struct structure_tally *n, const struct msg_structure_part *part)
{
	if (part->kind == PART_CARD) {
		n->of_card = 0;
		if (++n->cards > STRUCTURE_CARDS_MAX)
			return "it must have at most 5 cards";
	} else if (structure_is_field(part->kind)) {
		if (++n->fields > STRUCTURE_FIELDS_MAX)
			return "its form must have at most 8 fields";
	} else if (n->cards > 0) {
		if (++n->of_card > STRUCTURE_CARD_BUTTONS_MAX)
			return "each of its cards must have at most 3 buttons";
	} else if (++n->buttons > STRUCTURE_BUTTONS_MAX) {
		return "it must have at most 6 buttons";
	}
	return (n->buttons > 0) + (n->cards > 0) + (n->fields > 0) > 1
	    ? "it must have buttons, cards or a form, and only one of them"
	    : NULL;
}

/* Whether a part behind this one has the same name. */
static bool
structure_repeats(struct slice rest, struct slice name)
{
	struct msg_structure_part part;

	return name.len > 0 && structure_find(rest, name, &part);
}

const char *
structure_wrong(struct slice parts)
{
	struct structure_tally n = {0};
	struct msg_structure_part part;
	const char *wrong = parts.len > STRUCTURE_PARTS_MAX ? "it must be shorter" : NULL;
	const char *member;
	struct slice item;

	while (wrong == NULL && wire_list_next(&parts, &item)) {
		if (record_decode(item, MSG_STRUCTURE_PART, &part) != WIRE_OK)
			return "it has an invalid part";
		if (structure_part_wrong(&part, &member) != NULL)
			return "it has a part with an invalid member";
		wrong = structure_count(&n, &part);
		if (wrong == NULL && structure_repeats(parts, part.name))
			wrong = "the names of its parts must differ";
	}
	return wrong;
}

bool
structure_find(struct slice parts, struct slice name, struct msg_structure_part *part)
{
	struct slice item;

	while (wire_list_next(&parts, &item))
		if (record_decode(item, MSG_STRUCTURE_PART, part) == WIRE_OK &&
		    slice_eq(part->name, name))
			return true;
	return false;
}

static void
structure_put(struct buf *out, struct slice text)
{
	must(buf_append(out, text.p, text.len) == 0);
}

static void
structure_put_choices(struct buf *out, struct slice text)
{
	const char *before = ": ";
	struct slice choice;

	while (structure_next_choice(&text, &choice)) {
		must(buf_append_str(out, before) == 0);
		structure_put(out, choice);
		before = " / ";
	}
}

static void
structure_write_part(const struct msg_structure_part *part, struct buf *out)
{
	if (part->kind != PART_CARD)
		must(buf_append_str(out, "- ") == 0);
	structure_put(out, part->label);
	if (part->required)
		must(buf_append_str(out, " *") == 0);
	if (part->kind == PART_CHOICE)
		structure_put_choices(out, part->text);
	else if (part->text.len > 0)
		must(buf_append_str(out, "\n") == 0);
	if (part->kind == PART_CARD)
		structure_put(out, part->text);
	else if (part->url.len > 0)
		must(buf_append_str(out, ": ") == 0);
	if (part->kind != PART_CARD)
		structure_put(out, part->url);
}

void
structure_write_words(struct slice parts, struct buf *out)
{
	struct msg_structure_part part;
	const char *before = "";
	struct slice item;

	while (wire_list_next(&parts, &item)) {
		if (record_decode(item, MSG_STRUCTURE_PART, &part) != WIRE_OK)
			continue;
		if (part.kind == PART_CARD && *before != '\0')
			before = "\n\n";
		must(buf_append_str(out, before) == 0);
		structure_write_part(&part, out);
		before = "\n";
	}
}

void
structure_write_text(struct slice lead, struct slice parts, struct buf *out)
{
	structure_put(out, lead);
	if (lead.len > 0 && parts.len > 0)
		must(buf_append_str(out, "\n\n") == 0);
	structure_write_words(parts, out);
}
