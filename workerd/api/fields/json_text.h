/*
 * Small JSON answers, written as text: members one after the other, strings escaped. A writer
 * that runs out of room remembers it, so that only the end need be looked at.
 */
#ifndef WORKERD_API_FIELDS_JSON_TEXT_H
#define WORKERD_API_FIELDS_JSON_TEXT_H

#include "proto/base/buf.h"
#include "proto/base/ids.h"

struct json_text {
	struct buf *out;
	bool comma;  /* the next value needs one before it */
	bool failed; /* out was full */
};

/* Writes onto the end of out. */
struct json_text json_text(struct buf *out);

/* Opening and closing; key is NULL at the top and in arrays. */
void json_open(struct json_text *j, const char *key, char bracket);
void json_close(struct json_text *j, char bracket);

/* Members, or items where key is NULL. Text must be valid UTF-8. */
void json_str(struct json_text *j, const char *key, struct slice text);
void json_id(struct json_text *j, const char *key, const struct id *id);
void json_id_or_none(
    struct json_text *j, const char *key, const struct id *id); /* null for the id of zeros */
void json_uint(struct json_text *j, const char *key, uint64_t n);
void json_bool(struct json_text *j, const char *key, bool b);
void json_none(struct json_text *j, const char *key);

/* A number given in thousandths, with as many digits behind its point as it needs. */
void json_thousandths(struct json_text *j, const char *key, uint32_t n);

/* A member whose key is any valid UTF-8. */
void json_member(struct json_text *j, struct slice key, struct slice text);

#endif
