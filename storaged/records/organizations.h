/*
 * Organizations: the owners of conversations, agents, widgets, contacts and users.
 */
#ifndef STORAGED_RECORDS_ORGANIZATIONS_H
#define STORAGED_RECORDS_ORGANIZATIONS_H

#include "storaged/request/call.h"

/* Detail of NOT_FOUND. */
extern const char organization_missing[];

/* Looks an organization up. 0, MDB_NOTFOUND or an error as of txn_get(), whose slices *record has. */
[[gnu::warn_unused_result]] int organization_find(
    struct txn *t, const struct id *org, struct msg_org_record *record);

/* Refuses (NOT_FOUND) a request if the organization does not exist. */
[[gnu::warn_unused_result]] int organization_check(
    struct txn *t, struct call *c, const struct id *org);

/* Handles MSG_IMPORT_RECORD of an organization. */
[[gnu::warn_unused_result]] int organization_import(
    struct txn *t, struct call *c, const struct msg_org_record *record);

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int handle_org_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_org_get(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_prices_put(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_hours_put(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_rights_put(struct txn *t, struct call *c);

#endif
