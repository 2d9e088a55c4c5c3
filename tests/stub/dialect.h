/*
 * How a real model server differs from OpenAI's: what it refuses, and how its streams, errors and lists look. One object
 * of dialects.json for each; no code for any of them. Read once, at the start.
 *
 *	refuses	[{part, status, type?, body}]: the first part that a call has is refused. Parts are members of the call,
 *		role:ROLE, alternation (of user and assistant, the user first), input>N (characters of all
 *		messages), maximum>N (tokens of the reply) and temperature>N
 *	begin	events before the first token
 *	token	the event of a token, which is $TEXT
 *	call	events that call the tool hand_over
 *	end	events of the end; $FINISH is the finish_reason in the words of "finish", $PROMPT and $COMPLETION the usage
 *	data	what each event's line begins with
 *	fails	by status, what fail=STATUS sends: {status?, headers?, body}
 *	models	the list of models
 *
 * An event is JSON, or a text that is sent as it is. $MODEL and $ID are those of the call. What is missing is OpenAI's.
 */
#ifndef TESTS_STUB_DIALECT_H
#define TESTS_STUB_DIALECT_H

#include "tests/stub/call.h"

/* OpenAI's own. */
#define DIALECT_DEFAULT "openai"

/* Values of an event's names; text NULL: stays as it is, for a frame. */
struct dialect_values {
	const char *model, *finish;
	uint64_t id, prompt_tokens, completion_tokens;
};

/* Ends the program if there is no dialect of this name, with a list of all. The result lives until the end. */
[[gnu::returns_nonnull]] const json_t *dialect_load(const char *name);

/* Prints all names, one a line. */
void dialect_list(FILE *out);

/* Whether the call has what the server does not take. The response, which is complete, is appended to out then. */
bool dialect_refuses(const json_t *dialect, const struct call *call, struct buf *out,
    const struct answer_about *about);

/* Appends the response for fail=STATUS. false: the dialect has none. */
bool dialect_fails(const json_t *dialect, unsigned status, struct buf *out,
    const struct dialect_values *values, const struct answer_about *about);

/* Appends the events of this member. false: the dialect has none. */
bool dialect_events(const json_t *dialect, const char *member, struct buf *out,
    const struct dialect_values *values);

/* Appends the event of a token, and returns where its text belongs; 0: the dialect has none. */
size_t dialect_token(
    const json_t *dialect, struct buf *out, const struct dialect_values *values);

/* The finish_reason in the server's words. */
const char *dialect_finish(const json_t *dialect, const char *finish);

/* Appends the list of models. false: the dialect has none. */
bool dialect_models(const json_t *dialect, struct buf *out, const struct answer_about *about);

#endif
