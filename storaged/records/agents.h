/*
 * Agents: who answers. A widget names one.
 */
#ifndef STORAGED_RECORDS_AGENTS_H
#define STORAGED_RECORDS_AGENTS_H

#include "storaged/request/call.h"

/* Agents of an organization; AGENT_PUT is refused (LIMIT) beyond. */
#define AGENTS_MAX 1000u

/* MDB_NOTFOUND: there is none. The record's slices are as those of txn_get(). */
[[gnu::warn_unused_result]] int agent_find(struct txn *t, const struct id *org,
    const struct id *agent, struct msg_agent_record *record);

/* Makes an agent that follows the settings in everything, at this time (ms since 1970). There must be
 * none with its id. */
[[gnu::warn_unused_result]] int agent_make_plain(
    struct txn *t, const struct id *org, const struct id *agent, uint64_t now);

/* MSG_IMPORT_RECORD of one. */
[[gnu::warn_unused_result]] int agent_import(
    struct txn *t, struct call *c, const struct msg_agent_record *record);

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int agent_put(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int agent_get(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int agent_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int agent_delete(struct txn *t, struct call *c);

#endif
