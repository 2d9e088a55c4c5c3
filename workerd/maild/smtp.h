/*
 * One mail to the mail server, by libcurl, and what became of it. Connections are kept for some seconds, for the mails that
 * follow. TLS is required unless the server is on this machine's loopback address.
 */
#ifndef WORKERD_MAILD_SMTP_H
#define WORKERD_MAILD_SMTP_H

#include <event2/event.h>

#include "proto/ipc/messages.h"
#include "proto/settings/settings.h"

#define SMTP_ERROR_MAX 200
#define SMTP_LIMIT_MS  60000 /* of a mail, with its connection */

struct smtp;
struct smtp_mail;

struct smtp_result {
	enum mail_outcome outcome;
	char error[SMTP_ERROR_MAX]; /* ASCII; "": accepted */
};

/* Called once, from the event loop, unless the mail is cancelled. */
typedef void smtp_done_fn(void *arg, const struct smtp_result *result);

/* For the account of the settings, which are borrowed. */
struct smtp *smtp_new(struct event_base *base, const struct settings *settings);

/* Its mails must have ended. */
void smtp_free(struct smtp *s);

/* Starts to send. mail is copied. */
struct smtp_mail *smtp_send(
    struct smtp *s, struct slice to, struct slice mail, smtp_done_fn *fn, void *arg);

void smtp_cancel(struct smtp_mail *m);

/* Whether the host of an smtp:// or smtps:// URL is a loopback address of this machine. */
bool smtp_is_loopback(const char *url);

#endif
