/*
 * Shared by the parts of the check:
 *
 *	verify.c             runs all parts; walks; meta
 *	verify_threads.c     conversations with their messages, and their indexes
 *	verify_labels.c      labels of conversations, and their counts
 *	verify_turns.c       turns, open turns and the pieces of their replies
 *	verify_client_ids.c  client ids of messages
 *	verify_records.c     users, agents, widgets and all other records, by a table
 *	verify_indexes.c     records and their index entries
 *	verify_changes.c     the change feed
 *	verify_caps.c        daily message counts of widgets
 *	verify_deliveries.c  deliveries of webhooks
 *	verify_mentions.c    mentions of users in notes
 *	verify_budgets.c     budgets of tokens
 *	verify_content.c     sources with their states, pages and uploads
 *	verify_files.c       files of messages: their pieces and totals
 *	verify_texts.c       chunks and vectors of pages
 *	verify_totals.c      the counts of the organizations
 *	verify_numbers.c     the numbers by hour and day
 *	verify_pages.c       the pages of the file
 *
 * Only for these; all others include verify.h. Each part continues after a fault, and returns only
 * LMDB errors. Each faulty entry causes one line, from the part that walks its table; two entries
 * that contradict each other may cause one each.
 */
#ifndef STORAGED_VERIFY_VERIFY_INTERNAL_H
#define STORAGED_VERIFY_VERIFY_INTERNAL_H

#include "storaged/engine/page_tree.h"
#include "storaged/identities/indexes.h"
#include "storaged/verify/verify.h"

struct checker {
	struct txn *txn;
	const struct verify *how;
	struct verify_result *result;
	struct page_tree tree;
	bool unknown_tables;  /* so the pages cannot be counted */
	bool unreadable_orgs; /* a conversation is damaged, so the totals cannot be checked */
	bool unreadable_messages; /* nor can the numbers then */
	/* Active conversations whose newest reply has no message yet, and open turns at the
	 * newest position of a conversation. */
	uint64_t awaiting, awaited;
	uint64_t label_faults; /* wrong counts of labels that were reported */
};

/* Counts an entry, and reports progress. */
void verify_progress(struct checker *c);

/* A checker for a second walk over checked entries: it reports nothing, and counts into *unused. */
struct checker verify_quietly(const struct checker *c, struct verify_result *unused);

/* Reports a fault. */
[[gnu::format(printf, 3, 4)]] void verify_found(
    struct checker *c, enum table table, const char *fmt, ...);

/* An id, and bytes that should be a name, as text for verify_found(). */
struct id_text {
	char s[ID_TEXT_LEN + 1];
};
struct id_text verify_id_text(const struct id *id);

struct name_text {
	char s[48];
};
struct name_text verify_name_text(struct slice name);

/* Decodes the record of an entry; reports a fault if that fails, or if its version (first byte) is not RECORD_VERSION.
 * what: the entry's name in the report. */
[[gnu::warn_unused_result]] bool verify_record(
    struct checker *c, enum table table, const char *what, struct slice value, void *record);

/* Whether a key exists. *rc: 0, or an LMDB error. */
[[gnu::warn_unused_result]] bool verify_has(
    struct checker *c, enum table table, const struct key *key, int *rc);

/* Whether a missing conversation was erased, so that what remains of it is no fault. *rc: as
 * above. */
[[gnu::warn_unused_result]] bool verify_was_erased(
    struct checker *c, const struct id *conversation, int *rc);

/* Calls entry for each entry of a table whose key has a valid length; reports the others. */
typedef int verify_entry_fn(struct checker *c, struct slice key, struct slice value, void *arg);
[[gnu::warn_unused_result]] int verify_table(
    struct checker *c, enum table table, verify_entry_fn *entry, void *arg);

/*
 * A walk over a table whose keys begin with a parent's id (messages, partials), in step with a
 * walk over the parents, which have the same order.
 */
struct children {
	struct checker *c;
	enum table table;
	const char *orphans; /* what entries without a parent are called in a report */
	struct walk walk;
	int rc; /* 0: at a child; MDB_NOTFOUND: at the end */
};

void verify_children_open(
    struct children *ch, struct checker *c, enum table table, const char *orphans);

/* Moves to the first child of this parent or after it (NULL: to the end), and reports the
 * children before it, which have no parent. */
void verify_children_seek(struct children *ch, const struct id *parent);

/* Whether the walk is at a child of this parent; and moves to the next child. */
bool verify_children_at(const struct children *ch, const struct id *parent);
void verify_children_next(struct children *ch);

/* 0, or the LMDB error that ended the walk. */
[[gnu::warn_unused_result]] int verify_children_failed(const struct children *ch);

/* Closes the walk. Reports and returns an LMDB error. */
[[gnu::warn_unused_result]] int verify_children_close(struct children *ch);

/* Reports a record without its index entry, or with an entry of another value. what: the
 * record's name. */
[[gnu::warn_unused_result]] int verify_indexed(struct checker *c, const struct index *index,
    const void *record, struct slice record_key, const char *what);

/* Reports the entries of an index that do not match their record. */
[[gnu::warn_unused_result]] int verify_index(struct checker *c, const struct index *index);

/* Reports a record that names a missing record: "<what> <names> <id>, which does not exist". */
[[gnu::warn_unused_result]] int verify_named(struct checker *c, enum table table,
    const char *what, const char *names, enum table in, const struct key *key);

/* The name of a record in reports: "user <its id>". */
struct record_name {
	char s[80];
};
struct record_name verify_record_name(const char *kind, const struct id *id);

/* Reports missing index entries of a conversation's labels, and tags and users that do not exist. */
[[gnu::warn_unused_result]] int verify_labels_of(struct checker *c,
    const struct id *conversation, const struct msg_conversation_record *record);

/* The pages of all sources, by their ids. Their chunks and vectors have only these. */
struct content_page {
	struct id page, org, source;
	struct hash256 url; /* SHA-256 of its address */
	uint32_t chunks, bytes;
};

struct content_pages {
	struct content_page *of; /* sorted */
	size_t n, capacity;
};

/* Checks the chunks and vectors of these pages. */
[[gnu::warn_unused_result]] int verify_texts(
    struct checker *c, const struct content_pages *pages);

/* The parts. */
[[gnu::warn_unused_result]] int verify_records(struct checker *c);
[[gnu::warn_unused_result]] int verify_caps(struct checker *c);
[[gnu::warn_unused_result]] int verify_deliveries(struct checker *c);
[[gnu::warn_unused_result]] int verify_mentions(struct checker *c);
[[gnu::warn_unused_result]] int verify_budgets(struct checker *c);
[[gnu::warn_unused_result]] int verify_content(struct checker *c);
[[gnu::warn_unused_result]] int verify_files(struct checker *c);
[[gnu::warn_unused_result]] int verify_changes(struct checker *c);
[[gnu::warn_unused_result]] int verify_threads(struct checker *c);
[[gnu::warn_unused_result]] int verify_labels(struct checker *c);
[[gnu::warn_unused_result]] int verify_turns(struct checker *c);
[[gnu::warn_unused_result]] int verify_client_ids(struct checker *c);
[[gnu::warn_unused_result]] int verify_totals(struct checker *c);
[[gnu::warn_unused_result]] int verify_numbers(struct checker *c);
[[gnu::warn_unused_result]] int verify_pages(struct checker *c);

#endif
