/*
 * The calls of tools that models make for replies, and what a worker needs for them: the tools of an agent, and who the
 * visitor is. A worker calls (workerd/tools/); storaged keeps each step with its result, which belongs to its
 * conversation and is erased with it.
 */
#ifndef STORAGED_STEPS_STEPS_H
#define STORAGED_STEPS_STEPS_H

#include "storaged/request/call.h"

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int handle_tools_read(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_step_put(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_step_list(struct txn *t, struct call *c);

/* In step_actions.c. */
[[gnu::warn_unused_result]] int handle_steps_open(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_step_decide(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_step_take(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_step_end(struct txn *t, struct call *c);

/* Why a step cannot be stored; NULL: it can. */
const char *step_fault(const struct msg_step_record *r);

/* The contact of whom the site has proved last that it is this visitor of a widget; no id: of none. */
[[gnu::warn_unused_result]] int step_identity(struct txn *t, const struct id *org,
    const struct id *visitor, struct msg_contact_record *contact);

/* MSG_IMPORT_RECORD of a step. */
[[gnu::warn_unused_result]] int step_import(
    struct txn *t, struct call *c, const struct msg_step_record *r);

#endif
