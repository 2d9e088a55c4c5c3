/*
 * HTTP/1.1 responses as bytes: heads, complete JSON responses, errors in OpenAI's format, and
 * chunked framing. Writes into a struct bytes; knows nothing of sockets or chat.
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

/* Options of a response's head. */
struct answer_about {
	uint64_t id;          /* of the call, for x-request-id; 0: none */
	uint32_t retry_after; /* seconds, or UINT32_MAX */
	bool retry_date;      /* write retry_after as a date */
	const char *allow;    /* for 405, else NULL */
	bool close;           /* the connection closes after the response */
};

/* The head of a chunked 200 response with this content type. */
void answer_stream(struct bytes *out, const char *type, const struct answer_about *about);

/* A complete response with a JSON body. */
void answer_json(
    struct bytes *out, int status, struct span body, const struct answer_about *about);
void answer_error(
    struct bytes *out, const struct api_error *error, const struct answer_about *about);

/* The error object alone, as in an event of a stream. */
void answer_error_body(struct bytes *out, const struct api_error *error);

/* Fills an error; message is a printf format. Sets the type invalid_request_error, and param and
 * code to null. */
[[gnu::format(printf, 3, 4)]] void api_error_set(
    struct api_error *error, int status, const char *message, ...);

/* Frames what is appended between the two calls as one chunk (RFC 9112, 7.1); chunk_begin() returns
 * a mark for chunk_end(). It must not be empty, else it would be the last chunk. */
[[gnu::warn_unused_result]] size_t chunk_begin(struct bytes *out);
void chunk_end(struct bytes *out, size_t mark);
void chunk_last(struct bytes *out);

#endif
