/*
 * HTTP/1.1 responses as bytes: heads, complete JSON responses, errors in OpenAI's format, and
 * chunks. Knows nothing of sockets or chat.
 */
#ifndef TESTS_STUB_ANSWER_H
#define TESTS_STUB_ANSWER_H

#include <jansson.h>

#include "tests/stub/put.h"

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
	const char *allow;    /* for 405, else NULL */
	const char *fields;   /* further lines of the head; NULL: none */
	bool close;           /* the connection closes after the response */
};

/* The head of a stream of events. */
void answer_stream(struct buf *out, const struct answer_about *about);

/* A complete response with a JSON body, which is freed. */
void answer_json(struct buf *out, int status, json_t *body, const struct answer_about *about);
void answer_text(struct buf *out, int status, const char *type, struct slice body,
    const struct answer_about *about);
void answer_error(
    struct buf *out, const struct api_error *error, const struct answer_about *about);

/* The error object alone, as in an event of a stream. */
json_t *answer_error_body(const struct api_error *error);

/* Fills an error of type invalid_request_error without a code; param may be NULL, message is a printf format.
 * Returns -1. */
[[gnu::format(printf, 4, 5)]] int api_error(
    struct api_error *error, int status, const char *param, const char *message, ...);

/* One chunk (RFC 9112, 7.1); an empty one is the last. */
void answer_chunk(struct buf *out, struct slice content);

#endif
