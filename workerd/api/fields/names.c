/*
 * The tables of names.
 */
#include "workerd/api/fields/names.h"

#include "proto/base/basics.h"

const char *const names_message_roles[] = {
    [MESSAGE_USER] = "user", [MESSAGE_ASSISTANT] = "assistant", NULL};

const char *const names_user_roles[] = {[USER_OWNER] = "owner", [USER_MEMBER] = "member", NULL};

const char *const names_operator_doings[] = {[OPERATOR_VIEWS] = "viewing",
    [OPERATOR_WRITES] = "writing",
    [OPERATOR_LEAVES] = "left",
    NULL};

struct slice
names_message_role(uint8_t role)
{
	static const char *const roles[] = {[MESSAGE_USER] = "user",
	    [MESSAGE_ASSISTANT] = "assistant",
	    [MESSAGE_OPERATOR] = "operator"};

	must(role < ARRAY_LEN(roles));
	return slice_str(roles[role]);
}

struct slice
names_found_outcome(uint8_t outcome)
{
	static const char *const outcomes[] = {[FOUND_NOTHING_ASKED] = "none",
	    [FOUND_ANSWER] = "answer",
	    [FOUND_NO_ANSWER] = "no_answer",
	    [FOUND_GENERAL] = "general",
	    [FOUND_UNAVAILABLE] = "unavailable",
	    [FOUND_WHOLE] = "whole"};

	must(outcome < ARRAY_LEN(outcomes));
	return slice_str(outcomes[outcome]);
}

struct slice
names_message_status(uint8_t status)
{
	static const char *const statuses[] = {
	    [MESSAGE_COMPLETE] = "complete",
	    [MESSAGE_STOPPED] = "stopped",
	    [MESSAGE_INTERRUPTED] = "interrupted",
	    [MESSAGE_LENGTH] = "length",
	    [MESSAGE_HANDED] = "complete",
	    [MESSAGE_FILTERED] = "filtered",
	};

	return slice_str(statuses[status < ARRAY_LEN(statuses) ? status : MESSAGE_INTERRUPTED]);
}

struct slice
names_conversation_state(uint8_t state)
{
	static const char *const states[] = {
	    [STATE_OPEN] = "open",
	    [STATE_WAITING] = "waiting",
	    [STATE_PERSON] = "person",
	    [STATE_RESOLVED] = "resolved",
	};

	must(state < ARRAY_LEN(states));
	return slice_str(states[state]);
}

struct slice
names_user_role(uint8_t role)
{
	must(role < ARRAY_LEN(names_user_roles) - 1);
	return slice_str(names_user_roles[role]);
}

struct slice
names_operator_doing(uint8_t doing)
{
	must(doing < ARRAY_LEN(names_operator_doings) - 1);
	return slice_str(names_operator_doings[doing]);
}
