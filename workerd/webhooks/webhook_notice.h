/*
 * What banter tells the owner of a webhook about it. The store keeps the text; programs that have texts of their own
 * use the code.
 */
#ifndef WORKERD_WEBHOOKS_WEBHOOK_NOTICE_H
#define WORKERD_WEBHOOKS_WEBHOOK_NOTICE_H

#include "proto/base/buf.h"

enum webhook_notice {
	WEBHOOK_NOTICE_GIVEN_UP, /* deliveries failed for too long: it was disabled */
	WEBHOOK_NOTICE_LOST,     /* events were older than the change feed */
	WEBHOOK_NOTICE_ENDED,    /* the receiver wants no more: it was disabled */
	WEBHOOK_NOTICE_STANDS,   /* events wait, and the cursor has not moved for a minute */
};

const char *webhook_notice_text(enum webhook_notice notice);

/* The code of a text; NULL: it is none of these. */
const char *webhook_notice_code(struct slice text);

#endif
