/*
 * What all mails to visitors have in common: the address is that of the conversation's contact, and it may want none, or not
 * now; each mail has a link that leads back into the conversation, and one that ends such mails.
 */
#ifndef STORAGED_MAILING_VISITOR_MAIL_H
#define STORAGED_MAILING_VISITOR_MAIL_H

#include "storaged/request/call.h"

/* Who gets a mail. The slices lie in the map, and are valid until the first change of the transaction. */
struct visitor_mail {
	struct msg_conversation_record conversation; /* set by the caller, as the next one */
	uint64_t now;                                /* ms since 1970 */
	struct msg_visitor_record visitor;
	struct msg_widget_record widget;
	struct msg_contact_record contact;
	struct msg_address_record address;
};

/* Finds the reader. 0, MDB_NOTFOUND (the visitor has no address, or may not come back) or an error as of txn_get(). */
[[gnu::warn_unused_result]] int visitor_mail_find(struct txn *t, struct visitor_mail *v);

/* Whether the address wants mails, and no server refused one within the last week. */
bool visitor_mail_is_wanted(const struct visitor_mail *v);

/* When the address may get a mail, in ms since 1970: one that nobody has proved gets one an hour. */
uint64_t visitor_mail_allowed_at(const struct visitor_mail *v);

/* Stores a mail, of which mail has the id, kind, person and text; the tokens of its links; and that the visitor was mailed,
 * which counts as having seen the conversation. */
[[gnu::warn_unused_result]] int visitor_mail_send(
    struct txn *t, struct call *c, struct visitor_mail *v, const struct msg_mail_record *mail);

#endif
