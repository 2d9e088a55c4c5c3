/*
 * Imports what `banter export` wrote: records with their own ids and times, and everything that is
 * derived from them (indexes, turns, totals). Each request can be repeated. A record that
 * contradicts the store is refused with STORE_INVALID.
 */
#ifndef STORAGED_IMPORT_IMPORT_H
#define STORAGED_IMPORT_IMPORT_H

#include "storaged/request/call.h"

/* Answered by MSG_OK. */
[[gnu::warn_unused_result]] int handle_import_conversation(struct txn *t, struct call *c);

/* Answered by MSG_OK. The conversation must exist. */
[[gnu::warn_unused_result]] int handle_import_message(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_import_new_message(struct txn *t, struct call *c);

/* Answered by MSG_OK. The question and the reply must exist. */
[[gnu::warn_unused_result]] int handle_import_client_id(struct txn *t, struct call *c);

/* Answered by MSG_OK. The user must exist. */
[[gnu::warn_unused_result]] int handle_import_login(struct txn *t, struct call *c);

/* Answered by MSG_OK: the module of the record's kind imports it. What the record names must
 * exist: a widget's agent, an organization's first widget, the organization of a user or a key. */
[[gnu::warn_unused_result]] int handle_import_record(struct txn *t, struct call *c);

#endif
