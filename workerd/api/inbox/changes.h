/*
 * A change of conversations as a body asks for it: state, assignment, tags, until when they are snoozed, and whether the caller has
 * read them.
 */
#ifndef WORKERD_API_INBOX_CHANGES_H
#define WORKERD_API_INBOX_CHANGES_H

#include "workerd/api/fields/fields.h"
#include "workerd/api/request/store_query.h"

/* A change that was read; ask has neither conversation nor reader. */
struct change_asked {
	struct msg_conversation_change ask;
	struct buf tags, less_tags; /* of ask */
};

/* Reads the object that `in` has entered; errors are collected in `in`. To be cleared in any case. */
void change_asked_read(struct change_asked *change, struct fields *in);
void change_asked_clear(struct change_asked *change);

/* Whether the store refused the change because of a member, which is not a matter of one conversation, and which one
 * with which reason. */
[[nodiscard]] bool change_asked_is_wrong(const struct fields *in, uint16_t type,
    const union msg *m, const char **member, enum field_reason *reason);

#endif
