/*
 * Putting back what `banter export` wrote: records with their own ids and times, and everything
 * that follows from them (indexes, turns, totals). Each request can be repeated; what contradicts
 * the store is refused with STORE_INVALID.
 */
#ifndef STORAGED_IMPORT_IMPORT_H
#define STORAGED_IMPORT_IMPORT_H

#include "storaged/request/call.h"

/* MSG_IMPORT_CONVERSATION, answered by MSG_OK. */
[[gnu::warn_unused_result]] int handle_import_conversation(struct txn *t, struct call *c);

/* MSG_IMPORT_MESSAGE, answered by MSG_OK. Its conversation must be there. */
[[gnu::warn_unused_result]] int handle_import_message(struct txn *t, struct call *c);

/* MSG_IMPORT_CLIENT_ID, answered by MSG_OK. Its question and the reply must be there. */
[[gnu::warn_unused_result]] int handle_import_client_id(struct txn *t, struct call *c);

/* MSG_IMPORT_LOGIN, answered by MSG_OK. Its user must be there. */
[[gnu::warn_unused_result]] int handle_import_login(struct txn *t, struct call *c);

/* MSG_IMPORT_RECORD, answered by MSG_OK: the record's own file puts it back. What it names must be
 * there: a widget's agent, an organization's first widget, the organization of a user or a key. */
[[gnu::warn_unused_result]] int handle_import_record(struct txn *t, struct call *c);

#endif
