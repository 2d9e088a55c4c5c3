/*
 * The requests of the worker that delivers webhooks, and of the admin API about deliveries.
 */
#ifndef STORAGED_WEBHOOKS_WEBHOOK_REQUESTS_H
#define STORAGED_WEBHOOKS_WEBHOOK_REQUESTS_H

#include "storaged/request/call.h"

[[gnu::warn_unused_result]] int handle_webhook_lease(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_webhook_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_webhook_queue(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_webhook_results(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_delivery_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_delivery_retry(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_webhook_move(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_webhook_secret(struct txn *t, struct call *c);

#endif
