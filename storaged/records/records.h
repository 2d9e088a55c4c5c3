/*
 * Records of an organization: users, agents, widgets, contacts, tags, snippets, blocks, webhooks, invitations,
 * sources, answers, gaps, teams and tools. Each kind has a table whose key is
 * organization and id. One set of functions reads, creates, replaces, imports and removes all kinds;
 * struct record_kind holds what differs.
 *
 * record_put() takes these steps, and the first refusal ends it:
 *	an existing record: keep, compare updated_at, check, store
 *	a new record:       organization, check, limit, keep, store
 * record_import() keeps the times of the record: check, store.
 */
#ifndef STORAGED_RECORDS_RECORDS_H
#define STORAGED_RECORDS_RECORDS_H

#include "storaged/request/listing.h"

/* A record of any kind. All begin with the same fields. */
union record {
	struct {
		uint8_t v;
		struct id id, org;
	};
	struct msg_agent_record agent;
	struct msg_widget_record widget;
	struct msg_contact_record contact;
	struct msg_user_record user;
	struct msg_webhook_record webhook;
	struct msg_tag_record tag;
	struct msg_snippet_record snippet;
	struct msg_block_record block;
	struct msg_invitation_record invitation;
	struct msg_source_record source;
	struct msg_answer_record answer;
	struct msg_gap_record gap;
	struct msg_team_record team;
	struct msg_tool_record tool;
};

struct record_kind {
	enum table table;              /* its records' type is also the kind in a request */
	enum change_kind change;       /* in the change feed */
	size_t created_at, updated_at; /* offsets of these fields in the record */
	const char *missing;           /* detail of NOT_FOUND */
	size_t max;                    /* in an organization; 0: any number */
	const char *too_many;          /* detail of LIMIT */
	const char *no_create;         /* why RECORD_PUT creates none; NULL: it does */
	const char *no_replace;        /* why RECORD_PUT replaces none; NULL: it does */
	bool newest_first;             /* order of RECORD_LIST */

	/* The functions below may be NULL. */

	/* What a list shows of a record; NULL: all of it. */
	listing_item_fn *item;
	/* Answers a RECORD_LIST that asks for an e-mail, a phone or a text; NULL: such a list is refused. */
	int (*list_matching)(struct txn *t, struct call *c);
	/* The key of the record with this name, which is unique among all organizations. */
	int (*find)(struct txn *t, struct slice name, struct key *key);
	/* Sets the fields that the sender cannot choose, except the times. stored: NULL for a new one;
	 * fresh: the sender wants to create it, so a stored one is a repeat or a clash. */
	void (*keep)(union record *r, const union record *stored, bool fresh);
	/* Refuses a record that contradicts the store; with `clash`, one whose e-mail, phone or public id
	 * belongs to another record. */
	int (*check)(
	    struct txn *t, struct call *c, const union record *r, enum store_error clash);
	/* Refuses (LIMIT) one more record of an organization; NULL: if there are `max`. */
	int (*check_room)(struct txn *t, struct call *c, const struct id *org);
	/* As record_store(), for a kind with indexes. */
	int (*store)(struct txn *t, const union record *r, const union record *stored);
	/* Before a new record is stored that is not imported, when nothing can refuse it any more: sets what depends
	 * on the store's time, and removes outdated ones. */
	int (*begin)(struct txn *t, union record *r);
	/* After a record was replaced: notes effects. Only fields that are not slices may be read. */
	void (*replaced)(struct call *c, const union record *r, const union record *stored);
	/* After a record was created, replaced, imported or removed: notes effects. */
	void (*changed)(struct call *c);
	/* Removes a record with everything that belongs to it, or refuses to. *left: repeat the request.
	 * NULL: deletes the key. */
	int (*remove)(struct txn *t, struct call *c, const union record *r, bool *left);
};

/* Refuses a name that another record of the organization has, or (INVALID) an empty one. name_at: its offset in the
 * records of the table. */
[[gnu::warn_unused_result]] int record_check_name(struct txn *t, struct call *c,
    enum table table, const union record *r, size_t name_at, enum store_error clash);

/* Why a record cannot be stored, whatever its kind; NULL: it can. */
const char *record_fault(uint8_t v, const struct id *id, const struct id *org);

/* Looks a record up. 0, MDB_NOTFOUND or an error as of txn_get(), whose slices *r has. */
[[gnu::warn_unused_result]] int record_find(struct txn *t, const struct record_kind *kind,
    const struct id *org, const struct id *id, union record *r);

/* Answers with the stored record (MSG_RECORD), or refuses (NOT_FOUND). */
[[gnu::warn_unused_result]] int record_answer(
    struct txn *t, struct call *c, const struct record_kind *kind, const struct key *key);

/* Creates a record: the steps of record_put() for a new one, without its answer. */
[[gnu::warn_unused_result]] int record_create(
    struct txn *t, struct call *c, const struct record_kind *kind, union record *r);

/* Handles MSG_RECORD_PUT for this kind (messages.def lists the refusals). */
[[gnu::warn_unused_result]] int record_put(
    struct txn *t, struct call *c, const struct record_kind *kind);

/* Stores a checked record with its index entries, in place of the stored one (NULL: none). Afterwards the
 * slices of both are invalid if they lay in the map. */
[[gnu::warn_unused_result]] int record_store(struct txn *t, const struct record_kind *kind,
    const union record *r, const union record *stored);

/* Adds a row to the change feed. */
[[gnu::warn_unused_result]] int record_add_change(struct txn *t, const struct record_kind *kind,
    const union record *r, enum change_what what);

/* Handles MSG_IMPORT_RECORD for this kind: stores the record in place of the one with its id. */
[[gnu::warn_unused_result]] int record_import(
    struct txn *t, struct call *c, const struct record_kind *kind, const union record *r);

/* Handles MSG_RECORD_DELETE for this kind. */
[[gnu::warn_unused_result]] int record_delete(
    struct txn *t, struct call *c, const struct record_kind *kind);

#endif
