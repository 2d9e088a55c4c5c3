/*
 * The signature of a delivery: a receiver that knows the endpoint's secret can check that banter sent the body,
 * and when.
 */
#ifndef WORKERD_WEBHOOKS_WEBHOOK_SIGNATURE_H
#define WORKERD_WEBHOOKS_WEBHOOK_SIGNATURE_H

#include "proto/base/buf.h"

/* "t=", 20 digits, ",v1=", 64 digits, NUL. */
#define WEBHOOK_SIGNATURE_SIZE 96

/* Writes `t=SECONDS,v1=HEX`: HEX is HMAC-SHA-256 with the secret's characters as key over the seconds since 1970 as
 * text, a dot, and the body. */
void webhook_signature(
    char out[WEBHOOK_SIGNATURE_SIZE], struct slice secret, uint64_t seconds, struct slice body);

#endif
