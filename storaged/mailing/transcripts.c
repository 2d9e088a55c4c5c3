/*
 * Two walks: back to the first message that has room, then ahead over their texts. So a long conversation costs no more than
 * its end.
 */
#include "storaged/mailing/transcripts.h"

#include <time.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/mail/mails.h"
#include "storaged/mailing/visitor_mail.h"

/* Between two transcripts to an address that is proved; others wait longer (visitor_mail_allowed_at()). */
#define PAUSE_MS 300000u

/* Messages of a mail, and bytes of their texts with what stands above each. */
#define MESSAGES_MAX   500u
#define TRANSCRIPT_MAX 60000u
#define HEAD_MAX       700u /* a name, which is longer than a time */

/* A text that is longer than a mail ends with this. */
static const char cut[] = "…";

struct transcript {
	struct visitor_mail to;
	struct msg_agent_record agent;
	struct buf text;
};

static void
transcript_add(struct buf *b, struct slice text)
{
	must(buf_append(b, text.p, text.len) == 0);
}

/* Reads the message where the walk stands. False: it is damaged, or says nothing. */
static bool
transcript_read(const struct walk *w, struct msg_message_record *m)
{
	return !w->damaged && key_fits(TABLE_MESSAGES, w->key) &&
	    record_read(w->value, TABLE_MESSAGES, m) == 0 &&
	    (m->text.len > 0 || m->files.len > 0);
}

/* The key of the first message of the mail. MDB_NOTFOUND: there is none. */
static int
transcript_find_first(struct walk *w, const struct id *conversation, struct key *first)
{
	const struct key end = key_message(conversation, UINT64_MAX);
	struct msg_message_record m;
	size_t left = TRANSCRIPT_MAX, n = 0;
	int rc = walk_before(w, &end);

	for (; rc == 0 && n < MESSAGES_MAX; rc = walk_previous(w)) {
		const bool reads = transcript_read(w, &m);
		const size_t size = reads ? m.text.len + m.files.len + HEAD_MAX : 0;

		/* Of the newest one, at least the beginning is sent. */
		if (n > 0 && size > left)
			break;
		left -= size < left ? size : left;
		n += reads;
		*first = key_of(w->key);
	}
	if (n == 0)
		return rc == 0 ? MDB_NOTFOUND : rc;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* "2026-11-30 08:15 UTC", which all languages read. */
static void
transcript_add_time(struct buf *b, uint64_t ms)
{
	const time_t seconds = (time_t)(ms / 1000);
	char text[64] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm) != NULL)
		(void)!strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm);
	transcript_add(b, slice_str(text));
}

/* Who wrote a message; empty: not known. */
static struct slice
transcript_author(const struct transcript *s, const struct msg_message_record *m)
{
	const struct msg_contact_record *contact = &s->to.contact;
	struct msg_message_details details = {0};

	if (m->role == MESSAGE_USER)
		return contact->name.len > 0 ? contact->name : contact->email;
	(void)!record_decode(m->details, MSG_MESSAGE_DETAILS, &details);
	if (details.author_name.len > 0 || m->role == MESSAGE_OPERATOR)
		return details.author_name;
	return s->agent.name;
}

/* What of a message's text has room beside its files, in whole characters. */
static struct slice
transcript_fit(const struct transcript *s, const struct msg_message_record *m)
{
	const size_t used = buf_len(&s->text) + m->files.len;
	const size_t left = used < TRANSCRIPT_MAX ? TRANSCRIPT_MAX - used : 0;
	struct slice text = m->text;

	if (text.len <= left)
		return text;
	text.len = left;
	while (text.len > 0 && (text.p[text.len] & 0xc0) == 0x80)
		text.len--;
	return text;
}

static void
transcript_add_message(struct transcript *s, const struct msg_message_record *m)
{
	const struct slice author = transcript_author(s, m);
	struct slice files = m->files, item, fit;
	struct msg_file_item file;

	if (buf_len(&s->text) > 0)
		transcript_add(&s->text, slice_str("\n\n"));
	transcript_add_time(&s->text, m->created_at);
	if (author.len > 0) {
		transcript_add(&s->text, slice_str(", "));
		transcript_add(&s->text, author);
	}
	transcript_add(&s->text, slice_str(":\n"));
	fit = transcript_fit(s, m);
	transcript_add(&s->text, fit);
	if (fit.len < m->text.len)
		transcript_add(&s->text, slice_str(cut));
	while (wire_list_next(&files, &item)) {
		if (record_decode(item, MSG_FILE_ITEM, &file) != WIRE_OK)
			continue;
		transcript_add(&s->text, slice_str("\n["));
		transcript_add(&s->text, file.name);
		transcript_add(&s->text, slice_str("]"));
	}
}

/* Writes the messages. MDB_NOTFOUND: there is none. */
static int
transcript_write(struct txn *t, struct transcript *s)
{
	const struct id *conversation = &s->to.conversation.id;
	const struct key front = key_id(conversation);
	struct msg_message_record m;
	struct key first;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_MESSAGES, &front);

	if (rc == 0)
		rc = transcript_find_first(&w, conversation, &first);
	if (rc == 0)
		rc = walk_from(&w, &first);
	for (; rc == 0; rc = walk_next(&w))
		if (transcript_read(&w, &m))
			transcript_add_message(s, &m);
	walk_close(&w);
	return rc == MDB_NOTFOUND && buf_len(&s->text) > 0 ? 0 : rc;
}

static int
transcript_find_agent(struct txn *t, struct transcript *s)
{
	const struct key key = key_of_org(&s->to.conversation.org, &s->to.widget.agent);
	int rc = txn_get_record(t, TABLE_AGENTS, &key, &s->agent);

	if (rc != 0)
		s->agent = (struct msg_agent_record){0};
	return txn_survives(rc) ? 0 : rc;
}

/* Refuses a mail that cannot be sent, or not now. */
static int
transcript_check(struct txn *t, struct call *c, struct transcript *s)
{
	int rc = visitor_mail_find(t, &s->to);

	if (rc == MDB_NOTFOUND)
		return call_refuse(
		    c, STORE_CONTACT_REQUIRED, "the visitor has no address for mails");
	if (rc != 0)
		return rc;
	if (!visitor_mail_is_wanted(&s->to))
		return call_refuse(c, STORE_GONE, "no mails go to this address");
	if (visitor_mail_allowed_at(&s->to) > s->to.now ||
	    (s->to.address.mailed_at != 0 && s->to.address.mailed_at + PAUSE_MS > s->to.now))
		return call_refuse(c, STORE_LIMIT, "the address got a mail a short time ago");
	return transcript_find_agent(t, s);
}

static int
transcript_send(struct txn *t, struct call *c, struct transcript *s)
{
	struct msg_mail_record mail = {
	    .id = c->m->transcript_send.mail, .kind = MAIL_TRANSCRIPT};
	int rc = transcript_check(t, c, s);

	if (rc == 0)
		rc = transcript_write(t, s);
	if (rc != 0)
		return rc == MDB_NOTFOUND
		    ? call_refuse(c, STORE_NOT_FOUND, "the conversation has no messages")
		    : rc;
	mail.text = buf_slice(&s->text);
	return visitor_mail_send(t, c, &s->to, &mail);
}

int
handle_transcript_send(struct txn *t, struct call *c)
{
	const struct msg_transcript_send *m = &c->m->transcript_send;
	const struct key key = key_id(&m->conversation);
	struct transcript s = {.to.now = clock_wall_ms()};
	struct msg_mail_record mail;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &s.to.conversation);

	if (id_is_zero(&m->mail))
		return call_refuse(c, STORE_INVALID, "a mail needs an id");
	if (rc == MDB_NOTFOUND || (rc == 0 && !id_equal(&s.to.conversation.org, &m->org)))
		return call_refuse(c, STORE_NOT_FOUND, "no such conversation");
	if (rc == 0)
		rc = mails_find(t, &m->org, &m->mail, &mail);
	/* A request that was repeated finds its mail. */
	if (rc == MDB_NOTFOUND) {
		buf_init(&s.text, WIRE_FRAME_MAX);
		rc = transcript_send(t, c, &s);
		buf_clear(&s.text);
	}
	if (rc == 0)
		call_ok(c);
	return rc;
}
