/*
 * Creates organizations. A new store has one: the default organization, with an agent that uses the
 * settings, and a widget of that agent.
 */
#ifndef STORAGED_RECORDS_ORGANIZATION_CREATE_H
#define STORAGED_RECORDS_ORGANIZATION_CREATE_H

#include "storaged/request/call.h"

/* Creates the default organization with its agent and its widget, unless it exists. */
[[gnu::warn_unused_result]] int organization_make_default(struct txn *t);

/* MSG_ORG_CREATE. */
[[gnu::warn_unused_result]] int handle_org_create(struct txn *t, struct call *c);

#endif
