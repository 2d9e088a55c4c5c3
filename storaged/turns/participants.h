/*
 * Who takes part in a turn: a visitor of a widget, or the holder of a key; and the agent of that widget.
 * Decides what a visitor may do, and records what its message changes beside the conversation.
 */
#ifndef STORAGED_TURNS_PARTICIPANTS_H
#define STORAGED_TURNS_PARTICIPANTS_H

#include "storaged/request/call.h"

struct participants {
	struct id org, agent;
	bool agent_enabled, has_blocks;
	bool agent_hands_over; /* the model may ask for a person */
	bool agent_returns;    /* the model may take over again from a silent operator */
	struct id contact;     /* of the visitor, or with the request's user id; zero: none */
	struct id counted;     /* the widget that counts the message */
	uint32_t daily_cap;    /* messages of that widget in a UTC day; 0: unlimited */
	/* The rest is set only for a visitor. */
	bool by_visitor;
	bool welcome;         /* its token is valid */
	bool contact_missing; /* the widget requires a contact, and the visitor has none */
	struct msg_visitor_record visitor;
};

/*
 * The participants of a MSG_TURN_BEGIN. If the widget was deleted, the organization's first one stands in,
 * so that its conversations can continue with a key; it also counts their messages. Refuses (GONE) an unknown token, and (INVALID) a
 * session that is not the visitor's.
 */
[[gnu::warn_unused_result]] int participants_find(
    struct txn *t, struct call *c, struct participants *p);

/* Refuses a new message at this time (ms since 1970): GONE, DISABLED (unless a person answers it),
 * CONTACT_REQUIRED, CAPPED. */
[[gnu::warn_unused_result]] int participants_check(
    struct txn *t, struct call *c, const struct participants *p, uint64_t now, bool by_person);

/* A message was stored: it is counted for its widget, and its visitor is stored as one that has written. */
[[gnu::warn_unused_result]] int participants_count_message(
    struct txn *t, struct call *c, const struct participants *p, uint64_t now);

/* A turn began: tells those who follow the conversation. */
void participants_announce_turn(struct call *c, const struct id *conversation);

/* The reply to a known message starts again, at this position: tells those who follow the conversation. */
void participants_announce_restart(
    struct call *c, const struct id *conversation, const struct id *turn, uint64_t seq);

/* The agent's record, as txn_get() has it. */
[[gnu::warn_unused_result]] int participants_agent(
    struct txn *t, const struct participants *p, struct slice *record);

#endif
