/*
 * HTTP/1.1 answers as bytes: heads, whole JSON answers, errors in OpenAI's form, and the framing
 * of chunks. Writes into a struct bytes; knows no sockets and no chat.
 */
#ifndef TESTS_STUB_ANSWER_H
#define TESTS_STUB_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/stub/bytes.h"

/* {"error":{"message","type","param","code"}}; param and code may be NULL (null). */
struct api_error {
	int status;
	const char *type;
	const char *param;
	const char *code;
	char message[256];
};

/* What every head of one answer says beside its status. */
struct answer_about {
	uint64_t id;          /* of the call, for x-request-id; 0 if it is none */
	uint32_t retry_after; /* seconds, or UINT32_MAX */
	bool retry_date;      /* written as a date */
	const char *allow;    /* for 405, else NULL */
	bool close;           /* the connection ends after it */
};

/* The head of a 200 whose body of the given type comes in chunks. */
void answer_stream(struct bytes *out, const char *type, const struct answer_about *about);

/* A whole answer with a JSON body. */
void answer_json(
    struct bytes *out, int status, struct span body, const struct answer_about *about);
void answer_error(
    struct bytes *out, const struct api_error *error, const struct answer_about *about);

/* The error object alone, as it also stands in an event of a stream. */
void answer_error_body(struct bytes *out, const struct api_error *error);

/* Fills an error; message is a format. Type is invalid_request_error, param and code null. */
[[gnu::format(printf, 3, 4)]] void api_error_set(
    struct api_error *error, int status, const char *message, ...);

/*
 * One chunk (RFC 9112, 7.1) around what is added in between: chunk_begin() returns a mark for
 * chunk_end(). There must be something in between, else it would be the last chunk.
 */
[[gnu::warn_unused_result]] size_t chunk_begin(struct bytes *out);
void chunk_end(struct bytes *out, size_t mark);
void chunk_last(struct bytes *out);

#endif
