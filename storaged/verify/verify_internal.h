/*
 * The check of the store from within: what its parts share, and the parts themselves.
 *
 *	verify.c             all of it in its order; the walks; meta
 *	verify_threads.c     conversations with their messages, and their indexes
 *	verify_turns.c       turns, open turns and the pieces of their replies
 *	verify_client_ids.c  clients' names for messages
 *	verify_records.c     organizations, users, logins, keys, agents, widgets, visitors, contacts: a table
 *	verify_caps.c        daily message counts of widgets
 *	verify_indexes.c     records and their index entries
 *	verify_totals.c      the counts of the organizations
 *	verify_pages.c       the pages of the file
 *
 * For these alone; everyone else includes verify.h. A part goes on behind whatever is broken, and
 * returns only what LMDB could not read. Each fault of an entry gives one line, by the part that
 * walks over its table; where two entries contradict each other, each may have its own.
 */
#ifndef STORAGED_VERIFY_VERIFY_INTERNAL_H
#define STORAGED_VERIFY_VERIFY_INTERNAL_H

#include "storaged/verify/verify.h"

struct checker {
	struct txn *txn;
	const struct verify *how;
	struct verify_result *result;
	size_t last_page;     /* of the snapshot */
	bool unknown_tables;  /* whose pages nobody can count */
	bool unreadable_orgs; /* a conversation does not tell whose it is */
	/* Conversations that are active for a reply that has no message yet, and open turns that have
	 * the newest place of one. */
	uint64_t awaiting, awaited;
};

/* One more entry is looked at. */
void verify_progress(struct checker *c);

/* For a second walk over what a first one has checked: one that says nothing, and counts into
 * *unused. */
struct checker verify_quietly(const struct checker *c, struct verify_result *unused);

/* Says that something is broken. */
[[gnu::format(printf, 3, 4)]] void verify_found(
    struct checker *c, enum table table, const char *fmt, ...);

/* An id, and bytes that should be a name, as text for an argument of verify_found(). */
struct id_text {
	char s[ID_TEXT_LEN + 1];
};
struct id_text verify_id_text(const struct id *id);

struct name_text {
	char s[48];
};
struct name_text verify_name_text(struct slice name);

/* Decodes the record of an entry, and says so when that fails or its version is not v, which is
 * its first byte; what names the entry for a person. */
[[gnu::warn_unused_result]] bool verify_record(struct checker *c, enum table table,
    const char *what, struct slice value, enum msg_type type, uint8_t v, void *record);

/* Whether there is such a key. *rc: 0, or an LMDB error. */
[[gnu::warn_unused_result]] bool verify_has(
    struct checker *c, enum table table, const struct key *key, int *rc);

/* Whether a conversation that is not there was erased: then what is left of it is no fault. *rc: as
 * above. */
[[gnu::warn_unused_result]] bool verify_was_erased(
    struct checker *c, const struct id *conversation, int *rc);

/* Calls entry for each entry of a table whose key has the right length; says so of the others. */
typedef int verify_entry_fn(struct checker *c, struct slice key, struct slice value, void *arg);
[[gnu::warn_unused_result]] int verify_table(
    struct checker *c, enum table table, verify_entry_fn *entry, void *arg);

/*
 * A walk over a table whose keys begin with the id of a parent (messages, partials), taken along
 * with a walk over the parents, which come in the same order.
 */
struct children {
	struct checker *c;
	enum table table;
	const char *orphans; /* what those without their parent are called */
	struct walk walk;
	int rc; /* 0: it stands at a child; MDB_NOTFOUND: there are no more */
};

void verify_children_open(
    struct children *ch, struct checker *c, enum table table, const char *orphans);

/* Goes on to the first child of this parent or behind it (NULL: to the end), and says which ones
 * before it have no parent. */
void verify_children_seek(struct children *ch, const struct id *parent);

/* Whether it stands at a child of this parent; and on to the next one. */
bool verify_children_at(const struct children *ch, const struct id *parent);
void verify_children_next(struct children *ch);

/* 0, or the LMDB error that has ended the walk. */
[[gnu::warn_unused_result]] int verify_children_failed(const struct children *ch);

/* Ends it; says where, if that is by an LMDB error, which it returns. */
[[gnu::warn_unused_result]] int verify_children_close(struct children *ch);

/* -- records and the entries of indexes that lead to them ---------------------------------- */

/* An index: each record of a table has one entry in it, or none, and each entry leads to a record. */
struct index {
	enum table table;   /* the entries */
	enum table records; /* what they lead to */
	enum msg_type type;
	/* The key of the entry of a decoded record; false: it has none. */
	bool (*key)(const void *record, struct key *key);
	/* The key of the record that an entry leads to; false: to none. NULL: the entry's value. */
	bool (*target)(struct slice key, struct slice value, struct key *target);
};

/* Whether a record's entry is there and has this value; says so if not, of what (a name for a person). */
[[gnu::warn_unused_result]] int verify_indexed(struct checker *c, const struct index *index,
    const void *record, struct slice value, const char *what);

/* Whether each entry of an index is that of its record. */
[[gnu::warn_unused_result]] int verify_index(struct checker *c, const struct index *index);

/* Whether something that a record names is there; says so if not: "<what> <names> <id>, which is not
 * there". */
[[gnu::warn_unused_result]] int verify_named(struct checker *c, enum table table,
    const char *what, const char *names, enum table in, const struct key *key);

/* What a person calls the record with this key: "user <its id>". */
struct record_name {
	char s[80];
};
struct record_name verify_record_name(const char *kind, const struct id *id);

/* The parts, each over the tables that it names above. */
[[gnu::warn_unused_result]] int verify_records(struct checker *c);
[[gnu::warn_unused_result]] int verify_caps(struct checker *c);
[[gnu::warn_unused_result]] int verify_threads(struct checker *c);
[[gnu::warn_unused_result]] int verify_turns(struct checker *c);
[[gnu::warn_unused_result]] int verify_client_ids(struct checker *c);
[[gnu::warn_unused_result]] int verify_totals(struct checker *c);
[[gnu::warn_unused_result]] int verify_pages(struct checker *c);

#endif
