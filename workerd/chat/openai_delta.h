/*
 * What an OpenAI-compatible server answers, as JSON: the events of a stream, and errors
 * (platform.openai.com, API reference, "Streaming"). Knows the format, not the transport.
 */
#ifndef WORKERD_CHAT_OPENAI_DELTA_H
#define WORKERD_CHAT_OPENAI_DELTA_H

#include "proto/buf.h"

struct json_t;

/* What one event of a streamed answer says. */
struct openai_delta {
	enum {
		OPENAI_NOTHING, /* valid, but nothing for us: the role, a keep-alive */
		OPENAI_TEXT,
		OPENAI_DONE,  /* [DONE] */
		OPENAI_ERROR, /* an error object in the stream; text is its message */
		OPENAI_BAD,   /* no JSON, or not of this form */
	} kind;
	struct slice text;
	bool has_finish; /* a finish_reason came */
	bool has_usage;
	uint32_t prompt_tokens, completion_tokens;
	struct json_t *json; /* holds the text */
};

/* Reads one event's data. The text is valid until openai_delta_clear(). Invalid UTF-8 in it is
 * repaired. */
void openai_delta_read(struct slice data, struct openai_delta *d);
void openai_delta_clear(struct openai_delta *d);

/* The message of an error answer's body for the log, into out (NUL-terminated, cut to size);
 * "" when the body has none. */
void openai_error_message(struct slice body, char *out, size_t size);

#endif
