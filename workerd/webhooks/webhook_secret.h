/*
 * The secret that signs a webhook's deliveries, as Standard Webhooks writes it: a prefix, and 32 random bytes in base64.
 */
#ifndef WORKERD_WEBHOOKS_WEBHOOK_SECRET_H
#define WORKERD_WEBHOOKS_WEBHOOK_SECRET_H

#define WEBHOOK_SECRET_PREFIX "whsec_"
#define WEBHOOK_SECRET_SIZE   (sizeof(WEBHOOK_SECRET_PREFIX) + 44)

/* Writes a new one with its NUL. */
void webhook_secret(char out[WEBHOOK_SECRET_SIZE]);

#endif
