#include "storaged/cli/foreign/mapping.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "storaged/cli/foreign/foreign_value.h"
#include "storaged/cli/foreign/html_text.h"
#include "storaged/cli/foreign/json_objects.h"

/* Lists and wrappers within each other that are looked into. */
#define DEPTH_MAX 8

#define TEXT_MAX (2 * JSON_OBJECT_MAX)
/* The session of a conversation: "intercom." and the id, or its hash if that has other characters. */
#define SESSION_MAX 128
/* Bytes of an article's id in a name; that of a longer one has its hash. */
#define ARTICLE_ID_MAX 200

#define TIMES_CREATED                                                                   \
	"created_at createdAt conversation_created_at created created_on signed_up_at " \
	"signed_up"
#define TIMES_UPDATED "last_activity_at updated_at updatedAt conversation_closed_at timestamp"

void
mapping_init(struct mapping *m, enum foreign_chat from, struct misfits *misfits,
    void (*found)(void *arg, const struct item *item), void *arg)
{
	*m = (struct mapping){.from = from, .misfits = misfits, .found = found, .arg = arg};
	for (size_t i = 0; i < ITEM_TEXTS; i++)
		buf_init(&m->text[i], TEXT_MAX);
}

void
mapping_clear(struct mapping *m)
{
	for (size_t i = 0; i < ITEM_TEXTS; i++)
		buf_clear(&m->text[i]);
}

const char *
mapping_name(enum foreign_chat from)
{
	return from == FOREIGN_CHATWOOT ? "chatwoot" : "intercom";
}

static struct id
mapping_id(const struct mapping *m, const char *kind, struct slice id)
{
	return foreign_value_id(&m->org, mapping_name(m->from), kind, id);
}

static void
mapping_begin(struct mapping *m)
{
	for (size_t i = 0; i < ITEM_TEXTS; i++)
		buf_reset(&m->text[i]);
}

/* Appends text to one of the item; control characters become spaces. */
static void
mapping_append(struct mapping *m, size_t to, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i];

		if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
			c = ' ';
		(void)!buf_append(&m->text[to], &c, 1);
	}
}

static void
mapping_append_text(struct mapping *m, size_t to, const json_t *object, const char *names)
{
	char number[FOREIGN_NUMBER];

	mapping_append(m, to, foreign_value_text(object, names, number));
}

static void
mapping_emit(struct mapping *m, struct item *item)
{
	for (size_t i = 0; i < ITEM_TEXTS; i++)
		item->text[i] = utf8_trim(buf_slice(&m->text[i]));
	m->found(m->arg, item);
}

static void
mapping_misfit(struct mapping *m, const char *reason, const json_t *object)
{
	char number[FOREIGN_NUMBER], example[MISFIT_TEXT];
	struct slice id = foreign_value_text(
	    object, "id message_id conversation_id uuid email title name", number);

	if (id.len > 64)
		id.len = 64;
	(void)snprintf(example, sizeof(example), "%.*s", (int)id.len, (const char *)id.p);
	misfits_add(m->misfits, reason, slice_str(example));
}

static uint64_t
mapping_time(struct mapping *m, const json_t *object, const char *names)
{
	bool unreadable = false;
	uint64_t at = foreign_value_time(object, names, &unreadable);

	if (unreadable)
		mapping_misfit(m, "times that cannot be read", object);
	return at;
}

/* Contacts */

static bool
mapping_is_visitor(struct slice type)
{
	return foreign_value_is_one_of(
	    type, "contact user lead visitor customer contact::contact");
}

/* Adds a contact; returns its id, zero if it has none. force_visitor: its type need not say so. */
static struct id
mapping_take_contact(struct mapping *m, const json_t *object)
{
	char number[FOREIGN_NUMBER];
	struct slice id = foreign_value_text(object, "id contact_id intercom_id _id", number);
	struct item item = {.kind = ITEM_CONTACT};
	struct slice email, first, last;
	char first_number[FOREIGN_NUMBER], last_number[FOREIGN_NUMBER];

	mapping_begin(m);
	email = foreign_value_text(object, "email email_address", first_number);
	mapping_append(m, ITEM_EMAIL, email);
	if (id.len > 0)
		item.id = mapping_id(m, "contact", id);
	else if (email.len > 0)
		item.id = mapping_id(m, "contact by e-mail", email);
	else if ((id = foreign_value_text(
		      object, "user_id external_id identifier phone phone_number", number))
		     .len > 0)
		item.id = mapping_id(m, "contact by name", id);
	else
		return item.id;
	mapping_append_text(m, ITEM_NAME, object, "name full_name display_name");
	first = foreign_value_text(object, "first_name", first_number);
	last = foreign_value_text(object, "last_name", last_number);
	if (buf_len(&m->text[ITEM_NAME]) == 0) {
		mapping_append(m, ITEM_NAME, first);
		mapping_append(m, ITEM_NAME, slice_str(" "));
		mapping_append(m, ITEM_NAME, last);
	}
	mapping_append_text(m, ITEM_PHONE, object, "phone phone_number");
	item.group = item.id;
	item.at = mapping_time(m, object, TIMES_CREATED);
	item.updated = mapping_time(m, object, TIMES_UPDATED);
	mapping_emit(m, &item);
	return item.id;
}

/* The contact of a conversation, wherever it is; zero: it is not known. */
static struct id
mapping_contact_of(struct mapping *m, const json_t *object)
{
	const json_t *meta = foreign_value_get(object, "meta");
	const json_t *one = foreign_value_get(object, "contact user customer lead");
	const json_t *list = foreign_value_get(object, "contacts");
	char number[FOREIGN_NUMBER];
	struct slice id;

	if (!json_is_object(one) && json_is_object(meta))
		one = foreign_value_get(meta, "sender contact");
	if (json_is_object(list))
		list = foreign_value_get(list, "contacts data");
	if (!json_is_object(one) && json_is_array(list))
		one = json_array_get(list, 0);
	if (json_is_object(one))
		return mapping_take_contact(m, one);
	id = foreign_value_text(object, "contact_id user_id", number);
	if (id.len == 0)
		return (struct id){0};
	return mapping_id(m, "contact", id);
}

/* Messages and notes */

/* Who has written a message. */
enum author { AUTHOR_UNKNOWN, AUTHOR_VISITOR, AUTHOR_PERSON, AUTHOR_BOT, AUTHOR_NOBODY };

static enum author
mapping_author_of_type(struct slice type)
{
	if (mapping_is_visitor(type))
		return AUTHOR_VISITOR;
	if (foreign_value_is_one_of(type,
		"bot assistant agent_bot agentbot captain::assistant captain_assistant "
		"operator_bot fin "
		"ai_agent workflow"))
		return AUTHOR_BOT;
	if (foreign_value_is_one_of(type, "admin team user_agent agent teammate operator"))
		return AUTHOR_PERSON;
	return AUTHOR_UNKNOWN;
}

/* In Chatwoot, "user" is a person of the team. */
static enum author
mapping_chatwoot_author(const json_t *object, const json_t *sender)
{
	char number[FOREIGN_NUMBER], other[FOREIGN_NUMBER];
	struct slice way = foreign_value_text(object, "message_type", number);
	struct slice type = foreign_value_text(object, "sender_type", other);

	if (type.len == 0)
		type = foreign_value_text(sender, "type", other);
	if (foreign_value_is_one_of(way, "0 incoming"))
		return AUTHOR_VISITOR;
	if (foreign_value_is_one_of(way, "2 activity"))
		return AUTHOR_NOBODY;
	if (foreign_value_is_one_of(way, "3 template"))
		return AUTHOR_BOT;
	if (mapping_author_of_type(type) == AUTHOR_BOT)
		return AUTHOR_BOT;
	if (foreign_value_is_one_of(type, "contact"))
		return AUTHOR_VISITOR;
	if (foreign_value_is_one_of(way, "1 outgoing") || foreign_value_is_one_of(type, "user"))
		return AUTHOR_PERSON;
	return mapping_author_of_type(type);
}

static enum author
mapping_author(const struct mapping *m, const json_t *object, const json_t *sender)
{
	char number[FOREIGN_NUMBER];
	struct slice type;
	enum author author;

	if (m->from == FOREIGN_CHATWOOT)
		return mapping_chatwoot_author(object, sender);
	type = foreign_value_text(sender, "type", number);
	if (type.len == 0)
		type = foreign_value_text(
		    object, "message_author_type author_type role sender_type", number);
	author = mapping_author_of_type(type);
	if (author == AUTHOR_PERSON &&
	    foreign_value_is_true(sender, "from_ai_agent is_ai_answer"))
		author = AUTHOR_BOT;
	return author;
}

/* Whether it is a note of the team. */
static bool
mapping_is_note(const json_t *object)
{
	char number[FOREIGN_NUMBER];

	return foreign_value_is_true(object, "private") ||
	    foreign_value_is_one_of(
		foreign_value_text(object, "part_type message_type type", number),
		"note note_and_reopen quick_reply_note");
}

static void
mapping_append_body(struct mapping *m, const json_t *object)
{
	char number[FOREIGN_NUMBER];
	struct slice body = foreign_value_text(object,
	    "body content message_body text processed_message_content message plain_text",
	    number);
	struct slice kind = foreign_value_text(object, "content_type", number);
	bool html =
	    m->from == FOREIGN_INTERCOM || foreign_value_is_one_of(kind, "incoming_email");
	struct slice trimmed = utf8_trim(body);
	struct buf out;

	/* Chatwoot's are Markdown, in which a tag may be what somebody asks about. */
	html |= trimmed.len > 2 && trimmed.p[0] == '<' && trimmed.p[trimmed.len - 1] == '>';
	if (!html || !html_text_is_html(body)) {
		mapping_append(m, MESSAGE_TEXT, body);
		return;
	}
	buf_init(&out, TEXT_MAX);
	(void)!html_text_append(&out, body);
	mapping_append(m, MESSAGE_TEXT, buf_slice(&out));
	buf_clear(&out);
}

/* Files are not imported: their names and addresses become lines of the text. */
static void
mapping_append_files(struct mapping *m, const json_t *object)
{
	const json_t *files = foreign_value_get(object, "attachments"), *file;
	char number[FOREIGN_NUMBER], other[FOREIGN_NUMBER];
	size_t i;

	for (i = 0; i < json_array_size(files); i++) {
		file = json_array_get(files, i);
		struct slice name =
		    foreign_value_text(file, "name fallback_title file_name file_type", number);
		struct slice url = foreign_value_text(file, "url data_url", other);

		if (name.len + url.len == 0)
			continue;
		mapping_append(m, MESSAGE_TEXT, slice_str("\n"));
		mapping_append(m, MESSAGE_TEXT, name);
		if (name.len > 0 && url.len > 0)
			mapping_append(m, MESSAGE_TEXT, slice_str(": "));
		mapping_append(m, MESSAGE_TEXT, url);
		mapping_misfit(
		    m, "attached files: their names and addresses become text", object);
	}
}

/* What its messages need of a conversation. */
struct conversation {
	struct id id, contact;
	uint64_t at;
	struct slice source_id;
};

/* The id of a message that has none: its content says which it is. */
static struct id
mapping_id_of_content(const struct mapping *m, const struct item *item)
{
	struct buf text;
	struct id id;

	buf_init(&text, TEXT_MAX + 256);
	must(buf_append(&text, item->group.b, sizeof(item->group.b)) == 0);
	must(buf_printf(&text, " %u %ju ", item->role, (uintmax_t)item->at) == 0);
	must(buf_append(&text, buf_data(&m->text[MESSAGE_TEXT]),
		 buf_len(&m->text[MESSAGE_TEXT])) == 0);
	id = mapping_id(m, "content", buf_slice(&text));
	buf_clear(&text);
	return id;
}

static void
mapping_set_author(struct mapping *m, struct item *item, enum author author,
    const json_t *sender, const json_t *object)
{
	item->role = author == AUTHOR_VISITOR ? MESSAGE_USER
	    : author == AUTHOR_BOT            ? MESSAGE_ASSISTANT
					      : MESSAGE_OPERATOR;
	if (author == AUTHOR_VISITOR)
		return;
	mapping_append_text(m, MESSAGE_AUTHOR, sender, "name available_name email");
	if (json_is_string(sender))
		mapping_append_text(m, MESSAGE_AUTHOR, object, "author sender");
	if (buf_len(&m->text[MESSAGE_AUTHOR]) == 0)
		mapping_append_text(m, MESSAGE_AUTHOR, object,
		    "message_author_name author_name sender_name message_author_email");
}

/* Takes a message or a note of a conversation. first: it begins the conversation, whose id it may have. */
static void
mapping_take_message(
    struct mapping *m, const json_t *object, const struct conversation *in, bool first)
{
	const json_t *sender = foreign_value_get(object, "author sender");
	enum author author = mapping_author(m, object, sender);
	struct item item = {.kind = ITEM_MESSAGE, .group = in->id};
	char number[FOREIGN_NUMBER];
	struct slice id = foreign_value_text(object, "id message_id _id", number);

	if (author == AUTHOR_VISITOR && json_is_object(sender) &&
	    (json_object_get(sender, "email") != NULL ||
		json_object_get(sender, "name") != NULL))
		item.contact = mapping_take_contact(m, sender);
	mapping_begin(m);
	mapping_append_body(m, object);
	mapping_append_files(m, object);
	if (utf8_trim(buf_slice(&m->text[MESSAGE_TEXT])).len == 0 || author == AUTHOR_NOBODY) {
		mapping_misfit(m,
		    author == AUTHOR_NOBODY ? "activities, which are no messages"
					    : "events and messages without a text",
		    object);
		return;
	}
	if (author == AUTHOR_UNKNOWN && !mapping_is_note(object)) {
		mapping_misfit(
		    m, "messages of an unknown author: imported as those of a person", object);
		author = AUTHOR_PERSON;
	}
	item.at = mapping_time(
	    m, object, "created_at createdAt message_created_at timestamp sent_at created");
	if (item.at == 0)
		item.at = in->at;
	if (mapping_is_note(object))
		item.kind = ITEM_NOTE;
	mapping_set_author(
	    m, &item, item.kind == ITEM_NOTE ? AUTHOR_PERSON : author, sender, object);
	if (id_is_zero(&item.contact) && author == AUTHOR_VISITOR)
		item.contact = in->contact;
	if (first)
		item.id = mapping_id(m, "first message", in->source_id);
	else
		item.id = id.len == 0 ? mapping_id_of_content(m, &item)
				      : mapping_id(m, "message", id);
	mapping_emit(m, &item);
}

static void
mapping_take_messages(struct mapping *m, const json_t *list, const struct conversation *in)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		mapping_take_message(m, json_array_get(list, i), in, false);
}

/* Conversations */

static void
mapping_append_tags(struct mapping *m, const json_t *object)
{
	const json_t *tags = foreign_value_get(
			 object, "tags labels conversation_tags cached_label_list"),
		     *tag;
	char number[FOREIGN_NUMBER];
	size_t i;

	if (json_is_object(tags))
		tags = foreign_value_get(tags, "tags data");
	for (i = 0; i < json_array_size(tags); i++) {
		tag = json_array_get(tags, i);
		mapping_append(m, CONVERSATION_TAGS, slice_str("\n"));
		if (json_is_string(tag))
			mapping_append(m, CONVERSATION_TAGS,
			    (struct slice){(const uint8_t *)json_string_value(tag),
				json_string_length(tag)});
		else
			mapping_append(m, CONVERSATION_TAGS,
			    foreign_value_text(tag, "name title", number));
	}
	/* Of a table: names with commas between. */
	for (const char *at = json_string_value(tags); at != NULL && *at != '\0';) {
		size_t len = strcspn(at, ",|;");

		mapping_append(m, CONVERSATION_TAGS, slice_str("\n"));
		mapping_append(
		    m, CONVERSATION_TAGS, utf8_trim((struct slice){(const uint8_t *)at, len}));
		at += len;
		at += *at != '\0';
	}
}

static uint8_t
mapping_state(const struct mapping *m, const json_t *object)
{
	char number[FOREIGN_NUMBER];
	struct slice state =
	    foreign_value_text(object, "conversation_state state status", number);
	const json_t *open = json_object_get(object, "open");

	if (foreign_value_is_one_of(state, "closed resolved") ||
	    (m->from == FOREIGN_CHATWOOT && slice_eq_str(state, "1")) ||
	    (state.len == 0 && json_is_false(open)))
		return STATE_RESOLVED + 1;
	return state.len > 0 || open != NULL ? STATE_OPEN + 1 : 0;
}

static void
mapping_append_session(struct mapping *m, struct slice id)
{
	const char *name = mapping_name(m->from);
	bool plain = id.len + strlen(name) + 1 <= SESSION_MAX;
	char text[ID_TEXT_LEN + 1];
	struct id hash;

	for (size_t i = 0; i < id.len && plain; i++)
		plain = (id.p[i] | 0x20) >= 'a' && (id.p[i] | 0x20) <= 'z'
		    ? true
		    : strchr("0123456789._:-", id.p[i]) != NULL && id.p[i] != '\0';
	mapping_append(m, CONVERSATION_SESSION, slice_str(name));
	mapping_append(m, CONVERSATION_SESSION, slice_str("."));
	if (!plain) {
		hash = mapping_id(m, "session", id);
		id_format(&hash, text);
		id = slice_str(text);
	}
	mapping_append(m, CONVERSATION_SESSION, id);
}

/* Adds the conversation that has this id there. */
static void
mapping_add_conversation(struct mapping *m, struct conversation *c, const json_t *object)
{
	struct item item = {.kind = ITEM_CONVERSATION};

	c->id = mapping_id(m, "conversation", c->source_id);
	c->contact = mapping_contact_of(m, object);
	mapping_begin(m);
	mapping_append_session(m, c->source_id);
	mapping_append_tags(m, object);
	item.group = item.id = c->id;
	item.contact = c->contact;
	item.at = c->at = mapping_time(m, object, TIMES_CREATED);
	item.updated = mapping_time(m, object, TIMES_UPDATED);
	item.state = mapping_state(m, object);
	mapping_emit(m, &item);
}

/* The list of a conversation's messages. */
static const json_t *
mapping_messages_of(const json_t *object)
{
	const json_t *list = foreign_value_get(object, "conversation_parts messages parts");

	if (json_is_object(list))
		list = foreign_value_get(list, "conversation_parts messages payload data");
	return list;
}

static void
mapping_take_conversation(struct mapping *m, const json_t *object)
{
	const json_t *inner = foreign_value_get(object, "conversation");
	const json_t *of = json_is_object(inner) ? inner : object, *first;
	struct conversation c = {0};
	char number[FOREIGN_NUMBER];

	c.source_id = foreign_value_text(of, "id conversation_id display_id _id uuid", number);
	if (c.source_id.len == 0) {
		mapping_misfit(m, "conversations without an id", of);
		return;
	}
	mapping_add_conversation(m, &c, of);
	first = foreign_value_get(of, "source conversation_message");
	if (json_is_object(first) && foreign_value_get(first, "body attachments") != NULL)
		mapping_take_message(m, first, &c, true);
	mapping_take_messages(m, mapping_messages_of(of), &c);
	if (of != object)
		mapping_take_messages(m, mapping_messages_of(object), &c);
	mapping_take_messages(m, foreign_value_get(of, "notes"), &c);
}

/* A message that stands alone: a row of a table or of a list. */
static void
mapping_take_lone_message(struct mapping *m, const json_t *object)
{
	struct conversation c = {0};
	struct item item = {.kind = ITEM_CONVERSATION};
	const json_t *of = foreign_value_get(object, "conversation");
	char number[FOREIGN_NUMBER], type[FOREIGN_NUMBER], contact[FOREIGN_NUMBER];
	struct slice id;

	c.source_id = foreign_value_text(object, "conversation_id conversation", number);
	if (c.source_id.len == 0)
		c.source_id = foreign_value_text(of, "id conversation_id", number);
	if (c.source_id.len == 0) {
		mapping_misfit(m, "messages without a conversation", object);
		return;
	}
	/* Intercom's tables have the conversation in each row. */
	if (foreign_value_get(object,
		"conversation_state conversation_created_at conversation_tags") != NULL) {
		mapping_add_conversation(m, &c, object);
	} else {
		c.id = mapping_id(m, "conversation", c.source_id);
		mapping_begin(m);
		mapping_append_session(m, c.source_id);
		item.group = item.id = c.id;
		mapping_emit(m, &item);
	}
	id = foreign_value_text(object, "message_author_id sender_id author_id", contact);
	if (id.len > 0 &&
	    (m->from == FOREIGN_INTERCOM
		    ? mapping_is_visitor(
			  foreign_value_text(object, "message_author_type author_type", type))
		    : mapping_chatwoot_author(object, NULL) == AUTHOR_VISITOR)) {
		json_t *author = json_pack("{s:s%, s:O*, s:O*}", "id", id.p, id.len, "name",
		    foreign_value_get(object, "message_author_name author_name"), "email",
		    foreign_value_get(object, "message_author_email author_email"));

		if (author != NULL)
			c.contact = mapping_take_contact(m, author);
		json_decref(author);
	}
	mapping_take_message(m, object, &c,
	    foreign_value_is_one_of(
		foreign_value_text(object, "message_type", type), "conversation_message"));
}

/* Articles */

static void
mapping_take_article(struct mapping *m, const json_t *object)
{
	struct item item = {.kind = ITEM_ARTICLE};
	char number[FOREIGN_NUMBER], other[FOREIGN_NUMBER];
	struct slice id = foreign_value_text(object, "id article_id slug", number);
	struct slice state = foreign_value_text(object, "state status", other);
	char hash[ID_TEXT_LEN + 1];
	bool html;

	if (state.len > 0 && !foreign_value_is_one_of(state, "published 1")) {
		mapping_misfit(m, "articles that are not published", object);
		return;
	}
	mapping_begin(m);
	mapping_append_text(m, ARTICLE_TITLE, object, "title name");
	mapping_append_text(m, ARTICLE_TEXT, object, "body content text description");
	if (id.len == 0 || buf_len(&m->text[ARTICLE_TEXT]) == 0) {
		mapping_misfit(m, "articles without an id or a text", object);
		return;
	}
	html = html_text_is_html(buf_slice(&m->text[ARTICLE_TEXT]));
	mapping_append(m, ARTICLE_NAME, slice_str("article-"));
	item.group = item.id = mapping_id(m, "article", id);
	if (id.len > ARTICLE_ID_MAX) {
		id_format(&item.id, hash);
		id = slice_str(hash);
	}
	mapping_append(m, ARTICLE_NAME, id);
	mapping_append(m, ARTICLE_NAME, slice_str(html ? ".html" : ".md"));
	mapping_emit(m, &item);
}

/* What an object is */

enum object_kind {
	OBJECT_UNKNOWN,
	OBJECT_CONTACT,
	OBJECT_CONVERSATION,
	OBJECT_MESSAGE,
	OBJECT_ARTICLE,
	OBJECT_OTHER
};

/* By what it says of itself. */
static enum object_kind
mapping_kind_of_type(struct slice type)
{
	if (foreign_value_is_one_of(type, "conversation"))
		return OBJECT_CONVERSATION;
	if (foreign_value_is_one_of(
		type, "conversation_part conversation_message message note"))
		return OBJECT_MESSAGE;
	if (foreign_value_is_one_of(type, "contact user lead visitor"))
		return OBJECT_CONTACT;
	if (foreign_value_is_one_of(type, "article"))
		return OBJECT_ARTICLE;
	if (foreign_value_is_one_of(type,
		"admin team company segment tag collection section help_center "
		"data_attribute data_event ticket ticket_type event newsitem subscription "
		"activity_log"))
		return OBJECT_OTHER;
	return OBJECT_UNKNOWN;
}

static bool
mapping_has(const json_t *object, const char *names)
{
	return foreign_value_get(object, names) != NULL;
}

static enum object_kind
mapping_kind_of_members(const json_t *object)
{
	if (mapping_has(object, "conversation_parts conversation_message") ||
	    (mapping_has(object, "conversation") && mapping_has(object, "messages")))
		return OBJECT_CONVERSATION;
	if (mapping_has(object, "message_type message_body part_type sender_type") &&
	    mapping_has(
		object, "content body message_body message_type part_type conversation_id"))
		return OBJECT_MESSAGE;
	if (mapping_has(object,
		"display_id last_activity_at contact_last_seen_at first_reply_created_at "
		"waiting_since statistics") &&
	    mapping_has(object, "inbox_id contact_id messages status meta source"))
		return mapping_has(object, "email phone_number thumbnail")
		    ? OBJECT_CONTACT
		    : OBJECT_CONVERSATION;
	if (mapping_has(object, "messages") && mapping_has(object, "id conversation_id uuid") &&
	    json_is_array(json_object_get(object, "messages")))
		return OBJECT_CONVERSATION;
	if (mapping_has(object, "conversation_id conversation") &&
	    mapping_has(object, "content body text message"))
		return OBJECT_MESSAGE;
	if (mapping_has(object, "title") && mapping_has(object, "body content") &&
	    mapping_has(
		object, "slug state status author_id portal_id category_id parent_id url"))
		return OBJECT_ARTICLE;
	if (mapping_has(object, "email phone_number email_address") &&
	    !mapping_has(
		object, "encrypted_password confirmed available_name away_mode_enabled"))
		return OBJECT_CONTACT;
	if (mapping_has(object, "name first_name") &&
	    mapping_has(object,
		"external_id user_id identifier contact_inboxes phone additional_attributes"))
		return OBJECT_CONTACT;
	return OBJECT_UNKNOWN;
}

static enum object_kind
mapping_kind_of_list(const char *hint)
{
	struct slice name = slice_str(hint);

	if (foreign_value_is_one_of(name, "conversations"))
		return OBJECT_CONVERSATION;
	if (foreign_value_is_one_of(name, "messages conversation_parts notes"))
		return OBJECT_MESSAGE;
	if (foreign_value_is_one_of(name, "contacts users leads visitors customers"))
		return OBJECT_CONTACT;
	if (foreign_value_is_one_of(name, "articles"))
		return OBJECT_ARTICLE;
	if (foreign_value_is_one_of(name,
		"admins teams companies segments tags labels inboxes agents collections "
		"sections meta pages"))
		return OBJECT_OTHER;
	return OBJECT_UNKNOWN;
}

static enum object_kind
mapping_kind(const json_t *object, const char *hint)
{
	char number[FOREIGN_NUMBER];
	enum object_kind kind =
	    mapping_kind_of_type(foreign_value_text(object, "type", number));

	if (kind == OBJECT_UNKNOWN)
		kind = mapping_kind_of_list(hint);
	return kind == OBJECT_UNKNOWN ? mapping_kind_of_members(object) : kind;
}

static void
mapping_take_kind(struct mapping *m, const json_t *object, enum object_kind kind)
{
	struct id id;

	switch (kind) {
	case OBJECT_CONVERSATION:
		mapping_take_conversation(m, object);
		return;
	case OBJECT_MESSAGE:
		mapping_take_lone_message(m, object);
		return;
	case OBJECT_ARTICLE:
		mapping_take_article(m, object);
		return;
	case OBJECT_CONTACT:
		id = mapping_take_contact(m, object);
		if (id_is_zero(&id))
			mapping_misfit(m, "contacts without an id, e-mail or phone", object);
		return;
	default:
		mapping_misfit(m,
		    "admins, teams, tags without a conversation, and other objects that are "
		    "not imported",
		    object);
	}
}

/* The names of an object's first members, for people. */
static void
mapping_name_unknown(struct mapping *m, json_t *object)
{
	char text[MISFIT_TEXT] = "";
	const char *name;
	size_t len = 0;
	json_t *value;

	json_object_foreach (object, name, value) {
		int n = snprintf(
		    text + len, sizeof(text) - len, "%s%.20s", len > 0 ? ", " : "", name);

		len += n > 0 ? (size_t)n : 0;
		if (len >= sizeof(text) - 24)
			break;
	}
	misfits_add(m->misfits, "objects of an unknown kind", slice_str(text));
}

/* A list or wrapper that is looked into. */
struct level {
	json_t *value;
	size_t next;  /* of a list */
	void *member; /* of an object: where the walk stands */
	const char *hint;
	uint64_t taken; /* objects that were known before */
	bool alone;     /* it is named if there is nothing in it */
};

static struct level
mapping_enter(const struct mapping *m, json_t *value, const char *hint, bool alone)
{
	return (struct level){.value = value,
	    .member = json_is_object(value) ? json_object_iter(value) : NULL,
	    .hint = hint,
	    .taken = m->taken,
	    .alone = alone && json_is_object(value)};
}

/* The next value at a level, with its name; NULL: there are no more. */
static json_t *
mapping_next(struct level *level, const char **hint)
{
	json_t *value;

	*hint = level->hint;
	if (json_is_array(level->value))
		return json_array_get(level->value, level->next++);
	if (level->member == NULL)
		return NULL;
	*hint = json_object_iter_key(level->member);
	value = json_object_iter_value(level->member);
	level->member = json_object_iter_next(level->value, level->member);
	return value;
}

void
mapping_take(struct mapping *m, json_t *object, const char *hint)
{
	struct level levels[DEPTH_MAX];
	size_t depth = 0;
	json_t *value = object;

	for (;;) {
		enum object_kind kind =
		    json_is_object(value) ? mapping_kind(value, hint) : OBJECT_UNKNOWN;
		bool alone = depth == 0 || json_is_array(levels[depth - 1].value);

		/* Members of a wrapper, such as its pages, are no objects of their own. */
		if (kind != OBJECT_UNKNOWN && (alone || kind != OBJECT_OTHER)) {
			m->taken++;
			mapping_take_kind(m, value, kind);
		} else if ((json_is_array(value) ||
			       (json_is_object(value) && kind == OBJECT_UNKNOWN)) &&
		    depth < DEPTH_MAX) {
			levels[depth++] = mapping_enter(m, value, hint, alone);
		}
		while (depth > 0 && (value = mapping_next(&levels[depth - 1], &hint)) == NULL) {
			depth--;
			if (levels[depth].alone && levels[depth].taken == m->taken)
				mapping_name_unknown(m, levels[depth].value);
		}
		if (depth == 0)
			return;
	}
}
