/*
 * Paged lists: the parameters `limit` and `cursor` of a query string, and `nextCursor` of an answer.
 * A cursor is opaque to clients: bytes in base64url (RFC 4648, section 5), without padding.
 */
#ifndef WORKERD_API_FIELDS_PAGING_H
#define WORKERD_API_FIELDS_PAGING_H

#include "workerd/api/request/json_writer.h"

#define CURSOR_MAX     24 /* bytes */
#define PAGING_SEQ_LEN 8  /* bytes of a cursor that is a message's position */

/* The limits of one list. */
struct paging_rule {
	uint32_t limit_default, limit_max; /* under 10,000 */
	size_t cursor_len;                 /* bytes, at most CURSOR_MAX */
	const char *
	    wrong_limit; /* the error for an invalid limit: a sentence that says what would be valid */
};

/* The page that a request asks for. */
struct paging {
	bool has_limit, has_cursor;
	uint32_t limit;
	uint8_t cursor[CURSOR_MAX]; /* cursor_len of the rule; zero without a cursor */
};

/* Reads both parameters. NULL on success, else a sentence that says what would be valid (static). */
[[gnu::warn_unused_result]] const char *paging_read(
    struct slice query, const struct paging_rule *rule, struct paging *p);

/* Reads another parameter that has a cursor of so many bytes into out; *given: it is there. False: it is given and
 * invalid. */
[[gnu::warn_unused_result]] bool paging_read_other(
    struct slice query, const char *name, size_t cursor_len, uint8_t *out, bool *given);

/* For lists of objects with ids: the cursor is the last id of the page before. paging_id() returns zero
 * without a cursor; paging_write_next_id() takes zero for the last page. */
extern const struct paging_rule paging_by_id;
struct id paging_id(const struct paging *p);
void paging_write_next_id(struct json_writer *j, const struct id *next);

/* Writes "nextCursor": the cursor, or null if it is empty (the last page). */
void paging_write_next(struct json_writer *j, struct slice cursor);

/* The same for a member of another name. */
void paging_write(struct json_writer *j, const char *key, struct slice cursor);

/* For lists of messages: the cursor is the position where the next page begins; 0 for the last page. */
void paging_write_next_seq(struct json_writer *j, uint64_t seq);
void paging_write_seq(struct json_writer *j, const char *key, uint64_t seq);
uint64_t paging_seq(const struct paging *p);
uint64_t paging_seq_of(const uint8_t cursor[PAGING_SEQ_LEN]);

#endif
