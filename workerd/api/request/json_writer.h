/*
 * Writes JSON into a buffer: members in order, strings escaped. If the buffer is full, `failed` is set,
 * so callers check once at the end.
 */
#ifndef WORKERD_API_REQUEST_JSON_WRITER_H
#define WORKERD_API_REQUEST_JSON_WRITER_H

#include "proto/base/buf.h"
#include "proto/base/ids.h"

struct json_writer {
	struct buf *out;
	bool comma;  /* the next value needs a comma before it */
	bool failed; /* out was full */
};

/* Appends to out. */
struct json_writer json_writer(struct buf *out);

/* Opens and closes an object ('{') or array ('['); key is NULL at the top and in arrays. */
void json_write_open(struct json_writer *j, const char *key, char bracket);
void json_write_close(struct json_writer *j, char bracket);

/* Members, or items where key is NULL. Text must be valid UTF-8. */
void json_write_str(struct json_writer *j, const char *key, struct slice text);
void json_write_id(struct json_writer *j, const char *key, const struct id *id);
void json_write_id_or_null(
    struct json_writer *j, const char *key, const struct id *id); /* null for the zero id */
void json_write_uint(struct json_writer *j, const char *key, uint64_t n);
void json_write_bool(struct json_writer *j, const char *key, bool b);
void json_write_null(struct json_writer *j, const char *key);

/* A value that is JSON already. */
void json_write_json(struct json_writer *j, const char *key, struct slice json);

/* A number given in thousandths, with as many decimals as it needs. */
void json_write_thousandths(struct json_writer *j, const char *key, uint32_t n);

/* The same in millionths. */
void json_write_millionths(struct json_writer *j, const char *key, uint64_t n);

/* Opens a member whose key is escaped. */
void json_write_open_named(struct json_writer *j, struct slice key, char bracket);

/* A member whose key is escaped, too. */
void json_write_member(struct json_writer *j, struct slice key, struct slice text);

#endif
