/*
 * An agent's part of the request to the model: model name, parameters and system prompt. Where the agent
 * leaves a field empty the settings apply.
 *
 * The system prompt:
 *
 *	the agent's purpose, or SYSTEM_PROMPT if it is empty
 *
 *	## Instructions
 *
 *	custom_instructions
 *
 *	## When to hand over to a person
 *
 *	escalation_instructions
 *
 *	how to ask for a person: the tool, or the marker (workerd/model/openai/hand_over.h)
 *
 *	## Tools
 *
 *	how to use what tools return, for an agent with tools (workerd/tools/)
 *
 *	## Topics to stay away from
 *
 *	restricted_topics
 *
 *	## Content of the website
 *
 *	how to use the passages before a message, for an agent with knowledge (workerd/knowledge/)
 *
 *	## About this visitor
 *
 *	the conversation's context, as data between two lines that it cannot contain
 *
 * with an empty line between the parts; the heading of an empty part is left out. The parts are trimmed,
 * except the purpose. The context comes last: what comes before it is the same for all visitors, so that the model
 * server can reuse it, and the context rarely changes within a conversation.
 */
#ifndef WORKERD_TURN_PROMPT_PROMPT_H
#define WORKERD_TURN_PROMPT_PROMPT_H

#include "proto/ipc/messages.h"
#include "proto/settings/settings.h"
#include "workerd/model/openai/openai.h"
#include "workerd/model/parts/refused_parts.h"

struct json_t;

/* Used where an agent's field is empty. The strings are borrowed. */
struct prompt_defaults {
	const char *model;
	const char *system_prompt;
	uint32_t max_completion_tokens;     /* 0: the default (proto/text/tokens.h) */
	struct setting_decimal temperature; /* not given: the server's default */
};

/* A copy of an agent's record and a context. Free with free(). */
struct prompt;

/* From an AGENT_RECORD that its message's decoder has checked, or an empty slice: only defaults. context: JSON; empty:
 * none. */
struct prompt *prompt_new(struct slice record, struct slice context);
struct prompt *prompt_copy(const struct msg_agent_record *record);

/* The agent's model server; empty: the default server. Valid as long as the prompt. */
struct slice prompt_server_name(const struct prompt *p);

/* The name of the agent's model; or_else: the name that the settings have. Valid as long as both. */
struct slice prompt_model(const struct prompt *p, const char *or_else);

/* The agent's further servers and models, as in AGENT_RECORD; empty: none. Valid as long as the prompt. */
struct slice prompt_fallbacks(const struct prompt *p);

/* Whether replies keep what the model marks as its thoughts. */
bool prompt_keeps_thoughts(const struct prompt *p);

/* Whether the model may ask for a person: the agent has escalation instructions. */
bool prompt_may_hand_over(const struct prompt *p);

/* The agent's text for a visitor who waits for a person; empty: none. Valid as long as the prompt. */
struct slice prompt_waiting_text(const struct prompt *p);

/* The same outside of the working hours. */
struct slice prompt_closed_text(const struct prompt *p);

/* The ids of the tools that the model may call. Valid as long as the prompt. */
struct slice prompt_tools(const struct prompt *p);

/* What the agent's replies are based on; sources: with KNOWLEDGE_SOME, as in AGENT_RECORD, valid as long as the prompt. */
enum knowledge prompt_knowledge(const struct prompt *p, struct slice *sources);

/* What the agent does if the content has no answer. */
enum not_found prompt_not_found(const struct prompt *p);

/* Its own text for NOT_FOUND_FIXED; empty: none (not_found_text.h). Valid as long as the prompt. */
struct slice prompt_not_found_text(const struct prompt *p);

/* Whom the request is for. */
struct prompt_target {
	struct slice model;           /* its name */
	enum model_api api;           /* AUTO: it may refuse chat completions, too */
	struct refused_parts refused; /* what it does not take */
	bool budget;                  /* a budget of tokens limits the reply */
	bool thinks;                  /* its replies have had thoughts */
	struct slice tools,
	    tools_responses; /* what its model may call (openai.h), in the form of each API; may be empty */
	uint32_t max_output; /* the most tokens of a reply that it takes; 0: not known */
};

/* Sets the API that the server is asked by. One that is asked by its Responses API takes no chat completions. */
void prompt_target_use_api(struct prompt_target *to, enum model_api api);

/* The optional parts that the request has. */
uint32_t prompt_parts(const struct prompt *p, const struct prompt_defaults *defaults,
    const struct prompt_target *to);

/* The most tokens that the model may write for one reply, unless the agent says it itself in "extra". */
uint32_t prompt_max_output(const struct prompt *p, const struct prompt_defaults *defaults,
    const struct prompt_target *to);

/* The most tokens that a call may cost beside its request; with all that the agent says in "extra". */
uint32_t prompt_most_output(const struct prompt *p, const struct prompt_defaults *defaults,
    const struct prompt_target *to);

/* The members of the agent's own ("extra") that the request has, to be freed; NULL: none. */
struct json_t *prompt_extra(const struct prompt *p, const struct refused_parts *refused);

/* Appends the start of a request to the model (openai_begin()), the system prompt included. 0, or -1 with
 * ENOBUFS. */
[[gnu::warn_unused_result]] int prompt_write(const struct prompt *p,
    const struct prompt_defaults *defaults, const struct prompt_target *to,
    struct openai_request *request, struct buf *body);

#endif
