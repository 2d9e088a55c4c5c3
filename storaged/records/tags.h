/*
 * Tags: an organization's names for conversations, with colours. A name belongs to one tag.
 */
#ifndef STORAGED_RECORDS_TAGS_H
#define STORAGED_RECORDS_TAGS_H

#include "storaged/records/records.h"

extern const struct record_kind tag_kind;

/* Whether the tag is in a list as in CONVERSATION_RECORD. */
bool tags_contain(struct slice tags, const struct id *tag);

/* Sets *exist if an organization has all tags of a list as in CONVERSATION_RECORD, and none is twice in it. */
[[gnu::warn_unused_result]] int tags_exist(
    struct txn *t, const struct id *org, struct slice tags, bool *exist);

#endif
