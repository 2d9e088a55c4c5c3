/*
 * What an owner wants to know of a widget besides its settings: whether it is on a site, and how much it is used
 * today.
 */
#ifndef STORAGED_TURNS_WIDGET_STATUS_H
#define STORAGED_TURNS_WIDGET_STATUS_H

#include "storaged/request/call.h"

/* Answered by OK. */
[[gnu::warn_unused_result]] int handle_widget_seen(struct txn *t, struct call *c);

/* Answered by WIDGET_STATUS. */
[[gnu::warn_unused_result]] int handle_widget_status_get(struct txn *t, struct call *c);

#endif
