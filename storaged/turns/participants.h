/*
 * Who speaks with whom in a turn: a visitor of a widget, or someone who has a key, and the agent of that
 * widget. What a visitor may not do is decided here, and what its message changes beside the thread.
 */
#ifndef STORAGED_TURNS_PARTICIPANTS_H
#define STORAGED_TURNS_PARTICIPANTS_H

#include "storaged/request/call.h"

struct parties {
	struct id org, agent;
	bool agent_enabled;
	/* The rest is of a visitor. */
	bool by_visitor;
	bool welcome;         /* its token is good */
	bool contact_missing; /* its widget wants to know first who it is */
	uint32_t daily_cap;   /* 0: any number */
	struct msg_visitor_record visitor;
};

/*
 * Who they are, of a MSG_TURN_BEGIN. For a widget that is gone the organization's first one stands in, so
 * that its conversations can go on by a key. Refuses (GONE) a token
 * that was never good, and (INVALID) a session that is not the visitor's.
 */
[[gnu::warn_unused_result]] int parties_find(
    struct txn *t, struct call *c, struct parties *parties);

/* Refuses a message that is new at this moment (ms since 1970): GONE, DISABLED, CONTACT_REQUIRED,
 * CAPPED. Changes nothing. */
[[gnu::warn_unused_result]] int parties_check(
    struct txn *t, struct call *c, const struct parties *parties, uint64_t now);

/* The message was stored: counts it, marks the visitor as one who has written, and tells those who
 * follow it. Nothing for a message that came by a key. */
[[gnu::warn_unused_result]] int parties_note(struct txn *t, struct call *c,
    const struct parties *parties, const struct id *conversation, uint64_t now);

/* The reply to a message that is known is begun anew: tells those who follow the visitor, if it has one. */
void parties_note_anew(struct call *c, const struct parties *parties,
    const struct id *conversation, const struct id *turn);

/* The agent's record, as txn_get() has it. */
[[gnu::warn_unused_result]] int parties_agent(
    struct txn *t, const struct parties *parties, struct slice *record);

#endif
