/*
 * Labels: what conversations are listed and counted by, besides their activity. A conversation has a label for
 * its state, unless that is open; if it is snoozed; for the user that it is assigned to; and for each of its tags. Most
 * conversations have none, and cost nothing here.
 *
 * The table labels lists the conversations of a label by their activity. label_counts says how many of them are
 * neither resolved nor snoozed; it also counts the conversations of each widget, and those assigned to anybody. Resolved and
 * snoozed ones have only the count of this label. Both tables change in the transaction of the
 * conversation (conversation_put()).
 */
#ifndef STORAGED_CONVERSATIONS_LABELS_H
#define STORAGED_CONVERSATIONS_LABELS_H

#include "storaged/engine/txn.h"

#define TAGS_MAX   32u /* of a conversation */
#define LABELS_MAX (TAGS_MAX + 3)

struct labels {
	uint8_t state; /* enum conversation_state */
	bool is_assigned, is_snoozed;
	size_t n; /* state (if it is not open), snoozed, user, tags */
	struct id of[LABELS_MAX];
	uint8_t kind[LABELS_MAX]; /* enum label_kind */
};

/* The label of a state. */
struct id label_of_state(enum conversation_state state);

/* The label of all that are snoozed. */
struct id label_of_snoozed(void);

/* The label by which alone a conversation with these labels is counted; zero: it is counted by all. */
struct id labels_shelf(const struct labels *labels);

/* The labels of a conversation. */
void labels_of(const struct msg_conversation_record *conversation, struct labels *labels);

/* Takes the next tag from a list as in CONVERSATION_RECORD; false: there is no more, or the list is invalid
 * (*tags is not empty then). */
bool labels_next_tag(struct slice *tags, struct id *tag);

/* Appends a tag to such a list in text, which has room for it. */
#define TAGS_TEXT_MAX (TAGS_MAX * (ID_TEXT_LEN + 1))
struct tags_text {
	size_t len;
	char s[TAGS_TEXT_MAX + 1];
};
void labels_add_tag(struct tags_text *text, const struct id *tag);

/* Where a conversation is listed by its labels: NULL: nowhere, as before its creation or after its removal. */
struct label_place {
	const struct labels *labels;
	uint64_t updated_at;
};

/* Moves a conversation from one place to another, and counts it; the last count is written before the commit.
 * Its ids must not lie in the map. */
[[gnu::warn_unused_result]] int labels_move(struct txn *t, const struct id *org,
    const struct id *widget, const struct id *conversation, const struct label_place *from,
    const struct label_place *to);

/* Writes what is not in the table yet, before the commit does it: for a reader. */
[[gnu::warn_unused_result]] int labels_write(struct txn *t);

/* Calls fn for each count that a conversation with these labels belongs to. 0, or what fn returned. */
typedef int label_count_fn(void *arg, enum label_kind kind, const struct id *label);
int labels_each_count(
    const struct id *widget, const struct labels *labels, label_count_fn *fn, void *arg);

#endif
