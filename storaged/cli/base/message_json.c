/*
 * Conversion by the field tables.
 */
#include "storaged/cli/base/message_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"

/* The greatest integer that a double holds exactly, with all below it (ECMA-262,
 * Number.MAX_SAFE_INTEGER). */
#define NUMBER_MAX ((UINT64_C(1) << 53) - 1)

/* Bytes of all records and lists in a record, at most: those of a message, each twice. */
#define INNER_MAX (192u * 1024)

/* Bytes that a buffer must have left for one more item of a list, or record: the longest one. */
#define LIST_SPARE 8192u

/* Bytes of a field of bytes that an export has, at most. */
#define BYTES_MAX 65536u

/* A role is a bit: by the number of the bit. */
static const char *const role_words[] = {
    "master", "worker", "store", "tool", "search", "crawl", "mail", "media", NULL};

/* The fields whose values have words (proto/schema/words.def). */
static const struct vocabulary {
	enum msg_type type;
	const char *field;
	const char *const *words;
} vocabularies[] = {
    {MSG_CONVERSATION_RECORD, "status", conversation_status_words},
    {MSG_CONVERSATION_RECORD, "state", conversation_state_words},
    {MSG_MESSAGE_RECORD, "role", message_role_words},
    {MSG_MESSAGE_RECORD, "status", message_status_words},
    {MSG_MESSAGE_DETAILS, "rating", message_rating_words},
    {MSG_MESSAGE_RECEIPT, "state", receipt_state_words},
    {MSG_USER_RECORD, "role", user_role_words},
    {MSG_USER_RECORD, "availability", availability_words},
    {MSG_INVITATION_RECORD, "role", user_role_words},
    {MSG_KEY_RECORD, "kind", key_kind_words},
    {MSG_STATUS, "store_role", store_role_words},
    {MSG_WIDGET_RECORD, "position", widget_position_words},
    {MSG_WIDGET_RECORD, "contact_mode", contact_mode_words},
    {MSG_WEBHOOK_RECORD, "format", webhook_format_words},
    {MSG_AGENT_RECORD, "knowledge", knowledge_words},
    {MSG_AGENT_RECORD, "not_found", not_found_words},
    {MSG_SOURCE_RECORD, "kind", source_kind_words},
    {MSG_SOURCE_PAGE_RECORD, "state", page_state_words},
    {MSG_SOURCE_PAGE_RECORD, "reason", page_reason_words},
    {MSG_GAP_RECORD, "state", gap_state_words},
    {MSG_BLOCK_RECORD, "kind", blocked_kind_words},
    {MSG_STRUCTURE_PART, "kind", part_kind_words},
    {MSG_ANSWER_PART, "kind", part_kind_words},
    {MSG_RETURN_RECORD, "kind", return_kind_words},
    {MSG_TOOL_RECORD, "method", tool_method_words},
    {MSG_TOOL_RECORD, "class", tool_class_words},
    {MSG_TOOL_RECORD, "mcp_version", mcp_version_words},
    {MSG_FILE_RECORD, "check", file_check_words},
    {MSG_STEP_RECORD, "state", step_state_words},
    {MSG_STEP_RECORD, "class", tool_class_words},
    {MSG_STEP_RECORD, "decider", step_decider_words},
    {MSG_SOURCES_RECORD, "outcome", found_outcome_words},
    {MSG_SOURCES_PASSAGE, "kind", passage_kind_words},
    {MSG_PEER_STATUS, "role", role_words},
};

/* Numbers that are 0 or 1: false or true. Older exports have the numbers, which are accepted too. */
static const struct {
	enum msg_type type;
	const char *field;
} booleans[] = {{MSG_STATUS, "writable"}, {MSG_AGENT_RECORD, "enabled"},
    {MSG_AGENT_RECORD, "no_return"}, {MSG_AGENT_RECORD, "keep_thoughts"},
    {MSG_WIDGET_RECORD, "enabled"}, {MSG_VISITOR_RECORD, "used"},
    {MSG_WEBHOOK_RECORD, "enabled"}, {MSG_SOURCE_RECORD, "enabled"},
    {MSG_ANSWER_RECORD, "published"}, {MSG_TOOL_RECORD, "enabled"},
    {MSG_TOOL_RECORD, "needs_identity"}, {MSG_TOOL_RECORD, "idempotent"},
    {MSG_TOOL_RECORD, "mcp_changed"}, {MSG_STEP_RECORD, "again"}};

/* Fields of bytes that have the items of a list: an array of objects. A record in a record has no field that is a
 * list. */
static const struct {
	enum msg_type type;
	const char *field;
	enum msg_type item;
} listed[] = {{MSG_SOURCES_RECORD, "passages", MSG_SOURCES_PASSAGE},
    {MSG_SOURCES_RECORD, "marks", MSG_SOURCES_MARK}};

/* Fields of bytes that have ids, one after the other: their texts, with spaces between. */
static const struct {
	enum msg_type type;
	const char *field;
} ids[] = {{MSG_AGENT_RECORD, "sources"}, {MSG_AGENT_RECORD, "tools"}};

/* The first of the fields that older exports do not have: these may be missing, and are empty then. */
static const struct {
	enum msg_type type;
	const char *field;
} added[] = {{MSG_CONVERSATION_RECORD, "state"}, {MSG_AGENT_RECORD, "handover_text"},
    {MSG_WIDGET_RECORD, "retention_days"}, {MSG_ORG_RECORD, "prices"},
    {MSG_USER_RECORD, "read_until"}, {MSG_CONTACT_RECORD, "user_id"},
    {MSG_KEY_RECORD, "used_at"}, {MSG_KEPT_RECORD, "models"},
    {MSG_WEBHOOK_RECORD, "old_secret"}, {MSG_MESSAGE_RECORD, "files"},
    {MSG_VISITOR_RECORD, "proved"}, {MSG_INVITATION_RECORD, "mail"}, {MSG_TOOL_RECORD, "class"},
    {MSG_STEP_RECORD, "class"}, {MSG_NOTE_RECORD, "mentions"}, {MSG_READ_RECORD, "following"},
    {MSG_SNIPPET_RECORD, "structure"}, {MSG_FILE_RECORD, "description"},
    {MSG_FILE_ITEM, "description"}};

/* Members with another name than their field. `kind` is the kind of line; `state` is older than the state of a
 * conversation in the inbox. */
static const struct {
	enum msg_type type;
	const char *field, *member;
} renamed[] = {{MSG_KEY_RECORD, "kind", "opens"}, {MSG_BLOCK_RECORD, "kind", "block_kind"},
    {MSG_RETURN_RECORD, "kind", "use"}, {MSG_CONVERSATION_RECORD, "status", "state"},
    {MSG_CONVERSATION_RECORD, "state", "inbox_state"},
    {MSG_SOURCE_RECORD, "kind", "source_kind"}};

static bool
message_json_is_boolean(uint16_t type, const struct wire_field *f)
{
	for (size_t i = 0; i < ARRAY_LEN(booleans); i++)
		if (booleans[i].type == type && strcmp(booleans[i].field, f->name) == 0)
			return true;
	return false;
}

static const struct vocabulary *
message_json_find_vocabulary(uint16_t type, const struct wire_field *f)
{
	for (size_t i = 0; i < ARRAY_LEN(vocabularies); i++)
		if (vocabularies[i].type == type && strcmp(vocabularies[i].field, f->name) == 0)
			return &vocabularies[i];
	return NULL;
}

/* The word of a value; NULL: it has none. */
static const char *
message_json_word_of(const struct vocabulary *v, uint64_t value)
{
	if (v->words != role_words)
		return word_of(v->words, value);
	return value == 0 ? NULL : word_of(v->words, (uint64_t)__builtin_ctzll(value));
}

const char *
message_json_word(enum msg_type type, const char *field, uint64_t number)
{
	for (size_t i = 0; i < ARRAY_LEN(vocabularies); i++)
		if (vocabularies[i].type == type && strcmp(vocabularies[i].field, field) == 0)
			return message_json_word_of(&vocabularies[i], number);
	return NULL;
}

/* The name of a field's member. */
static const char *
message_json_member_name(uint16_t type, const struct wire_field *f)
{
	for (size_t i = 0; i < ARRAY_LEN(renamed); i++)
		if (renamed[i].type == type && strcmp(renamed[i].field, f->name) == 0)
			return renamed[i].member;
	return f->name;
}

/* Whether this is the first field of a record that may be missing. */
static bool
message_json_is_added(uint16_t type, const struct wire_field *f)
{
	for (size_t i = 0; i < ARRAY_LEN(added); i++)
		if (added[i].type == type && strcmp(added[i].field, f->name) == 0)
			return true;
	return false;
}

/* The type of the items if a field of bytes holds a list; otherwise 0. */
static uint16_t
message_json_listed(uint16_t type, const struct wire_field *f)
{
	for (size_t i = 0; i < ARRAY_LEN(listed); i++)
		if (listed[i].type == type && strcmp(listed[i].field, f->name) == 0)
			return (uint16_t)listed[i].item;
	return 0;
}

static bool
message_json_has_ids(uint16_t type, const struct wire_field *f)
{
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (ids[i].type == type && strcmp(ids[i].field, f->name) == 0)
			return true;
	return false;
}

static bool
message_json_is_version(const struct wire_field *f)
{
	return f->type == WIRE_U8 && strcmp(f->name, "v") == 0;
}

static bool
message_json_is_number(const struct wire_field *f)
{
	return f->type == WIRE_U8 || f->type == WIRE_U16 || f->type == WIRE_U32 ||
	    f->type == WIRE_U64;
}

static int
message_json_invalid(void)
{
	errno = EINVAL;
	return -1;
}

static int
message_json_write_number(
    struct buf *out, uint16_t type, const struct wire_field *f, const void *at)
{
	const struct vocabulary *v = message_json_find_vocabulary(type, f);
	uint64_t n = wire_number(f, at);
	const char *word;

	if (message_json_is_boolean(type, f))
		return buf_append_str(out, n != 0 ? "true" : "false");
	if (v == NULL)
		return n > NUMBER_MAX ? message_json_invalid() : buf_printf(out, "%" PRIu64, n);
	word = message_json_word_of(v, n);
	return word == NULL ? message_json_invalid() : buf_printf(out, "\"%s\"", word);
}

static int
message_json_write_hex(struct buf *out, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	if (buf_append_str(out, "\"") == -1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char pair[2] = {digits[p[i] >> 4], digits[p[i] & 15]};

		if (buf_append(out, pair, sizeof(pair)) == -1)
			return -1;
	}
	return buf_append_str(out, "\"");
}

static int
message_json_write_text(struct buf *out, struct slice text)
{
	if (buf_append_str(out, "\"") == -1 || json_escape(out, text) == -1)
		return -1;
	return buf_append_str(out, "\"");
}

/* Writes ids that lie one after the other. */
static int
message_json_write_ids(struct buf *out, struct slice bytes)
{
	const char *before = "\"";
	struct id id;
	char text[ID_TEXT_LEN + 1];

	if (bytes.len % sizeof(id.b) != 0)
		return message_json_invalid();
	for (size_t at = 0; at < bytes.len; at += sizeof(id.b)) {
		memcpy(id.b, bytes.p + at, sizeof(id.b));
		id_format(&id, text);
		if (buf_printf(out, "%s%s", before, text) == -1)
			return -1;
		before = " ";
	}
	return buf_append_str(out, bytes.len == 0 ? "\"\"" : "\"");
}

static int message_json_write_items(struct buf *out, uint16_t type, struct slice list);

/* Writes a value that is no record. */
static int
message_json_write_value(
    struct buf *out, uint16_t type, const struct wire_field *f, const void *at)
{
	const struct slice *s = at;
	char text[ID_TEXT_LEN + 1];

	switch (f->type) {
	case WIRE_ID:
		id_format(at, text);
		return buf_printf(out, "\"%s\"", text);
	case WIRE_HASH:
		return message_json_write_hex(out, at, sizeof(struct hash256));
	case WIRE_TEXT:
		return message_json_write_text(out, *s);
	case WIRE_LIST:
		return message_json_write_items(out, f->item, *s);
	case WIRE_BYTES:
		if (message_json_listed(type, f) != 0)
			return message_json_write_items(out, message_json_listed(type, f), *s);
		if (message_json_has_ids(type, f))
			return message_json_write_ids(out, *s);
		return message_json_write_hex(out, s->p, s->len);
	default:
		return message_json_write_number(out, type, f, at);
	}
}

/* Writes the fields of a record, and those of a record in it, unless that is empty; `before` precedes the
 * first. */
static int
message_json_put_record(struct buf *out, uint16_t type, struct slice bytes, const char *before)
{
	union msg record;

	if (record_decode(bytes, (enum msg_type)type, &record) != WIRE_OK)
		return message_json_invalid();
	for (const struct wire_field *f = msg_desc(type)->fields; f->type != WIRE_END; f++) {
		const void *at = (const uint8_t *)&record + f->offset;
		int rc;

		if (message_json_is_version(f))
			continue;
		if (f->type == WIRE_REC) {
			const struct slice *inner = at;

			rc = inner->len == 0
			    ? 0
			    : message_json_put_record(out, f->item, *inner, ",");
		} else {
			rc = buf_printf(
			    out, "%s\"%s\":", before, message_json_member_name(type, f));
			if (rc == 0)
				rc = message_json_write_value(out, type, f, at);
		}
		if (rc == -1)
			return -1;
		before = ",";
	}
	return 0;
}

/* Writes the items of a list; bytes that are no list, which only a damaged record has, are invalid. */
static int
message_json_write_items(struct buf *out, uint16_t type, struct slice list)
{
	const char *before = "[{";
	struct slice item;

	while (wire_list_next(&list, &item)) {
		if (message_json_put_record(out, type, item, before) == -1)
			return -1;
		before = "},{";
	}
	if (list.len > 0)
		return message_json_invalid();
	return buf_append_str(out, *before == '[' ? "[]" : "}]");
}

int
message_json_write_record(struct buf *out, enum msg_type type, struct slice record)
{
	return message_json_put_record(out, (uint16_t)type, record, ",");
}

int
message_json_write(struct buf *out, enum msg_type type, const void *msg)
{
	for (const struct wire_field *f = msg_desc((uint16_t)type)->fields; f->type != WIRE_END;
	     f++) {
		const void *at = (const uint8_t *)msg + f->offset;
		int rc;

		if (f->type == WIRE_REC) {
			rc = message_json_put_record(
			    out, f->item, *(const struct slice *)at, ",");
		} else {
			rc = buf_printf(out, ",\"%s\":", f->name);
			if (rc == 0)
				rc = message_json_write_value(out, (uint16_t)type, f, at);
		}
		if (rc == -1)
			return -1;
	}
	return 0;
}

int
message_json_fail(struct message_json_error *error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(error->text, sizeof(error->text), fmt, ap);
	va_end(ap);
	return -1;
}

static uint64_t
message_json_greatest(const struct wire_field *f)
{
	if (f->max != 0)
		return f->max;
	switch (f->type) {
	case WIRE_U8:
		return UINT8_MAX;
	case WIRE_U16:
		return UINT16_MAX;
	case WIRE_U32:
		return UINT32_MAX;
	default:
		return NUMBER_MAX;
	}
}

static int
message_json_read_word(const struct vocabulary *v, const json_t *value, uint64_t *n,
    struct message_json_error *error)
{
	struct slice word = {
	    (const uint8_t *)json_string_value(value), json_string_length(value)};

	*n = 0;
	for (uint64_t i = 0; word.p != NULL && v->words[i] != NULL; i++)
		if (slice_eq_str(word, v->words[i])) {
			*n = v->words == role_words ? UINT64_C(1) << i : i;
			return 0;
		}
	return message_json_fail(error, "%s is not one of its allowed words", v->field);
}

static int
message_json_read_number(uint16_t type, const struct wire_field *f, const json_t *value,
    void *at, struct message_json_error *error)
{
	const struct vocabulary *v = message_json_find_vocabulary(type, f);
	json_int_t given = json_integer_value(value);
	uint64_t n;

	if (v != NULL) {
		if (message_json_read_word(v, value, &n, error) == -1)
			return -1;
	} else if (message_json_is_boolean(type, f) && json_is_boolean(value)) {
		n = json_is_true(value);
	} else {
		if (!json_is_integer(value) || given < 0 ||
		    (uint64_t)given > message_json_greatest(f))
			return message_json_fail(error,
			    "%s must be a whole number from 0 to %" PRIu64, f->name,
			    message_json_greatest(f));
		n = (uint64_t)given;
	}
	wire_set_number(f, at, n);
	return 0;
}

static int
message_json_hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads 2 * n digits; false: they are others. */
static bool
message_json_read_hex(struct slice text, uint8_t *at, size_t n)
{
	bool good = text.len == 2 * n;

	for (size_t i = 0; good && i < n; i++) {
		int high = message_json_hex_digit(text.p[2 * i]),
		    low = message_json_hex_digit(text.p[2 * i + 1]);

		good = high >= 0 && low >= 0;
		at[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
	}
	return good;
}

static int
message_json_read_hash(const struct wire_field *f, struct slice text, uint8_t *at,
    struct message_json_error *error)
{
	if (message_json_read_hex(text, at, sizeof(struct hash256)))
		return 0;
	return message_json_fail(error, "%s must be 64 digits 0-9a-f", f->name);
}

/* Reads bytes: they replace their digits in the value, which owns them. */
static int
message_json_read_bytes(const struct wire_field *f, struct slice text, json_t *value,
    struct slice *at, struct message_json_error *error)
{
	uint8_t bytes[BYTES_MAX];

	if (text.len / 2 > sizeof(bytes) || text.len / 2 > f->max ||
	    !message_json_read_hex(text, bytes, text.len / 2))
		return message_json_fail(error,
		    "%s must be at most %" PRIu32 " pairs of digits 0-9a-f", f->name, f->max);
	must(json_string_setn_nocheck(value, (const char *)bytes, text.len / 2) == 0);
	*at = (struct slice){(const uint8_t *)json_string_value(value), text.len / 2};
	return 0;
}

/* Reads text, an id, a hash or bytes. jansson has checked that it is UTF-8. */
static int
message_json_read_text(
    const struct wire_field *f, json_t *value, void *at, struct message_json_error *error)
{
	struct slice text = {
	    (const uint8_t *)json_string_value(value), json_string_length(value)};

	if (!json_is_string(value))
		return message_json_fail(error, "%s must be a string", f->name);
	if (f->type == WIRE_HASH)
		return message_json_read_hash(f, text, at, error);
	if (f->type == WIRE_ID)
		return id_parse(text, at) == 0
		    ? 0
		    : message_json_fail(error, "%s must be an id", f->name);
	if (f->type == WIRE_BYTES)
		return message_json_read_bytes(f, text, value, at, error);
	if (text.len > f->max)
		return message_json_fail(
		    error, "%s must have at most %" PRIu32 " bytes", f->name, f->max);
	/* No imported message has lists. */
	must(f->type == WIRE_TEXT);
	*(struct slice *)at = text;
	return 0;
}

/* Reads ids: they replace their texts in the value, which owns them. */
static int
message_json_read_ids(const struct wire_field *f, json_t *value, struct slice *at,
    struct message_json_error *error)
{
	struct slice text = {
	    (const uint8_t *)json_string_value(value), json_string_length(value)};
	struct buf bytes;
	bool good = json_is_string(value);

	buf_init(&bytes, f->max);
	while (good && text.len > 0) {
		struct slice one = {text.p, text.len < ID_TEXT_LEN ? text.len : ID_TEXT_LEN};
		size_t taken = one.len + (text.len > one.len);
		struct id id;

		good = id_parse(one, &id) == 0 &&
		    (taken == one.len || text.p[one.len] == ' ') &&
		    text.len != ID_TEXT_LEN + 1 && buf_append(&bytes, id.b, sizeof(id.b)) == 0;
		text = (struct slice){text.p + taken, text.len - taken};
	}
	if (good) {
		must(json_string_setn_nocheck(
			 value, (const char *)buf_data(&bytes), buf_len(&bytes)) == 0);
		*at =
		    (struct slice){(const uint8_t *)json_string_value(value), buf_len(&bytes)};
	}
	buf_clear(&bytes);
	return good ? 0
		    : message_json_fail(error, "%s must be at most %zu ids with spaces between",
			  f->name, f->max / sizeof(struct id));
}

static int message_json_read_items(json_t *value, const char *name, uint16_t type,
    struct buf *out, struct slice *at, struct message_json_error *error);

/* Reads a field that is not a record. lists: holds the items of lists. */
static int
message_json_read_field(json_t *object, uint16_t type, const struct wire_field *f,
    union msg *msg, struct buf *lists, struct message_json_error *error)
{
	void *at = (uint8_t *)msg + f->offset;
	json_t *value = json_object_get(object, message_json_member_name(type, f));

	if (value == NULL)
		return message_json_fail(
		    error, "%s is missing", message_json_member_name(type, f));
	if (message_json_is_number(f))
		return message_json_read_number(type, f, value, at, error);
	if (f->type == WIRE_LIST)
		return message_json_read_items(value, f->name, f->item, lists, at, error);
	if (message_json_listed(type, f) != 0)
		return message_json_read_items(
		    value, f->name, message_json_listed(type, f), lists, at, error);
	if (message_json_has_ids(type, f))
		return message_json_read_ids(f, value, at, error);
	return message_json_read_text(f, value, at, error);
}

/* Whether all members of an item of a list are fields. */
static int
message_json_check_item(const json_t *object, uint16_t type, struct message_json_error *error)
{
	size_t members = 0;

	for (const struct wire_field *f = msg_desc(type)->fields; f->type != WIRE_END; f++)
		members += !message_json_is_version(f) &&
		    json_object_get(object, message_json_member_name(type, f)) != NULL;
	if (json_object_size(object) == members)
		return 0;
	return message_json_fail(
	    error, "an item of %s has unknown members", msg_desc(type)->name);
}

/* Reads the fields of an item of a list. */
static int
message_json_read_item(json_t *object, uint16_t type, union msg *item, struct buf *out,
    struct message_json_error *error)
{
	bool optional = false;

	for (const struct wire_field *f = msg_desc(type)->fields; f->type != WIRE_END; f++) {
		void *to = (uint8_t *)item + f->offset;

		optional = optional || message_json_is_added(type, f);
		if (message_json_is_version(f))
			wire_set_number(f, to, f->max);
		else if ((!optional ||
			     json_object_get(object, message_json_member_name(type, f)) !=
				 NULL) &&
		    message_json_read_field(object, type, f, item, out, error) == -1)
			return -1;
	}
	return 0;
}

/* Reads an array of objects, and appends them as a list to out, which must not move what it has. */
static int
message_json_read_items(json_t *value, const char *name, uint16_t type, struct buf *out,
    struct slice *at, struct message_json_error *error)
{
	const size_t mark = buf_len(out);
	json_t *object;
	size_t i;

	if (!json_is_array(value))
		return message_json_fail(error, "%s must be an array", name);
	json_array_foreach (value, i, object) {
		union msg item = {0};

		if (message_json_read_item(object, type, &item, out, error) == -1)
			return -1;
		if (message_json_check_item(object, type, error) == -1)
			return -1;
		if (buf_spare(out) < LIST_SPARE ||
		    record_add(out, (enum msg_type)type, &item) == -1)
			return message_json_fail(error, "%s is too long", name);
	}
	*at = (struct slice){buf_data(out) + mark, buf_len(out) - mark};
	return 0;
}

/* Whether a message, or a record in it, has a field of this name. */
static bool
message_json_has_member(uint16_t type, const char *name)
{
	for (const struct wire_field *f = msg_desc(type)->fields; f->type != WIRE_END; f++) {
		if (f->type == WIRE_REC) {
			if (message_json_has_member(f->item, name))
				return true;
		} else if (!message_json_is_version(f) &&
		    strcmp(message_json_member_name(type, f), name) == 0) {
			return true;
		}
	}
	return false;
}

/* Whether the object has any member of a record. */
static bool
message_json_has_any(const json_t *object, uint16_t type)
{
	for (const struct wire_field *f = msg_desc(type)->fields; f->type != WIRE_END; f++)
		if (json_object_get(object, message_json_member_name(type, f)) != NULL)
			return true;
	return false;
}

/* Reads the fields of a record that contains no records, and encodes it. */
static int
message_json_get_inner(json_t *object, uint16_t type, struct slice *to, struct buf *out,
    struct message_json_error *error)
{
	union msg record = {0};
	size_t mark;

	if (!message_json_has_any(object, type))
		return 0;
	for (const struct wire_field *f = msg_desc(type)->fields; f->type != WIRE_END; f++)
		if (message_json_read_field(object, type, f, &record, out, error) == -1)
			return -1;
	mark = buf_len(out);
	if (buf_spare(out) < LIST_SPARE ||
	    record_encode(out, (enum msg_type)type, &record) == -1)
		return message_json_fail(error, "the %s is too large", msg_desc(type)->name);
	*to = (struct slice){buf_data(out) + mark, buf_len(out) - mark};
	return 0;
}

/* Reads the fields of a record. inner holds a record in it. */
static int
message_json_read_fields(json_t *object, uint16_t type, union msg *record, struct buf *inner,
    struct message_json_error *error)
{
	bool optional = false;

	for (const struct wire_field *f = msg_desc(type)->fields; f->type != WIRE_END; f++) {
		void *at = (uint8_t *)record + f->offset;
		int rc = 0;

		optional = optional || message_json_is_added(type, f);
		if (message_json_is_version(f))
			wire_set_number(f, at, f->max);
		else if (f->type == WIRE_REC)
			rc = message_json_get_inner(object, f->item, at, inner, error);
		else if (!optional ||
		    json_object_get(object, message_json_member_name(type, f)) != NULL)
			rc = message_json_read_field(object, type, f, record, inner, error);
		if (rc == -1)
			return -1;
	}
	return 0;
}

/* Reads a record and encodes it into out. */
static int
message_json_get_record(json_t *object, uint16_t type, struct slice *to, struct buf *out,
    struct message_json_error *error)
{
	union msg record = {0};
	struct buf inner;
	int rc;

	/* What it has must not move. */
	buf_init(&inner, INNER_MAX);
	must(buf_reserve(&inner, INNER_MAX) != NULL);
	rc = message_json_read_fields(object, type, &record, &inner, error);
	buf_reset(out);
	if (rc == 0 && record_encode(out, (enum msg_type)type, &record) == -1)
		rc = message_json_fail(error, "the %s is too large", msg_desc(type)->name);
	buf_clear(&inner);
	*to = buf_slice(out);
	return rc;
}

static int
message_json_check_names(json_t *object, uint16_t type, struct message_json_error *error)
{
	const char *name;
	json_t *value;

	json_object_foreach (object, name, value) {
		if (strcmp(name, "kind") != 0 && !message_json_has_member(type, name))
			return message_json_fail(
			    error, "%.64s is not a member of this kind of line", name);
	}
	return 0;
}

/* Makes room for a record and the list behind it, which must not move. */
static void
message_json_reserve(enum msg_type type, struct buf *record)
{
	const struct wire_field *f = msg_desc((uint16_t)type)->fields;
	size_t bytes = LIST_SPARE;
	bool has_list = false;

	for (; f->type != WIRE_END; f++) {
		bytes += f->type == WIRE_REC || f->type == WIRE_LIST ? f->max : 0;
		has_list |= f->type == WIRE_LIST;
	}
	buf_reset(record);
	if (has_list)
		must(buf_reserve(record, bytes) != NULL);
}

int
message_json_read(json_t *object, enum msg_type type, union msg *msg, struct buf *record,
    struct message_json_error *error)
{
	const struct wire_field *f = msg_desc((uint16_t)type)->fields;

	memset(msg, 0, sizeof(*msg));
	message_json_reserve(type, record);
	for (; f->type != WIRE_END; f++) {
		struct slice *bytes = (struct slice *)(void *)((uint8_t *)msg + f->offset);
		int rc;

		rc = f->type == WIRE_REC
		    ? message_json_get_record(object, f->item, bytes, record, error)
		    : message_json_read_field(object, (uint16_t)type, f, msg, record, error);
		if (rc == -1)
			return -1;
	}
	return message_json_check_names(object, (uint16_t)type, error);
}

int
message_json_read_record(json_t *object, enum msg_type type, struct slice *bytes,
    struct buf *record, struct message_json_error *error)
{
	if (message_json_get_record(object, (uint16_t)type, bytes, record, error) == -1)
		return -1;
	return message_json_check_names(object, (uint16_t)type, error);
}
