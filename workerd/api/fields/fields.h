/*
 * The members of a JSON object, by a table: what may be in a body, what is right for each member, and
 * how the same member is written. All that is wrong with a body is found at once, each with a sentence
 * that tells what would be right.
 *
 *	fields_parse() → fields_read() into a record → fields_refuse() for what the table cannot know
 *	→ fields_wrong(): what to tell the client, if anything
 *
 * Knows nothing of requests and answers (resource.h does), nor of what the members are for.
 */
#ifndef WORKERD_API_FIELDS_FIELDS_H
#define WORKERD_API_FIELDS_FIELDS_H

#include "workerd/api/request/json_writer.h"

#define FIELDS_MADE_MAX  8192 /* bytes of text that reading one object may put together */
#define FIELDS_WRONG_MAX 64   /* more wrong members are not told of */
#define FIELDS_NAME_MAX  64 /* UTF-16 code units of an unknown member's name that are repeated */

struct json_t;
struct field;
struct fields;

/* What a member may be. Where it is kept is a place in the caller's record: its type is the kind's. */
struct field_kind {
	size_t size; /* of what is kept; all its bytes zero stand for null */
	/* Puts a value, which is not null, there; false, and nothing is put, if it is not right. Slices
	 * are borrowed from in. NULL: it is never read. */
	bool (*read)(const struct field *f, struct json_t *value, struct fields *in, void *at);
	/* Appends what would be right, behind "must be ". */
	void (*want)(const struct field *f, struct buf *out);
	/* Writes the member; null for what stands for that. NULL: it is never written. */
	void (*write)(const struct field *f, const void *at, struct json_writer *j);
};

enum field_rule {
	FIELD_OPTIONAL, /* a new thing has a default, which stands in the record */
	FIELD_NULLABLE, /* the same, and null stands for none */
	FIELD_REQUIRED, /* of a new thing */
	FIELD_FIXED,    /* not for the client to choose; what was read may be sent back */
	FIELD_READ_AT,  /* the same; who sends an older one back has not seen the last change */
};

/* One row; a table ends with one that has no name. */
struct field {
	const char *name;
	const struct field_kind *kind;
	size_t offset;
	enum field_rule rule;
	uint32_t min, max;          /* the kind's bounds */
	const char *const *choices; /* of field_choice: names of 0, 1, …, and a NULL */
};

/*
 * Texts, a struct slice each. Lengths are from min to max, in UTF-16 code units where nothing else is
 * said. White space at the ends of a line does not count. The empty text stands for null.
 *
 *	line     one line, without control characters
 *	text     any; of control characters only tab and line ends
 *	ascii    a line of ASCII
 *	email    max in bytes
 *	phone    a line with a digit in it; max in bytes
 *	color    "#rgb" or "#rrggbb"
 *	origins  a list of at most max, each kept by origin_normalize() and a space between; together
 *	         FIELDS_MADE_MAX bytes
 */
extern const struct field_kind field_line, field_text, field_ascii, field_email, field_phone,
    field_color, field_origins;

/*
 * What is no text:
 *
 *	flag     uint8_t: a boolean; max is its bit
 *	choice   uint8_t: one of choices
 *	count    uint32_t: min to max, 2.0 and 2e0 being 2; 0 stands for null
 *	decimal  uint32_t: min to max thousandths, and one more; 0 stands for null
 *	id       struct id; zero stands for null
 *	time     uint64_t: ms since 1970; never read
 *	object   struct json_t *; never written
 *	list     struct json_t *: of at most max items; never written
 */
extern const struct field_kind field_flag, field_choice, field_count, field_decimal, field_id,
    field_time, field_object, field_list;

/* A body, and what is wrong with it. */
struct fields {
	struct json_t *json;
	struct json_t *object; /* what is read now: all of it, or an object inside */
	const char *before;    /* the names of that one's members */
	struct buf made;
	struct buf wrong; /* members of a JSON object */
	size_t n_wrong;
};

/* Reads a body. NULL on success: clear it when done. Else a sentence that tells what would be right
 * (static), and nothing to clear. */
[[gnu::warn_unused_result]] const char *fields_parse(struct slice body, struct fields *in);

void fields_clear(struct fields *in);

/*
 * Reads the members that a table names into record: of a fresh thing, which has its defaults in
 * there, or of one that is to be changed, as it is. Members that are not given leave the record as it
 * is. What is wrong, unknown members too, is put down. Slices in the record are valid until
 * fields_clear().
 */
void fields_read(struct fields *in, const struct field *table, bool fresh, void *record);

/* From now on an object inside of the body is read, whose members are told of with this before their
 * names: "agent."; it is borrowed until fields_clear() or the next time, and has at most
 * FIELDS_NAME_MAX bytes. */
void fields_enter(struct fields *in, struct json_t *object, const char *before);

/* A member is wrong after all, unless that was found already: a sentence on what would be right. */
void fields_refuse(struct fields *in, const char *name, const char *sentence);

/* What is wrong with an e-mail that is right by itself, and that the store cannot keep. */
extern const char fields_email_unfit[];

/* Whether what is read has the member, be it null. */
bool fields_has(const struct fields *in, const char *name);

/* The members of an object that has a sentence for each wrong member; empty: nothing is wrong. */
struct slice fields_wrong(const struct fields *in);

/* Writes the members of a record, in the table's order. */
void fields_write(struct json_writer *j, const struct field *table, const void *record);

#endif
