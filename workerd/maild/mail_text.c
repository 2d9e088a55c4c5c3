/*
 * The texts are in mail_texts.def.
 */
#include "workerd/maild/mail_text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/base/basics.h"
#include "workerd/maild/mime.h"

#define SUBJECT_MAX 1024

static const struct mail_text {
	const char *language;
	enum mail_kind kind;
	const char *subject, *text;
} texts[] = {
#define MAIL(language, KIND, subject, text) {#language, MAIL_##KIND, subject, text},
#include "workerd/maild/mail_texts.def"
};

/* The page of a kind's link; the token follows. */
static const char *const pages[MAIL_KINDS] = {
    [MAIL_INVITATION] = "/join/",
    [MAIL_UNSEEN] = "/chat/",
    [MAIL_RESET] = "/reset/",
    [MAIL_TRANSCRIPT] = "/chat/",
};

/* "de-AT" is "de". */
static bool
mail_text_is_in(const struct mail_text *t, struct slice language)
{
	const size_t n = strlen(t->language);

	return language.len >= n && memcmp(language.p, t->language, n) == 0 &&
	    (language.len == n || language.p[n] == '-');
}

static const struct mail_text *
mail_text_of(enum mail_kind kind, struct slice language)
{
	const struct mail_text *english = NULL;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (texts[i].kind != kind)
			continue;
		if (mail_text_is_in(&texts[i], language))
			return &texts[i];
		if (english == NULL)
			english = &texts[i];
	}
	must(english != NULL);
	return english;
}

/* Who causes it; without a name, the organization. */
static struct slice
mail_text_person(const struct msg_mail_record *r)
{
	return r->person.len > 0 ? r->person : r->organization;
}

/* The token of a mail to a visitor is the rest of its link, a space, and the token that ends such mails. */
static struct slice
mail_text_token(const struct msg_mail_record *r, bool stop)
{
	const uint8_t *space = r->token.len == 0 ? NULL : memchr(r->token.p, ' ', r->token.len);
	const size_t n = space == NULL ? r->token.len : (size_t)(space - r->token.p);

	if (!stop)
		return (struct slice){r->token.p, n};
	return space == NULL ? (struct slice){0}
			     : (struct slice){space + 1, r->token.len - n - 1};
}

static int
mail_text_add_link(
    struct buf *out, const struct mail_sender *sender, const struct msg_mail_record *r)
{
	const struct slice token = mail_text_token(r, false);

	return buf_append_str(out, sender->public_url) == -1 ||
		buf_append_str(out, pages[r->kind]) == -1
	    ? -1
	    : buf_append(out, token.p, token.len);
}

/* The link that asks whether to end such mails: the page of the other one, with another token. */
static int
mail_text_add_stop_link(
    struct buf *out, const struct mail_sender *sender, const struct msg_mail_record *r)
{
	const struct slice link = mail_text_token(r, false), stop = mail_text_token(r, true);
	const uint8_t *hash = link.len == 0 ? NULL : memchr(link.p, '#', link.len);
	const struct slice page = {link.p, hash == NULL ? link.len : (size_t)(hash - link.p)};

	return buf_append_str(out, sender->public_url) == -1 ||
		buf_append_str(out, pages[r->kind]) == -1 ||
		buf_append(out, page.p, page.len) == -1 ||
		buf_append_str(out, "#banter-stop=") == -1
	    ? -1
	    : buf_append(out, stop.p, stop.len);
}

static int
mail_text_add_value(struct buf *out, char name, const struct mail_sender *sender,
    const struct msg_mail_record *r)
{
	const struct slice person = mail_text_person(r);

	switch (name) {
	case 'O':
		return buf_append(out, r->organization.p, r->organization.len);
	case 'P':
		return buf_append(out, person.p, person.len);
	case 'L':
		return mail_text_add_link(out, sender, r);
	case 'S':
		return mail_text_add_stop_link(out, sender, r);
	case 'T':
		return buf_append(out, r->text.p, r->text.len);
	default:
		never("a text of mails has an unknown value");
	}
}

static int
mail_text_fill(struct buf *out, const char *text, const struct mail_sender *sender,
    const struct msg_mail_record *r)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "%");

		if (buf_append(out, (const uint8_t *)text, n) == -1)
			return -1;
		text += n;
		if (*text == '\0')
			break;
		if (mail_text_add_value(out, text[1], sender, r) == -1)
			return -1;
		text += 2;
	}
	return 0;
}

/* RFC 5322, section 3.3. */
static int
mail_text_add_date(struct buf *out, uint64_t ms)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(ms / 1000);
	char text[64];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL)
		return -1;
	snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d +0000", days[tm.tm_wday],
	    tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return mime_add_plain(out, "Date", text);
}

static void
mail_text_make_id(
    char *text, size_t size, const struct mail_sender *sender, const struct id *id)
{
	const char *domain = strrchr(sender->from, '@');
	char name[ID_TEXT_LEN + 1];

	id_format(id, name);
	(void)snprintf(
	    text, size, "<%s.banter@%s>", name, domain == NULL ? "localhost" : domain + 1);
}

static int
mail_text_add_id(struct buf *out, const struct mail_sender *sender, const struct id *id)
{
	char text[ID_TEXT_LEN + 300];

	mail_text_make_id(text, sizeof(text), sender, id);
	return mime_add_plain(out, "Message-ID", text);
}

/* Mails about one conversation are one thread for their reader, and mail programs offer to end them (RFC 2369, RFC 8058). */
static int
mail_text_add_conversation(
    struct buf *out, const struct mail_sender *sender, const struct msg_mail_record *r)
{
	const struct slice stop = mail_text_token(r, true);
	char text[2048];

	if (r->kind != MAIL_UNSEEN && r->kind != MAIL_TRANSCRIPT)
		return 0;
	mail_text_make_id(text, sizeof(text), sender, &r->about);
	if (mime_add_plain(out, "References", text) == -1)
		return -1;
	(void)snprintf(text, sizeof(text), "<%s/v1/mails/stop?token=%.*s>", sender->public_url,
	    (int)stop.len, (const char *)stop.p);
	if (mime_add_plain(out, "List-Unsubscribe", text) == -1)
		return -1;
	return mime_add_plain(out, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
}

static int
mail_text_add_headers(
    struct buf *out, const struct mail_sender *sender, const struct msg_mail_record *r)
{
	if (mail_text_add_date(out, r->created_at) == -1 ||
	    mime_add_address(out, "From", r->organization, slice_str(sender->from)) == -1 ||
	    mime_add_address(out, "To", (struct slice){0}, r->to) == -1 ||
	    mail_text_add_id(out, sender, &r->id) == -1 ||
	    mail_text_add_conversation(out, sender, r) == -1)
		return -1;
	/* RFC 3834: nobody answers it automatically. Exchange has a header of its own for that. */
	return mime_add_plain(out, "Auto-Submitted", "auto-generated") == -1 ||
		mime_add_plain(out, "X-Auto-Response-Suppress", "All") == -1 ||
		mime_add_plain(out, "MIME-Version", "1.0") == -1 ||
		mime_add_plain(out, "Content-Type", "text/plain; charset=utf-8") == -1 ||
		mime_add_plain(out, "Content-Transfer-Encoding", "quoted-printable") == -1
	    ? -1
	    : 0;
}

static int
mail_text_add_subject(struct buf *out, const struct mail_text *t,
    const struct mail_sender *sender, const struct msg_mail_record *r)
{
	struct buf subject;
	int rc;

	buf_init(&subject, SUBJECT_MAX);
	rc = mail_text_fill(&subject, t->subject, sender, r);
	if (rc == 0)
		rc = mime_add_text(out, "Subject", buf_slice(&subject));
	buf_clear(&subject);
	return rc;
}

int
mail_text_write(
    struct buf *out, const struct mail_sender *sender, const struct msg_mail_record *r)
{
	const struct mail_text *t = mail_text_of(r->kind, r->language);
	struct buf text;
	int rc;

	buf_init(&text, MAIL_TEXT_MAX);
	rc = mail_text_add_headers(out, sender, r);
	if (rc == 0)
		rc = mail_text_add_subject(out, t, sender, r);
	if (rc == 0)
		rc = buf_append_str(out, "\r\n");
	if (rc == 0)
		rc = mail_text_fill(&text, t->text, sender, r);
	if (rc == 0)
		rc = mime_add_body(out, buf_slice(&text));
	buf_wipe(&text);
	return rc;
}
