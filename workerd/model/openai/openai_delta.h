/*
 * Parses the responses of OpenAI-compatible servers: the events of a stream, and a response in one piece, of chat
 * completions (platform.openai.com, API reference, "Streaming") and of the Responses API. The
 * format only, no I/O. Errors: openai_error.h.
 *
 * OpenAI, Azure, Ollama, vLLM, llama.cpp, OpenRouter and others agree on where the text is, and on
 * little else; the table in test_openai_delta.c has their forms.
 */
#ifndef WORKERD_MODEL_OPENAI_OPENAI_DELTA_H
#define WORKERD_MODEL_OPENAI_OPENAI_DELTA_H

#include "workerd/model/openai/openai_finish.h"
#include "workerd/model/openai/utf8_reassembly.h"

struct json_t;

/* One event of a stream. */
struct openai_delta {
	enum {
		OPENAI_NOTHING, /* valid, without text: a role, a keep-alive */
		OPENAI_TEXT,    /* of the reply, or the model's refusal */
		OPENAI_DONE,    /* [DONE] */
		OPENAI_ERROR,   /* an error in the stream; text is its message */
		OPENAI_BAD,     /* not JSON, or not of this form */
	} kind;
	struct slice text; /* valid UTF-8, only with TEXT and ERROR; may point into the data */
	struct slice tool; /* a part of the name of a tool that the model calls; may be empty */
	uint32_t tool_call; /* which call of the reply that is */
	enum openai_finish finish;
	/* The event has the whole message in place of a delta: a response in one piece, which ends with it. */
	bool whole;
	bool ends; /* it is the last one of a stream of the Responses API */
	uint32_t
	    item; /* the place of what the text belongs to: a response may have several messages */
	bool thinks; /* it has a part of the model's thoughts, in a member of their own */
	bool has_usage;
	uint32_t prompt_tokens, completion_tokens;
	struct json_t *json; /* json and built own the text */
	struct buf built;
};

/*
 * Parses one event's data. The text is valid until openai_delta_clear(), and only as long as the
 * data. An incomplete character at the end of the text waits in reassembly, one for each reply,
 * for the next event; utf8_reassembly_end() returns what is left at the end.
 */
void openai_delta_read(
    struct utf8_reassembly *reassembly, struct slice data, struct openai_delta *d);

/* The same for a JSON event, always with jansson: the reference for the fast path. */
void openai_delta_read_tree(
    struct utf8_reassembly *reassembly, struct slice data, struct openai_delta *d);
void openai_delta_clear(struct openai_delta *d);

#endif
