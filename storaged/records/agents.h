/*
 * Agents: the configuration of who answers. A widget names one.
 */
#ifndef STORAGED_RECORDS_AGENTS_H
#define STORAGED_RECORDS_AGENTS_H

#include "storaged/records/records.h"

#define AGENTS_MAX 1000u /* of an organization */

extern const struct record_kind agent_kind;

/* Looks an agent up. 0, MDB_NOTFOUND or an error as of txn_get(), whose slices *record has. */
[[gnu::warn_unused_result]] int agent_find(struct txn *t, const struct id *org,
    const struct id *agent, struct msg_agent_record *record);

/* Creates an agent that takes everything from the settings, at this time (ms since 1970). Its id must be
 * unused. */
[[gnu::warn_unused_result]] int agent_make_plain(
    struct txn *t, const struct id *org, const struct id *agent, uint64_t now);

#endif
