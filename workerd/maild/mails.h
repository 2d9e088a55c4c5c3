/*
 * The mails under way: asks storaged for those that are due, sends them, and reports what became of each.
 *
 * A mail is kept until storaged has stored its result, over lost connections too, so it is sent again only if this process
 * or the server's answer is lost. While the mail server cannot be asked, it is tried with one mail at a time.
 */
#ifndef WORKERD_MAILD_MAILS_H
#define WORKERD_MAILD_MAILS_H

#include <event2/event.h>

#include "proto/settings/settings.h"
#include "workerd/store/store_client.h"

#define MAILS_WINDOW 32 /* under way at a time */

struct mails;

/* All are borrowed. folder: of mail_folder.h, if the settings have no server; the caller closes it. */
struct mails *mails_new(struct event_base *base, struct store_client *store,
    const struct settings *settings, int folder);
void mails_free(struct mails *m);

/* No further mails. */
void mails_stop(struct mails *m);

/* How many are under way, and were sent since the start. */
size_t mails_under_way(const struct mails *m);
uint64_t mails_sent(const struct mails *m);

#endif
