/*
 * The calls of tools in a model's response, in the forms of chat completions and of the Responses API: in pieces or whole,
 * in a list, as one object, or as the function_call of before tools; arguments as text or as an object. The format only, no
 * I/O.
 */
#ifndef WORKERD_MODEL_OPENAI_TOOL_CALLS_H
#define WORKERD_MODEL_OPENAI_TOOL_CALLS_H

#include "workerd/model/openai/openai_delta.h"

#define TOOL_CALLS_MAX     20 /* further ones of a response are dropped */
#define TOOL_CALL_NAME_MAX 64 /* bytes; a longer name is cut, so no tool has it */
#define TOOL_CALL_ARGUMENTS_MAX \
	4097 /* one more than is valid: longer ones are cut, and thereby too long */

struct tool_calls {
	size_t n;
	struct {
		uint32_t place; /* of the call in the response */
		bool whole;     /* all of it has come */
		struct buf name, arguments;
	} calls[TOOL_CALLS_MAX];
};

/* All bytes zero: empty, too. */
void tool_calls_clear(struct tool_calls *c);

/* Takes what an event has of calls, as long as the event is not cleared. */
void tool_calls_read(struct tool_calls *c, const struct openai_delta *d);

#endif
