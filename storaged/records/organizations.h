/*
 * Organizations: the owners of conversations, agents, widgets, contacts and users.
 */
#ifndef STORAGED_RECORDS_ORGANIZATIONS_H
#define STORAGED_RECORDS_ORGANIZATIONS_H

#include "storaged/request/call.h"

/* What a request for something of an organization that is not there is refused with. */
extern const char no_organization[];

/* MDB_NOTFOUND: there is none. The record's slices are as those of txn_get(). */
[[gnu::warn_unused_result]] int organization_find(
    struct txn *t, const struct id *org, struct msg_org_record *record);

/* Refuses (NOT_FOUND) what is asked for an organization that is not there. */
[[gnu::warn_unused_result]] int organization_check(
    struct txn *t, struct call *c, const struct id *org);

/* MSG_IMPORT_RECORD of one. */
[[gnu::warn_unused_result]] int organization_import(
    struct txn *t, struct call *c, const struct msg_org_record *record);

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int org_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int org_get(struct txn *t, struct call *c);

#endif
