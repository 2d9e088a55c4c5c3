/*
 * The check of the store from within: what its parts share, and the parts themselves.
 *
 *	verify.c             all of it in its order; the walks; meta and logins
 *	verify_threads.c     conversations with their messages, and both indexes
 *	verify_turns.c       turns, open turns and the pieces of their replies
 *	verify_client_ids.c  clients' names for messages
 *	verify_totals.c      the counts of the organizations
 *	verify_pages.c       the pages of the file
 *
 * For these alone; everyone else includes verify.h. A part goes on behind whatever is broken, and
 * returns only what LMDB could not read. Each fault of an entry gives one line, by the part that
 * walks over its table; where two entries contradict each other, each may have its own.
 */
#ifndef STORAGED_VERIFY_INTERNAL_H
#define STORAGED_VERIFY_INTERNAL_H

#include "storaged/verify.h"

struct checker {
	struct txn *txn;
	const struct verify *how;
	struct verify_result *result;
	size_t last_page;     /* of the snapshot */
	bool unknown_tables;  /* whose pages nobody can count */
	bool unreadable_orgs; /* a conversation does not tell whose it is */
};

/* One more entry is looked at. */
void check_progress(struct checker *c);

/* Says that something is broken. */
[[gnu::format(printf, 3, 4)]] void check_found(
    struct checker *c, enum table table, const char *fmt, ...);

/* An id, and bytes that should be a name, as text for an argument of check_found(). */
struct id_text {
	char s[ID_TEXT_LEN + 1];
};
struct id_text id_text(const struct id *id);

struct name_text {
	char s[48];
};
struct name_text name_text(struct slice name);

/* Decodes the record of an entry, and says so when that fails or its version is not v, which is
 * its first byte; what names the entry for a person. */
[[gnu::warn_unused_result]] bool check_record(struct checker *c, enum table table,
    const char *what, struct slice value, enum msg_type type, uint8_t v, void *record);

/* Whether there is such a key. *rc: 0, or an LMDB error. */
[[gnu::warn_unused_result]] bool check_has(
    struct checker *c, enum table table, const struct key *key, int *rc);

/* Calls entry for each entry of a table whose key has the right length; says so of the others. */
typedef int check_entry_fn(struct checker *c, struct slice key, struct slice value, void *arg);
[[gnu::warn_unused_result]] int check_table(
    struct checker *c, enum table table, check_entry_fn *entry, void *arg);

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

void children_open(
    struct children *ch, struct checker *c, enum table table, const char *orphans);

/* Goes on to the first child of this parent or behind it (NULL: to the end), and says which ones
 * before it have no parent. */
void children_seek(struct children *ch, const struct id *parent);

/* Whether it stands at a child of this parent; and on to the next one. */
bool children_at(const struct children *ch, const struct id *parent);
void children_next(struct children *ch);

/* 0, or the LMDB error that ended the walk. */
[[gnu::warn_unused_result]] int children_close(struct children *ch);

/* The parts, each over the tables that it names above. */
[[gnu::warn_unused_result]] int check_threads(struct checker *c);
[[gnu::warn_unused_result]] int check_turns(struct checker *c);
[[gnu::warn_unused_result]] int check_client_ids(struct checker *c);
[[gnu::warn_unused_result]] int check_totals(struct checker *c);
[[gnu::warn_unused_result]] int check_pages(struct checker *c);

#endif
