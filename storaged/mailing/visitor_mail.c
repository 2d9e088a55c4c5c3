/*
 * The token of a mail is the rest of its link, a space, and the token that ends such mails (workerd/maild/mail_text.c).
 */
#include "storaged/mailing/visitor_mail.h"

#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/secrets.h"
#include "storaged/conversations/pages.h"
#include "storaged/conversations/reads.h"
#include "storaged/identities/returns.h"
#include "storaged/mail/addresses.h"
#include "storaged/mail/mails.h"
#include "storaged/records/contacts.h"
#include "storaged/records/widgets.h"
#include "storaged/visitors/visitors.h"

/* How often an unproved address gets a mail, and for how long one gets none after a server has refused it. */
#define UNPROVED_MS CLOCK_HOUR_MS
#define FAILED_MS   (7 * CLOCK_DAY_MS)

#define TOKEN_TEXT 32 /* base 62: 190 bits */

int
visitor_mail_find(struct txn *t, struct visitor_mail *v)
{
	const struct msg_conversation_record *r = &v->conversation;
	struct hash256 address;
	struct id visitor;
	int rc;

	if (id_is_zero(&r->contact) || !visitor_of_session(r->session, &visitor))
		return MDB_NOTFOUND;
	rc = visitor_by_id(t, &visitor, &v->visitor);
	if (rc == 0)
		rc = widget_find(t, &r->org, &r->widget, &v->widget);
	if (rc == 0 && !visitor_is_welcome(&v->visitor, &v->widget))
		return MDB_NOTFOUND;
	if (rc == 0)
		rc = contact_find(t, &r->org, &r->contact, &v->contact);
	if (rc != 0)
		return rc;
	address = address_hash(v->contact.email);
	return hash_is_zero(&address) ? MDB_NOTFOUND
				      : address_get(t, &r->org, &address, &v->address);
}

bool
visitor_mail_is_wanted(const struct visitor_mail *v)
{
	const uint64_t failed_at = v->address.failed_at;

	return v->address.stopped_at == 0 &&
	    (failed_at == 0 || failed_at + FAILED_MS <= v->now);
}

uint64_t
visitor_mail_allowed_at(const struct visitor_mail *v)
{
	const bool proved = v->address.proved_at != 0 ||
	    (!id_is_zero(&v->visitor.proved) &&
		id_equal(&v->visitor.proved, &v->conversation.contact));

	return proved || v->address.mailed_at == 0 ? 0 : v->address.mailed_at + UNPROVED_MS;
}

static int
visitor_mail_put_token(
    struct txn *t, const struct visitor_mail *v, enum return_kind kind, const char *token)
{
	const struct msg_return_record r = {
	    .v = RECORD_VERSION,
	    .token = secret_hash(slice_str(token)),
	    .kind = kind,
	    .org = v->visitor.org,
	    .visitor = v->visitor.id,
	    .address = v->address.address,
	    .created_at = v->now,
	};

	return return_add(t, &r);
}

/* The visitor's language; empty: not known. */
static int
visitor_mail_language(struct txn *t, const struct id *conversation, char language[9])
{
	struct msg_page_record page;
	struct slice record;
	int rc = page_get(t, conversation, &record);

	language[0] = '\0';
	if (rc == 0 && record.len > 0 &&
	    record_decode(record, MSG_PAGE_RECORD, &page) == WIRE_OK && page.language.len <= 8)
		(void)!slice_copy_text(page.language, language, 9);
	return rc;
}

int
visitor_mail_send(
    struct txn *t, struct call *c, struct visitor_mail *v, const struct msg_mail_record *mail)
{
	char link[TOKEN_TEXT + 1], stop[TOKEN_TEXT + 1], token[129], language[9];
	struct msg_mail_record new = *mail;
	int rc = visitor_mail_language(t, &v->conversation.id, language);

	if (rc != 0)
		return rc;
	secret_base62(link, TOKEN_TEXT);
	secret_base62(stop, TOKEN_TEXT);
	(void)snprintf(token, sizeof(token), "%.*s#banter-back=%s %s",
	    (int)v->widget.public_id.len, (const char *)v->widget.public_id.p, link, stop);
	new.v = RECORD_VERSION;
	new.org = v->conversation.org;
	new.about = v->conversation.id;
	new.to = v->contact.email;
	new.token = slice_str(token);
	new.language = slice_str(language);
	/* First, while the contact's address lies in the map. */
	rc = mails_add(t, c, &new);
	if (rc == 0)
		rc = visitor_mail_put_token(t, v, RETURN_LINK, link);
	if (rc == 0)
		rc = visitor_mail_put_token(t, v, RETURN_STOP, stop);
	if (rc == 0)
		rc = read_mark(t, &v->conversation, &read_by_visitor, true);
	v->address.mailed_at = v->now;
	v->address.error = (struct slice){0};
	return rc != 0 ? rc : address_put(t, &v->address);
}
