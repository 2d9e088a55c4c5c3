/*
 * The members of an endpoint of webhooks.
 */
#ifndef WORKERD_API_WEBHOOKS_WEBHOOK_FIELDS_H
#define WORKERD_API_WEBHOOKS_WEBHOOK_FIELDS_H

#include "workerd/api/fields/fields.h"

extern const struct field webhook_fields[];

/* Rules that concern several members. */
void webhook_fields_check(struct fields *in, const void *record);

#endif
