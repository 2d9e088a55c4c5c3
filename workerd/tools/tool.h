/*
 * A tool, and one call of it: from what the model has written to what it gets back.
 */
#ifndef WORKERD_TOOLS_TOOL_H
#define WORKERD_TOOLS_TOOL_H

#include "proto/base/secrets.h"
#include "proto/ipc/messages.h"
#include "workerd/tools/tool_http.h"
#include "workerd/tools/tool_template.h"

#define TOOL_TEXT_MAX 2048 /* bytes; as in STEP_RECORD */

struct tool {
	struct msg_tool_record record; /* its slices are the tool's own */
	uint8_t *bytes;
	struct json_t *schema;
};

/* Why a record cannot be stored: the name of its member (API), and the reason. NULL: it can. */
[[gnu::warn_unused_result]] const char *tool_fault(
    const struct msg_tool_record *record, char why[TOOL_WHY_MAX]);

/* Copies a record (TOOL_RECORD). False: it is invalid, and there is nothing to clear. */
[[gnu::warn_unused_result]] bool tool_init(struct tool *t, struct slice record);
void tool_clear(struct tool *t);

/* Appends what the model is told about it, as an item of "tools"; responses: of the Responses API. 0, or -1 with ENOBUFS. */
[[gnu::warn_unused_result]] int tool_write(
    const struct tool *t, bool responses, struct buf *out);

/* What came of a call. */
struct tool_outcome {
	enum step_state state;
	int status;          /* of the server's answer; 0: none came */
	unsigned ms;         /* that the server took */
	struct slice result; /* JSON for the model, valid during the call */
};

typedef void tool_outcome_fn(void *arg, const struct tool_outcome *outcome);

/* What a call would do, before it is made. */
struct tool_proposal {
	enum tool_class class;
	char text[TOOL_TEXT_MAX + 1]; /* of an action: what it does, for who decides */
	struct hash256
	    shown; /* of that text, and of all that would be sent except the secret */
};

/* What a call would do. arguments, values: as in tool_call_start(). False: it cannot be made, and why says so. */
[[gnu::warn_unused_result]] bool tool_propose(const struct tool *t, struct slice arguments,
    const struct tool_values *values, struct tool_proposal *proposal, char why[TOOL_WHY_MAX]);

struct tool_call;

/* Calls it; the tool is borrowed during this call only, too. arguments: as the model has written them. values: without them; borrowed during this call. key: of an
 * action, its Idempotency-Key; NULL: a read. An action whose request was sent, and whose answer does not say whether it was
 * done, is unknown. fn is called once, from the event loop. */
struct tool_call *tool_call_start(struct tool_http *http, const struct tool *t,
    struct slice arguments, const struct tool_values *values, const char *key,
    tool_outcome_fn *fn, void *arg);

/* fn is not called any more. */
void tool_call_cancel(struct tool_call *call);

/* What is sent, for the owner: URL and body, with *** for the secret. False: nothing would be, and why says so. */
[[gnu::warn_unused_result]] bool tool_show(const struct tool *t, struct slice arguments,
    const struct tool_values *values, struct buf *url, struct buf *body,
    char why[TOOL_WHY_MAX]);

#endif
