/*
 * Endpoints of webhooks, as records of an organization. The worker checks the URL and delivers; see
 * storaged/webhooks for what it stores meanwhile.
 */
#ifndef STORAGED_RECORDS_WEBHOOKS_H
#define STORAGED_RECORDS_WEBHOOKS_H

#include "storaged/records/records.h"

#define WEBHOOKS_MAX 20 /* of an organization */

extern const struct record_kind webhook_kind;

#endif
