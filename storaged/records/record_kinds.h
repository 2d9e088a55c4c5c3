/*
 * The kinds of records that need little but their description: texts that users insert (snippets), blocks, endpoints of
 * webhooks, sources of content, owners' answers, questions without an answer (gaps), teams and tools.
 */
#ifndef STORAGED_RECORDS_RECORD_KINDS_H
#define STORAGED_RECORDS_RECORD_KINDS_H

#include "storaged/records/records.h"

extern const struct record_kind snippet_kind;

/* See storaged/identities/blocks.h for what they do. */
extern const struct record_kind block_kind;

/* The worker checks the URL and delivers; see storaged/webhooks for what it stores meanwhile. */
extern const struct record_kind webhook_kind;

extern const struct record_kind source_kind;
extern const struct record_kind answer_kind;

/* The worker checks its texts. */
extern const struct record_kind tool_kind;

/* Owners read, close and remove them; see storaged/content/gaps.h for those that come. */
extern const struct record_kind gap_kind;

#define TEAMS_MAX 50u /* of an organization */

extern const struct record_kind team_kind;

/* Removes a user from all teams. */
[[gnu::warn_unused_result]] int records_drop_member(
    struct txn *t, const struct id *org, const struct id *user);

#endif
