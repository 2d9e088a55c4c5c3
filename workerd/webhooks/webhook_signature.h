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

#define WEBHOOK_ID_MAX 256 /* bytes of a delivery's id, and of webhook-id */

/* "v1,", 44 characters, NUL. */
#define WEBHOOK_STANDARD_SIZE 48

/* Writes `v1,BASE64` of Standard Webhooks (github.com/standard-webhooks/standard-webhooks, "Signature scheme"): HMAC-SHA-256
 * over the delivery's id, a dot, the seconds since 1970 as text, a dot, and the body. The key is what the secret behind its
 * prefix says in base64 or base64url; a secret that is not of this form is the key itself. */
void webhook_signature_standard(char out[WEBHOOK_STANDARD_SIZE], struct slice secret,
    const char *delivery, uint64_t seconds, struct slice body);

#endif
