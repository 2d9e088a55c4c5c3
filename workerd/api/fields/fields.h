/*
 * JSON objects by a table of fields: which members a body may have, what is valid for each, and how the
 * same member is written. All errors of a body are found at once, each with a reason that says what
 * would be valid.
 *
 *	fields_parse() → fields_read() into a record → fields_refuse() for rules beyond the table
 *	→ fields_wrong(): the errors for the client, if any
 *
 * Independent of requests and answers (fields_body.h).
 */
#ifndef WORKERD_API_FIELDS_FIELDS_H
#define WORKERD_API_FIELDS_FIELDS_H

#include "workerd/api/fields/field_reasons.h"
#include "workerd/api/request/json_writer.h"

#define FIELDS_MADE_MAX  8192  /* bytes of text that reading one object may build */
#define FIELDS_IDS_MAX   16000 /* bytes of a list of ids */
#define FIELDS_JSON_MAX  24576 /* bytes of a JSON text that it may build, beside them */
#define FIELDS_WRONG_MAX 64    /* further wrong members are not reported */
#define FIELDS_NAME_MAX  64    /* UTF-16 code units of an unknown member's name in its error */

struct json_t;
struct settings;
struct field;
struct fields;

/* A type of members. Values are stored in the caller's record, in the C type of the kind. */
struct field_kind {
	size_t size; /* of the stored value; all bytes zero mean null */
	/* Stores a value other than null; false, and nothing stored, if it is invalid. Slices are
	 * borrowed from in. NULL: never read. */
	bool (*read)(const struct field *f, struct json_t *value, struct fields *in, void *at);
	enum field_reason reason; /* of the refusal of a value that is not valid */
	/* Writes the member. NULL: never written. */
	void (*write)(const struct field *f, const void *at, struct json_writer *j);
	/* Sets what would be valid. NULL: the row's bounds and choices. */
	void (*bound)(const struct field *f, struct field_refusal *refusal);
};

enum field_rule {
	FIELD_OPTIONAL, /* a new object has the default that the record was set to */
	FIELD_NULLABLE, /* the same, and null is allowed */
	FIELD_REQUIRED, /* in a new object */
	FIELD_FIXED,    /* set by the server; the client may send back the value that it read */
	FIELD_READ_AT,  /* the same; an older value means that the client missed a change */
};

/* One row of a table; the last row has no name. */
struct field {
	const char *name;
	const struct field_kind *kind;
	size_t offset;
	enum field_rule rule;
	uint32_t min, max;          /* the kind's bounds */
	const char *const *choices; /* of field_choice: names of 0, 1, …, and a NULL */
};

/*
 * Texts, stored as struct slice. Lengths are from min to max, in UTF-16 code units unless noted. White
 * space around a line is trimmed. The empty text means null.
 *
 *	line     one line without control characters
 *	text     any text without control characters, except tab, CR and LF
 *	ascii    a line of ASCII
 *	email    max in bytes
 *	phone    a line with at least one digit; max in bytes
 *	color    "#rgb" or "#rrggbb"
 *	url      an http or https URL of ASCII with a host, and without a user or a fragment
 *	picture  an https URL of at most max bytes for a page to load, without characters that could end an attribute or a
 *	         CSS url(); empty: none
 *	link     an https URL of ASCII with a host and without a user, for people to open; empty: none
 *	language a language tag of ASCII, such as pt-BR (RFC 5646, without its rules about the parts)
 *	origins  a list of at most max origins, normalized and stored with spaces between them; at most
 *	         FIELDS_MADE_MAX bytes
 */
extern const struct field_kind field_line, field_text, field_ascii, field_email, field_phone,
    field_color, field_url, field_picture, field_link, field_language, field_origins;

/* Whether a text is a URL as field_url takes it; its length is not checked. */
bool web_is_url(const char *text);

/*
 * Other types:
 *
 *	ids      struct slice: a list of at most max different ids, as their bytes; one list of a body
 *	flag     uint8_t: a boolean; max is the bit that holds it
 *	choice   uint8_t: one of choices
 *	count    uint32_t: min to max (2.0 and 2e0 are 2); 0 means null
 *	decimal  uint32_t: min to max thousandths, plus one; 0 means null
 *	id       struct id; zero means null
 *	time     uint64_t: ms since 1970; never read
 *	moment   the same; 0 means null
 *	at       the same, and read: a time in ms since 1970
 *	object   struct json_t *; never written
 *	list     struct json_t *: at most max items; never written
 *	structure struct slice: a list of STRUCTURE_PARTs (workerd/structure); one of a body, without a list of tools
 */
extern const struct field_kind field_ids, field_flag, field_choice, field_count, field_decimal,
    field_id, field_time, field_moment, field_at, field_object, field_list, field_structure;

/* A body being read, and its errors. */
struct fields {
	struct json_t *json;
	struct json_t *object; /* the object being read: json or one inside it */
	const char *before;    /* prefix of its members' names in errors */
	struct buf made, ids_made, json_made, hours_made;
	struct buf wrong, reasons; /* members of JSON objects */
	size_t n_wrong;
};

/* Parses a body. NULL on success: clear it when done. Else a sentence that says what would be valid
 * (static), and nothing to clear. */
[[gnu::warn_unused_result]] const char *fields_parse(struct slice body, struct fields *in);

void fields_clear(struct fields *in);

/*
 * Reads the members of a table into record, which holds the defaults (fresh) or the stored values.
 * Members that are not given leave it unchanged. Errors, also unknown members, are collected in `in`.
 * Slices in the record are valid until fields_clear().
 */
void fields_read(struct fields *in, const struct field *table, bool fresh, void *record);

/* Continues with an object inside the body. before ("agent.") is put before its members' names in errors;
 * it is borrowed until fields_clear() or the next call, and has at most FIELDS_NAME_MAX bytes. */
void fields_enter(struct fields *in, struct json_t *object, const char *before);

/* Adds an error for a member, unless it has one. */
void fields_refuse(struct fields *in, const char *name, enum field_reason reason);
void fields_refuse_for(
    struct fields *in, const char *name, const struct field_refusal *refusal);

/* Refuses a structure with a picture of a host that the settings do not allow. */
void fields_check_pictures(
    struct fields *in, const char *name, struct slice parts, const struct settings *settings);

/* What a field would accept. */
struct field_refusal fields_refusal_of(const struct field *f);

/* Whether the object has the member, even if it is null. */
bool fields_has(const struct fields *in, const char *name);

/* The errors, as members of a JSON object (field: sentence); empty: the body is valid. */
struct slice fields_wrong(const struct fields *in);

/* The same members with the reasons as objects (field_reasons.h). */
struct slice fields_reasons(const struct fields *in);

/* Writes all members of a record, in the table's order. */
void fields_write(struct json_writer *j, const struct field *table, const void *record);

#endif
