/*
 * Contacts have no index for this: each page looks at a bounded number of them, newest first, and its cursor is the
 * last one that was looked at.
 */
#include "storaged/identities/contact_search.h"

#include <string.h>

#include "proto/base/basics.h"
#include "storaged/identities/match_keys.h"
#include "storaged/request/list_page.h"
#include "storaged/request/listing.h"

/* Contacts that one request may look at, and the bytes of their records, so that no search delays other requests: a
 * usual contact takes up to 5 µs, and Unicode's case folding up to 60 ns per byte (libunistring 1.0). */
#define LOOKS_MAX      2000u
#define LOOK_BYTES_MAX (256u * 1024)

/* Bytes of a folded name; a longer one is not found. */
#define FOLDED_NAME_MAX 2048

/* What is searched for, in the form of the texts that are compared; empty: nothing of this kind has it. */
struct contact_wanted {
	uint8_t text[FOLDED_MAX], digits[PHONE_MAX];
	size_t text_len, digits_len;
};

static bool
contact_search_is_in(const void *part, size_t part_len, const void *text, size_t len)
{
	return part_len > 0 && memmem(text, len, part, part_len) != NULL;
}

/* A text with letters is no part of a phone. */
static void
contact_search_read(struct slice search, struct contact_wanted *w)
{
	*w = (struct contact_wanted){0};
	if (match_fold_text(search, w->text, sizeof(w->text), &w->text_len) == -1)
		w->text_len = 0;
	for (size_t i = 0; i < search.len; i++)
		if (strchr("0123456789+-/(). ", search.p[i]) == NULL || search.p[i] == '\0')
			return;
	if (search.len > PHONE_MAX ||
	    match_phone_digits(search, w->digits, &w->digits_len) == -1)
		w->digits_len = 0;
}

static bool
contact_search_matches(const struct contact_wanted *w, const struct msg_contact_record *contact)
{
	uint8_t name[FOLDED_NAME_MAX], email[FOLDED_MAX], phone[PHONE_MAX];
	size_t len;

	if (match_fold_text(contact->name, name, sizeof(name), &len) == 0 &&
	    contact_search_is_in(w->text, w->text_len, name, len))
		return true;
	if (match_fold_email(contact->email, email, &len) == 0 &&
	    contact_search_is_in(w->text, w->text_len, email, len))
		return true;
	return match_phone_digits(contact->phone, phone, &len) == 0 &&
	    contact_search_is_in(w->digits, w->digits_len, phone, len);
}

/* Adds the contact where the walk stands, if it matches; *fits: whether the page had room for it. A damaged one
 * matches nothing. */
static void
contact_search_look(struct walk *w, const struct contact_wanted *wanted, bool *fits)
{
	struct buf *list = &w->txn->env->list;
	struct msg_contact_record r;

	*fits = true;
	if (record_read(w->value, TABLE_CONTACTS, &r) != 0 ||
	    !contact_search_matches(wanted, &r))
		return;
	*fits = buf_len(list) == 0 || buf_len(list) + 4 + w->value.len <= PAGE_BYTES;
	if (*fits)
		must(wire_list_add(list, w->value) == 0);
}

/* Fills a page; *next is set if there is, or may be, more. */
static int
contact_search_gather(struct walk *w, const struct contact_wanted *wanted,
    const struct key *before, uint32_t limit, struct id *next)
{
	struct buf *list = &w->txn->env->list;
	struct id last = {0};
	uint32_t looks = 0, found = 0;
	size_t bytes = 0;
	int rc;

	for (rc = walk_before(w, before); rc == 0; rc = walk_previous(w)) {
		size_t len = buf_len(list);
		bool fits = found < limit && looks++ < LOOKS_MAX && bytes < LOOK_BYTES_MAX;

		bytes += w->value.len;

		if (fits)
			contact_search_look(w, wanted, &fits);
		if (!fits) {
			*next = last;
			return 0;
		}
		found += buf_len(list) > len;
		last = key_back(w->key);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
contact_search(struct txn *t, struct call *c)
{
	static const struct id greatest = {{[0 ... 15] = 0xff}};
	const struct msg_record_list *m = &c->m->record_list;
	const struct key front = key_id(&m->org);
	const struct key before =
	    key_of_org(&m->org, id_is_zero(&m->cursor) ? &greatest : &m->cursor);
	struct list_page page = {0};
	struct contact_wanted wanted;
	struct walk w;
	int rc;

	contact_search_read(m->search, &wanted);
	buf_reset(&t->env->list);
	rc = walk_open(&w, t, TABLE_CONTACTS, &front);
	if (rc == 0)
		rc = contact_search_gather(
		    &w, &wanted, &before, call_limit(m->limit, LISTING_MAX), &page.next);
	walk_close(&w);
	page.items = buf_slice(&t->env->list);
	if (rc == 0)
		call_answer(c, MSG_RECORD_PAGE, &page);
	return rc;
}
