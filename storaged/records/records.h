/*
 * Agents, widgets, contacts and users: what an organization has many of, each a record by organization
 * and id. All of them are read, made, changed and imported alike; what a kind does in a way of its own
 * stands in its struct thing_kind, and in its own file.
 *
 * What is new, or another than it was, passes these steps; the first that refuses ends it:
 *
 *	thing_put()     one that is there: keep, is it the one that was read, check, store
 *	                a fresh one: its organization, check, is there room, store
 *	thing_create()  the same of a fresh one
 *	thing_import()  check, store: its times are its own
 */
#ifndef STORAGED_RECORDS_RECORDS_H
#define STORAGED_RECORDS_RECORDS_H

#include "storaged/request/call.h"

/* A record of any kind; all begin alike. */
union thing {
	struct {
		uint8_t v;
		struct id id, org;
	};
	struct msg_agent_record agent;
	struct msg_widget_record widget;
	struct msg_contact_record contact;
	struct msg_user_record user;
};

struct thing_kind {
	enum table table;
	enum msg_type record;          /* what is stored */
	enum msg_type answer;          /* the message that one is answered by */
	size_t created_at, updated_at; /* where the record has them */
	const char *missing;           /* what NOT_FOUND says */
	size_t most;                   /* in an organization; and what LIMIT says */
	const char *too_many;

	/* Gives a record what no sender can choose, beside the times: that of the one there, which is
	 * NULL where none is and a fresh one is made. NULL: there is no such thing. */
	void (*keep)(union thing *r, const union thing *there, bool fresh);
	/* Refuses what does not go with the rest of the store; with `clash`, what another one has already.
	 * NULL: anything goes. */
	int (*check)(
	    struct txn *t, struct call *c, const union thing *r, enum store_error clash);
	/* As thing_store(). NULL: there is no index. */
	int (*store)(struct txn *t, const union thing *r, const union thing *there);
};

/* Why a record cannot be one of an organization's; NULL: it can. */
const char *thing_fault(uint8_t v, const struct id *id, const struct id *org);

/* MDB_NOTFOUND: there is none. The record's slices are as those of txn_get(). */
[[gnu::warn_unused_result]] int thing_find(struct txn *t, const struct thing_kind *kind,
    const struct id *org, const struct id *id, union thing *r);

/* Answers with what is stored, or refuses (NOT_FOUND). */
[[gnu::warn_unused_result]] int thing_answer(
    struct txn *t, struct call *c, const struct thing_kind *kind, const struct key *key);
[[gnu::warn_unused_result]] int thing_get(struct txn *t, struct call *c,
    const struct thing_kind *kind, const struct id *org, const struct id *id);

/*
 * Makes a fresh one, or changes the one that is there to this record, and answers with it. What is stored
 * like this already is a repeat, and changes nothing. Refused (INVALID) if it is no record, (NOT_FOUND),
 * (EXISTS) when a fresh one's id is another's, (STALE), (LIMIT), and as the kind's check says. In *r is
 * what is stored then, without its slices.
 */
[[gnu::warn_unused_result]] int thing_put(struct txn *t, struct call *c,
    const struct thing_kind *kind, bool fresh, struct slice record, union thing *r);

/* Makes a fresh one, and answers OK; for the rest as thing_put(). */
[[gnu::warn_unused_result]] int thing_create(
    struct txn *t, struct call *c, const struct thing_kind *kind, struct slice record);

/* Stores a record that was checked, with its index entries, in place of the one there (NULL: none).
 * Slices of both that lay in the map are gone then. */
[[gnu::warn_unused_result]] int thing_store(struct txn *t, const struct thing_kind *kind,
    const union thing *r, const union thing *there);

/* MSG_IMPORT_RECORD of one: stores it in place of the one with its id. */
[[gnu::warn_unused_result]] int thing_import(
    struct txn *t, struct call *c, const struct thing_kind *kind, const union thing *r);

#endif
