/*
 * Who answers a turn: an agent of the organization, and what the settings say where it says nothing.
 *
 * The model is told first, as the system prompt:
 *
 *	the agent's purpose, or SYSTEM_PROMPT if it has none
 *
 *	## Instructions
 *
 *	custom_instructions
 *
 *	## When to hand over to a person
 *
 *	escalation_instructions
 *
 *	## Topics to stay away from
 *
 *	restricted_topics
 *
 * with an empty line between all of these, and a heading only above what is not empty. The purpose
 * stands there as it is; of the others white space at their ends is left out.
 */
#ifndef WORKERD_TURN_PROMPT_H
#define WORKERD_TURN_PROMPT_H

#include "proto/ipc/messages.h"
#include "proto/settings/settings.h"

/* What holds where an agent says nothing; the strings are the owner's. */
struct agent_defaults {
	const char *model;
	const char *system_prompt;
	uint32_t max_completion_tokens;     /* 0: the server's own limit */
	struct setting_decimal temperature; /* or the server's own */
};

/* A copy of an agent as the store has it, for as long as the model may be asked. Free with free(). */
struct agent;

/* From an AGENT_RECORD that the decoder of its message has checked; empty: one that says nothing. */
struct agent *agent_new(struct slice record);
struct agent *agent_copy(const struct msg_agent_record *record);

/* Which of the model servers it asks; empty: the settings' own. Valid as long as the agent. */
struct slice agent_server_name(const struct agent *a);

/* Appends the beginning of a question to a model (openai_begin()), the system prompt included. 0, or
 * -1 with ENOBUFS. */
[[gnu::warn_unused_result]] int agent_write(
    const struct agent *a, const struct agent_defaults *defaults, bool usage, struct buf *body);

#endif
