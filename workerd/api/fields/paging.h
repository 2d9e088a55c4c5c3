/*
 * Lists in pages: the parameters `limit` and `cursor` of a query string, and `nextCursor` of an
 * answer. A cursor is opaque to clients: some bytes in base64url (RFC 4648, section 5), without
 * padding.
 */
#ifndef WORKERD_API_FIELDS_PAGING_H
#define WORKERD_API_FIELDS_PAGING_H

#include "workerd/api/request/json_writer.h"

#define CURSOR_MAX     24 /* bytes */
#define PAGING_SEQ_LEN 8  /* of a cursor that is a message's sequence number */

/* What a list takes. */
struct paging_rule {
	uint32_t limit_default, limit_max; /* under 10,000 */
	size_t cursor_len;                 /* bytes, at most CURSOR_MAX */
	const char *wrong_limit;           /* a sentence that tells what would be right */
};

/* What a request says about its page. */
struct paging {
	bool has_limit, has_cursor;
	uint32_t limit;
	uint8_t cursor[CURSOR_MAX]; /* the rule's cursor_len of them */
};

/* Reads both parameters of a query string. NULL on success, else a sentence (static). */
[[gnu::warn_unused_result]] const char *paging_read(
    struct slice query, const struct paging_rule *rule, struct paging *p);

/* For lists of what has an id: a cursor is the last one's of the page before. What such a cursor says,
 * zero without one; and how it is written, zero for none. */
extern const struct paging_rule paging_by_id;
struct id paging_id(const struct paging *p);
void paging_write_next_id(struct json_writer *j, const struct id *next);

/* Writes "nextCursor": the cursor, or null for an empty one (there is no further page). */
void paging_write_next(struct json_writer *j, struct slice cursor);

/* The same for a list of messages: the sequence number where the next page begins, 0 for none; and
 * what such a cursor says. */
void paging_write_next_seq(struct json_writer *j, uint64_t seq);
uint64_t paging_seq(const struct paging *p);

#endif
