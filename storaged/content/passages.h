/*
 * Passages as they are now, for a question: those that searchd has found, or all content if it is short. Only of
 * enabled sources and published answers.
 */
#ifndef STORAGED_CONTENT_PASSAGES_H
#define STORAGED_CONTENT_PASSAGES_H

#include "storaged/request/call.h"

[[gnu::warn_unused_result]] int handle_passages_read(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_content_read(struct txn *t, struct call *c);

#endif
