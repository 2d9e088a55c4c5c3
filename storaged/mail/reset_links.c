/*
 * A user has one link at most, whose record has the user's id as its key.
 */
#include "storaged/mail/reset_links.h"

#include "storaged/mail/mails.h"

int
reset_link_remove(struct txn *t, const struct id *user)
{
	const struct key key = key_id(user);
	int rc = txn_del(t, TABLE_RESETS, &key);

	return rc != 0 ? rc : mails_remove_about(t, user);
}
