/*
 * The request to a model in the format of OpenAI's chat completions, or of its Responses API (platform.openai.com, API
 * reference, "Chat", "Responses"). The format only, no I/O; responses are read by openai_delta.h.
 */
#ifndef WORKERD_MODEL_OPENAI_OPENAI_H
#define WORKERD_MODEL_OPENAI_OPENAI_H

#include "proto/ipc/messages.h"
#include "proto/settings/settings.h"

#define OPENAI_BODY_MAX (16u * 1024 * 1024) /* bytes of a request */

/* Where the model gets the system prompt. */
enum openai_instructions {
	OPENAI_SYSTEM,    /* a message of the role system */
	OPENAI_DEVELOPER, /* of the role developer */
	OPENAI_IN_FIRST,  /* at the start of the first user's message */
};

/* The request's parameters except the messages. */
struct openai_settings {
	struct slice model, system_prompt;
	bool responses; /* for the Responses API, which has other names for some of these */
	bool unstored;  /* the server is not to keep the response (store) */
	enum openai_instructions instructions;
	uint32_t max_completion_tokens;     /* 0: left out */
	bool max_tokens;                    /* that limit is called max_tokens */
	struct setting_decimal temperature; /* not given: left out */
	struct slice reasoning_effort;      /* empty: left out */
	bool usage;                         /* request the token counts (stream_options) */
	enum picture_detail pictures;       /* OFF: no message has any */
	bool hand_over;     /* offer the tool to ask for a person (hand_over.h) */
	struct slice tools; /* further tools: items with commas between them; may be empty */
	struct slice
	    extra; /* further members, as text with a comma before each; may be empty */
};

/* A request that is being written. */
struct openai_request {
	struct buf *body;
	bool open;              /* there is a message, which can be continued */
	bool parts;             /* its content is a list of parts, so it can have pictures */
	bool in_text;           /* its end so far is a text */
	bool own;               /* it has the system prompt alone, so it must not be */
	enum message_role role; /* of it: USER or ASSISTANT */
	bool has_user;          /* a user's message was added */
	bool responses;         /* as in the settings */
	bool any;               /* there is a message */
	enum picture_detail pictures; /* as in the settings */
	size_t coded;                 /* bytes of the body that are pictures */
};

/*
 * Appends the start of a request to body: parameters, streaming and system prompt. Then call
 * openai_add_message() for each message, oldest first, and openai_end(). 0, or -1 with ENOBUFS.
 */
[[gnu::warn_unused_result]] int openai_begin(
    struct openai_request *r, struct buf *body, const struct openai_settings *settings);

/* Messages of a role other than USER are the assistant's. Neighbours of one role become one message with an empty line
 * between them, and replies before the first user's message are left out: strict servers want the roles in turn. */
[[gnu::warn_unused_result]] int openai_add_message(
    struct openai_request *r, enum message_role role, struct slice text);

/* Adds a picture to the message of the visitor that was added last; the settings say that there are pictures. type: its media
 * type. */
[[gnu::warn_unused_result]] int openai_add_picture(
    struct openai_request *r, const char *type, struct slice bytes);

/* A call of a tool that the model has made, with its result. The calls of one response of the model follow one another. */
struct openai_call {
	unsigned number; /* of the call in the request, from 1 on */
	struct slice name, arguments, result;
};

/* Adds the calls of one response, and their results; said: what the model has written before them, may be empty. */
[[gnu::warn_unused_result]] int openai_add_calls(
    struct openai_request *r, struct slice said, const struct openai_call *calls, size_t n);
[[gnu::warn_unused_result]] int openai_end(struct openai_request *r);

#endif
