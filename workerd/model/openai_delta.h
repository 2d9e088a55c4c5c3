/*
 * What an OpenAI-compatible server answers, as JSON: the events of a stream, and errors
 * (platform.openai.com, API reference, "Streaming"). Knows the format, not the transport.
 *
 * OpenAI, Azure, Ollama, vLLM, llama.cpp, OpenRouter and the others agree on where the text is, and
 * on little else; the table in test_openai.c has their forms.
 */
#ifndef WORKERD_MODEL_OPENAI_DELTA_H
#define WORKERD_MODEL_OPENAI_DELTA_H

#include "workerd/model/utf8_reassembly.h"

struct json_t;

/* What one event of a streamed answer says. */
struct openai_delta {
	enum {
		OPENAI_NOTHING, /* valid, but nothing for us: the role, a keep-alive */
		OPENAI_TEXT,    /* of the answer, or of the model's refusal to give one */
		OPENAI_DONE,    /* [DONE] */
		OPENAI_ERROR,   /* an error object in the stream; text is its message */
		OPENAI_BAD,     /* no JSON, or not of this form */
	} kind;
	struct slice text; /* valid UTF-8; empty but for TEXT and ERROR; perhaps in the data */
	bool has_finish;   /* a finish_reason came */
	bool has_usage;
	uint32_t prompt_tokens, completion_tokens;
	struct json_t *json; /* these two hold the text */
	struct buf built;
};

/*
 * Reads one event's data, whatever it is. The text is valid until openai_delta_clear(), and no
 * longer than the data is. What an event's text ends with may be the first half of a character: it
 * waits in halves, one for each answer, for the next event; utf8_reassembly_end() gives what is left at the
 * end.
 */
void openai_delta_read(
    struct utf8_reassembly *halves, struct slice data, struct openai_delta *d);

/* The same for an event of JSON, always by way of a tree: what the short way must agree with. */
void openai_delta_read_tree(
    struct utf8_reassembly *halves, struct slice data, struct openai_delta *d);
void openai_delta_clear(struct openai_delta *d);

/* The message of an error answer's body for the log, into out: NUL-terminated, cut to size between
 * characters; "" when the body has none. */
void openai_error_message(struct slice body, char *out, size_t size);

#endif
