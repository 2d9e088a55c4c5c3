/*
 * A whole mail from its record: the same bytes each time, so that a mail that is sent again is recognized by its
 * Message-ID.
 */
#ifndef WORKERD_MAILD_MAIL_TEXT_H
#define WORKERD_MAILD_MAIL_TEXT_H

#include "proto/ipc/messages.h"

#define MAIL_TEXT_MAX (512u * 1024)

/* Borrowed. */
struct mail_sender {
	const char *from;       /* its address */
	const char *public_url; /* links begin with it */
};

/* Writes the mail. 0; -1: a name has a character that a header cannot have, or it is too long. */
[[gnu::warn_unused_result]] int mail_text_write(
    struct buf *out, const struct mail_sender *sender, const struct msg_mail_record *r);

#endif
