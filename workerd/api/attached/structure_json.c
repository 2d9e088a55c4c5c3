#include "workerd/api/attached/structure_json.h"

#include "proto/base/basics.h"
#include "proto/base/secrets.h"
#include "proto/structure/answer_parts.h"

/* Which lists are open. */
struct structure_json {
	struct json_writer *j;
	bool list;    /* buttons, cards or form */
	bool card;    /* a card in it */
	bool buttons; /* the card's */
};

static void
structure_json_text(struct json_writer *j, const char *key, struct slice text)
{
	if (text.len > 0)
		json_write_str(j, key, text);
}

static void
structure_json_close_card(struct structure_json *s)
{
	if (s->buttons)
		json_write_close(s->j, ']');
	if (s->card)
		json_write_close(s->j, '}');
	s->card = s->buttons = false;
}

/* Opens the list that the structure is, at its first part. */
static void
structure_json_open(struct structure_json *s, const char *key)
{
	if (!s->list)
		json_write_open(s->j, key, '[');
	s->list = true;
}

static void
structure_json_write_button(struct structure_json *s, const struct msg_structure_part *part)
{
	if (s->card && !s->buttons)
		json_write_open(s->j, "buttons", '[');
	s->buttons = s->card;
	json_write_open(s->j, NULL, '{');
	structure_json_text(s->j, "name", part->name);
	json_write_str(s->j, "label", part->label);
	structure_json_text(s->j, "url", part->url);
	json_write_close(s->j, '}');
}

static void
structure_json_write_card(struct structure_json *s, const struct msg_structure_part *part)
{
	structure_json_close_card(s);
	json_write_open(s->j, NULL, '{');
	json_write_str(s->j, "title", part->label);
	structure_json_text(s->j, "text", part->text);
	structure_json_text(s->j, "picture", part->url);
	s->card = true;
}

static void
structure_json_write_field(struct json_writer *j, const struct msg_structure_part *part)
{
	struct slice choices = part->text, choice;

	json_write_open(j, NULL, '{');
	json_write_str(j, "name", part->name);
	json_write_str(j, "kind", slice_str(part_kind_words[part->kind]));
	json_write_str(j, "label", part->label);
	json_write_bool(j, "required", part->required);
	if (part->kind == PART_CHOICE) {
		json_write_open(j, "choices", '[');
		while (structure_next_choice(&choices, &choice))
			json_write_str(j, NULL, choice);
		json_write_close(j, ']');
	}
	structure_json_text(j, "version", part->version);
	structure_json_text(j, "url", part->url);
	json_write_close(j, '}');
}

void
structure_json_write_members(struct json_writer *j, struct slice parts)
{
	struct structure_json s = {.j = j};
	struct msg_structure_part part;
	struct slice item;

	while (wire_list_next(&parts, &item)) {
		must(record_decode(item, MSG_STRUCTURE_PART, &part) == WIRE_OK);
		if (structure_is_field(part.kind)) {
			structure_json_open(&s, "form");
			structure_json_write_field(j, &part);
		} else if (part.kind == PART_CARD) {
			structure_json_open(&s, "cards");
			structure_json_write_card(&s, &part);
		} else {
			structure_json_open(&s, "buttons");
			structure_json_write_button(&s, &part);
		}
	}
	structure_json_close_card(&s);
	if (s.list)
		json_write_close(j, ']');
}

static void
structure_json_write_consent(
    struct json_writer *j, const struct msg_answer_part *part, uint64_t at)
{
	char hash[HASH_HEX_LEN + 1];

	hash_format_hex(&part->hash, hash);
	structure_json_text(j, "version", part->version);
	json_write_str(j, "sha256", slice_str(hash));
	json_write_uint(j, "at", at);
}

/* A button has no value. */
static void
structure_json_write_answer(struct json_writer *j, const struct msg_message_record *r)
{
	struct slice list = r->answer, item;
	struct msg_answer_part part;
	bool first = true;

	json_write_open(j, "answer", '{');
	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_ANSWER_PART, &part) == WIRE_OK);
		if (first)
			json_write_id(j, "message", &part.message);
		if (part.kind == PART_BUTTON) {
			json_write_str(j, "button", part.name);
			break;
		}
		if (first)
			json_write_open(j, "values", '[');
		first = false;
		json_write_open(j, NULL, '{');
		json_write_str(j, "name", part.name);
		json_write_str(j, "kind", slice_str(part_kind_words[part.kind]));
		json_write_str(j, "label", part.label);
		json_write_str(j, "value", part.value);
		if (part.kind == PART_CONSENT)
			structure_json_write_consent(j, &part, r->created_at);
		json_write_close(j, '}');
	}
	if (!first)
		json_write_close(j, ']');
	json_write_close(j, '}');
}

void
structure_json_write(struct json_writer *j, const struct msg_message_record *r)
{
	if (r->structure.len > 0) {
		json_write_open(j, "structure", '{');
		json_write_str(j, "text", (struct slice){r->text.p, r->lead});
		structure_json_write_members(j, r->structure);
		json_write_close(j, '}');
	}
	if (r->answer.len > 0)
		structure_json_write_answer(j, r);
}
