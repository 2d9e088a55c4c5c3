/*
 * libcurl reports the last reply's code, but not what it was a reply to. So the commands are watched: a refusal counts for
 * the mail only from its first command on; before, the server or the account is at fault.
 */
#include "workerd/maild/smtp.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "proto/base/email.h"
#include "workerd/net/curl_loop.h"

#define CONNECT_MS 20000L
#define IDLE_MAX   16L
#define IDLE_S     5L /* servers close idle connections */
#define NAMES_S    30L
#define LINE_SIZE  160 /* of a reply, for the error */

#define EMAIL_FIELD_SIZE (EMAIL_TEXT_MAX + sizeof("<>"))

/* How far a mail is. */
enum smtp_stage { SMTP_CONNECTS, SMTP_FROM, SMTP_TO, SMTP_DATA };

struct smtp {
	struct curl_loop *loop;
	const struct settings *settings;
};

struct smtp_mail {
	struct smtp *smtp;
	CURL *easy;
	struct curl_slist *to;
	struct buf mail; /* what is not sent yet */
	enum smtp_stage stage;
	bool all_read;        /* libcurl has all of the mail */
	char line[LINE_SIZE]; /* of the last refusal */
	smtp_done_fn *fn;
	void *arg;
};

bool
smtp_is_loopback(const char *url)
{
	const char *host = strstr(url, "://");
	size_t n;

	if (host == NULL)
		return false;
	host += 3;
	if (strncmp(host, "[::1]", 5) == 0)
		return host[5] == ':' || host[5] == '\0';
	n = strcspn(host, ":");
	return (n == 9 && strncasecmp(host, "localhost", n) == 0) ||
	    (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == n);
}

/* CURLOPT_DEBUGFUNCTION: the commands. They may have the password, and are not kept. */
static int
smtp_on_debug(CURL *easy, curl_infotype type, char *bytes, size_t n, void *arg)
{
	static const struct {
		const char *command;
		enum smtp_stage stage;
	} commands[] = {{"MAIL FROM", SMTP_FROM}, {"RCPT TO", SMTP_TO}, {"DATA", SMTP_DATA}};
	struct smtp_mail *m = arg;

	(void)easy;
	for (size_t i = 0; type == CURLINFO_HEADER_OUT && i < ARRAY_LEN(commands); i++) {
		const size_t len = strlen(commands[i].command);

		if (n >= len && memcmp(bytes, commands[i].command, len) == 0)
			m->stage = commands[i].stage;
	}
	return 0;
}

/* CURLOPT_HEADERFUNCTION: a line of a reply. */
static size_t
smtp_on_reply(char *bytes, size_t size, size_t count, void *arg)
{
	struct smtp_mail *m = arg;
	const size_t n = size * count;
	size_t len = 0;

	if (n == 0 || (bytes[0] != '4' && bytes[0] != '5'))
		return n;
	for (size_t i = 0; i < n && len < sizeof(m->line) - 1; i++)
		if (bytes[i] >= ' ' && bytes[i] <= '~')
			m->line[len++] = bytes[i];
	m->line[len] = '\0';
	return n;
}

static size_t
smtp_on_read(char *out, size_t size, size_t count, void *arg)
{
	struct smtp_mail *m = arg;
	size_t n = size * count;

	if (n > buf_len(&m->mail))
		n = buf_len(&m->mail);
	memcpy(out, buf_data(&m->mail), n);
	buf_consume(&m->mail, n);
	m->all_read = buf_len(&m->mail) == 0;
	return n;
}

/* What the server's refusal of the last command means. A 5xx for the sender is about the account, except that the mail is
 * too large (552). */
static enum mail_outcome
smtp_judge_refusal(const struct smtp_mail *m, long status)
{
	if (m->stage == SMTP_CONNECTS)
		return MAIL_UNREACHED;
	if (status < 500 || (m->stage == SMTP_FROM && status != 552))
		return MAIL_LATER;
	return MAIL_REFUSED;
}

static enum mail_outcome
smtp_judge(const struct smtp_mail *m, CURLcode code, long status)
{
	if (code == CURLE_OK)
		return MAIL_ACCEPTED;
	if (code == CURLE_LOGIN_DENIED || code == CURLE_PEER_FAILED_VERIFICATION)
		return MAIL_UNREACHED;
	if (status >= 400 && status <= 599)
		return smtp_judge_refusal(m, status);
	if (m->all_read)
		return MAIL_UNCLEAR;
	return m->stage == SMTP_CONNECTS ? MAIL_UNREACHED : MAIL_LATER;
}

static void
smtp_explain(const struct smtp_mail *m, CURLcode code, long status, struct smtp_result *result)
{
	if (result->outcome == MAIL_ACCEPTED)
		return;
	if (result->outcome == MAIL_UNCLEAR)
		snprintf(result->error, sizeof(result->error),
		    "the server's answer to the mail was lost: %s", curl_easy_strerror(code));
	else if (status >= 400 && status <= 599)
		snprintf(
		    result->error, sizeof(result->error), "the mail server says: %s", m->line);
	else if (code == CURLE_USE_SSL_FAILED)
		snprintf(result->error, sizeof(result->error),
		    "the mail server has no STARTTLS, which is required");
	else
		snprintf(result->error, sizeof(result->error), "%s", curl_easy_strerror(code));
}

static void
smtp_mail_free(struct smtp_mail *m)
{
	curl_loop_remove(m->smtp->loop, m->easy);
	curl_easy_cleanup(m->easy);
	curl_slist_free_all(m->to);
	buf_wipe(&m->mail);
	free(m);
}

/* curl_loop_events.done. */
static void
smtp_on_done(void *arg, void *easy, int code)
{
	struct smtp_result result = {0};
	struct smtp_mail *m;
	smtp_done_fn *fn;
	void *fn_arg;
	long status = 0;

	(void)arg;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &m);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	result.outcome = smtp_judge(m, (CURLcode)code, status);
	smtp_explain(m, (CURLcode)code, status, &result);
	fn = m->fn;
	fn_arg = m->arg;
	smtp_mail_free(m);
	fn(fn_arg, &result);
}

struct smtp *
smtp_new(struct event_base *base, const struct settings *settings)
{
	static const struct curl_loop_events events = {.done = smtp_on_done};
	struct smtp *s = xcalloc(1, sizeof(*s));

	s->loop = curl_loop_new(base, &events, s);
	s->settings = settings;
	return s;
}

void
smtp_free(struct smtp *s)
{
	if (s == NULL)
		return;
	curl_loop_free(s->loop);
	free(s);
}

/* A server on this machine often has no certificate that anybody signed. One that MAIL_CA_BUNDLE names has. */
static void
smtp_set_tls(const struct smtp_mail *m)
{
	const struct settings *s = m->smtp->settings;

	if (s->mail_ca_bundle != NULL)
		curl_easy_setopt(m->easy, CURLOPT_CAINFO, s->mail_ca_bundle);
	else if (smtp_is_loopback(s->mail_url)) {
		curl_easy_setopt(m->easy, CURLOPT_USE_SSL, (long)CURLUSESSL_NONE);
		return;
	}
	curl_easy_setopt(m->easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	curl_easy_setopt(m->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

static void
smtp_set_account(const struct smtp_mail *m)
{
	const struct settings *s = m->smtp->settings;
	char from[EMAIL_FIELD_SIZE];

	snprintf(from, sizeof(from), "<%s>", s->mail_from);
	curl_easy_setopt(m->easy, CURLOPT_URL, s->mail_url);
	curl_easy_setopt(m->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(m->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(m->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(m->easy, CURLOPT_MAIL_FROM, from);
	if (s->mail_login == NULL)
		return;
	curl_easy_setopt(m->easy, CURLOPT_USERNAME, s->mail_login);
	curl_easy_setopt(m->easy, CURLOPT_PASSWORD, s->mail_password);
}

static void
smtp_set_limits(const struct smtp_mail *m)
{
	curl_easy_setopt(m->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(m->easy, CURLOPT_TIMEOUT_MS, (long)SMTP_LIMIT_MS);
	curl_easy_setopt(m->easy, CURLOPT_DNS_CACHE_TIMEOUT, NAMES_S);
	curl_easy_setopt(m->easy, CURLOPT_MAXAGE_CONN, IDLE_S);
	curl_easy_setopt(m->easy, CURLOPT_MAXCONNECTS, IDLE_MAX);
}

static void
smtp_set_mail(struct smtp_mail *m, struct slice to)
{
	char address[EMAIL_FIELD_SIZE];

	snprintf(address, sizeof(address), "<%.*s>", (int)to.len, (const char *)to.p);
	m->to = curl_slist_append(NULL, address);
	must(m->to != NULL);
	curl_easy_setopt(m->easy, CURLOPT_MAIL_RCPT, m->to);
	curl_easy_setopt(m->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(m->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)buf_len(&m->mail));
	curl_easy_setopt(m->easy, CURLOPT_READFUNCTION, smtp_on_read);
	curl_easy_setopt(m->easy, CURLOPT_READDATA, m);
	curl_easy_setopt(m->easy, CURLOPT_HEADERFUNCTION, smtp_on_reply);
	curl_easy_setopt(m->easy, CURLOPT_HEADERDATA, m);
	curl_easy_setopt(m->easy, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(m->easy, CURLOPT_DEBUGFUNCTION, smtp_on_debug);
	curl_easy_setopt(m->easy, CURLOPT_DEBUGDATA, m);
	curl_easy_setopt(m->easy, CURLOPT_PRIVATE, m);
}

struct smtp_mail *
smtp_send(struct smtp *s, struct slice to, struct slice mail, smtp_done_fn *fn, void *arg)
{
	struct smtp_mail *m = xcalloc(1, sizeof(*m));

	m->smtp = s;
	m->fn = fn;
	m->arg = arg;
	m->easy = curl_easy_init();
	must(m->easy != NULL);
	buf_init(&m->mail, mail.len + 1);
	must(buf_append(&m->mail, mail.p, mail.len) == 0);
	smtp_set_tls(m);
	smtp_set_account(m);
	smtp_set_limits(m);
	smtp_set_mail(m, to);
	curl_loop_add(s->loop, m->easy);
	return m;
}

void
smtp_cancel(struct smtp_mail *m)
{
	smtp_mail_free(m);
}
