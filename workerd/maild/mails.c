/*
 * Results are stored one request each; a result that storaged refuses because it has restarted is stored again once the
 * lease is back.
 */
#include "workerd/maild/mails.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/maild/mail_folder.h"
#include "workerd/maild/mail_text.h"
#include "workerd/maild/smtp.h"

#define RETRY_MS \
	1000u /* after storaged has refused something, or another maild has the lease */
#define PAUSE_MIN_MS   UINT64_C(1000)
#define PAUSE_MAX_MS   UINT64_C(60000)
#define WAIT_MAX_MS    CLOCK_HOUR_MS
#define FOLDER_ADDRESS "banter@localhost" /* the sender of files */

struct mail {
	TAILQ_ENTRY(mail) link;
	struct mails *all;
	struct id id, org;
	struct smtp_mail *sending; /* NULL: it has ended */
	struct smtp_result result;
	struct store_call *call; /* that stores the result */
	bool refused;            /* the result is to be stored again */
};

struct mails {
	struct event_base *base;
	struct store_client *store;
	const struct settings *settings;
	struct mail_sender sender;
	struct smtp *smtp; /* NULL: mails become files */
	int folder;
	TAILQ_HEAD(, mail) list;
	size_t n;
	uint64_t sent;
	struct id lease;
	struct store_call *call; /* that asks for mails */
	bool again;              /* something may have changed since */
	bool more;               /* storaged has further mails that are due */
	bool stopping;
	uint64_t pause_ms, paused_until; /* while the server cannot be asked; 0: it can */
	struct event *timer;
	uint64_t wakes_at; /* ms, monotonic, of the timer; 0: it does not run */
};

static void mails_ask(struct mails *m);

/* Asks again after this time, or sooner if it does so already. */
static void
mails_wait(struct mails *m, uint64_t ms)
{
	const uint64_t in_ms = ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS;
	const uint64_t at = clock_mono_ms() + in_ms;
	const struct timeval in = clock_timeval(in_ms);

	if (m->wakes_at != 0 && m->wakes_at <= at)
		return;
	m->wakes_at = at;
	must(evtimer_add(m->timer, &in) == 0);
}

static void
mails_forget(struct mail *one)
{
	struct mails *m = one->all;

	if (one->sending != NULL)
		smtp_cancel(one->sending);
	if (one->call != NULL)
		store_call_forget(one->call);
	TAILQ_REMOVE(&m->list, one, link);
	m->n--;
	free(one);
}

static void
mails_on_stored(void *arg, uint16_t type, const union msg *reply)
{
	struct mail *one = arg;
	struct mails *m = one->all;
	const enum mail_outcome outcome = one->result.outcome;

	(void)reply;
	one->call = NULL;
	if (type != MSG_OK) {
		one->refused = true;
		mails_wait(m, RETRY_MS);
		return;
	}
	mails_forget(one);
	/* When it is tried again is storaged's to say. */
	if ((m->more && m->n <= MAILS_WINDOW / 2) ||
	    (outcome != MAIL_ACCEPTED && outcome != MAIL_REFUSED))
		mails_ask(m);
}

static void
mails_store(struct mail *one)
{
	struct mails *m = one->all;
	const struct msg_mail_result result = {
	    .lease = m->lease,
	    .org = one->org,
	    .mail = one->id,
	    .outcome = (uint8_t)one->result.outcome,
	    .error = slice_str(one->result.error),
	};

	one->refused = false;
	one->call = store_call(m->store, MSG_MAIL_RESULT, &result, 0, mails_on_stored, one);
	if (one->call == NULL) {
		one->refused = true;
		mails_wait(m, RETRY_MS);
	}
}

/* The server is tried again after a pause, which grows. */
static void
mails_pause(struct mails *m, const char *error)
{
	const uint64_t now = clock_mono_ms();

	if (now < m->paused_until)
		return;
	m->pause_ms = m->pause_ms == 0 ? PAUSE_MIN_MS : 2 * m->pause_ms;
	if (m->pause_ms > PAUSE_MAX_MS)
		m->pause_ms = PAUSE_MAX_MS;
	m->paused_until = now + m->pause_ms;
	log_event(LOG_ERROR, "mail_server_fails", L_STR("error", error),
	    L_UINT("retry_ms", m->pause_ms),
	    L_STR("help", "check MAIL_URL, MAIL_LOGIN and MAIL_PASSWORD; mails wait"));
	mails_wait(m, m->pause_ms);
}

static void
mails_resume(struct mails *m)
{
	if (m->pause_ms > 0)
		log_event(LOG_NOTICE, "mail_server_works", L_UINT("mails", m->n));
	m->pause_ms = m->paused_until = 0;
}

/* smtp_done_fn. */
static void
mails_on_sent(void *arg, const struct smtp_result *result)
{
	struct mail *one = arg;
	struct mails *m = one->all;

	one->sending = NULL;
	one->result = *result;
	if (result->outcome == MAIL_UNREACHED)
		mails_pause(m, result->error);
	else
		mails_resume(m);
	m->sent += result->outcome == MAIL_ACCEPTED;
	log_event(result->outcome == MAIL_ACCEPTED ? LOG_INFO : LOG_WARN,
	    result->outcome == MAIL_ACCEPTED ? "mail_sent" : "mail_not_sent",
	    L_ID("mail", &one->id), L_ID("org", &one->org),
	    L_STR("error", result->error[0] == '\0' ? NULL : result->error));
	mails_store(one);
}

static void
mails_put_file(struct mail *one, const struct msg_mail_record *r, struct slice text)
{
	struct smtp_result result = {.outcome = MAIL_ACCEPTED};

	if (mail_folder_put(one->all->folder, r, text) == -1) {
		result.outcome = MAIL_UNREACHED;
		snprintf(result.error, sizeof(result.error), "cannot write to MAIL_DIR: %s",
		    strerror(errno));
	}
	mails_on_sent(one, &result);
}

static void
mails_start(struct mails *m, const struct msg_mail_record *r)
{
	static const struct smtp_result unwritable = {
	    .outcome = MAIL_REFUSED, .error = "a name in it cannot be part of a mail"};
	struct mail *one = xcalloc(1, sizeof(*one));
	struct buf text;

	one->all = m;
	one->id = r->id;
	one->org = r->org;
	TAILQ_INSERT_TAIL(&m->list, one, link);
	m->n++;
	buf_init(&text, MAIL_TEXT_MAX);
	if (mail_text_write(&text, &m->sender, r) == -1)
		mails_on_sent(one, &unwritable);
	else if (m->smtp == NULL)
		mails_put_file(one, r, buf_slice(&text));
	else
		one->sending = smtp_send(m->smtp, r->to, buf_slice(&text), mails_on_sent, one);
	buf_wipe(&text);
}

static bool
mails_has(const struct mails *m, const struct id *id)
{
	const struct mail *one;

	TAILQ_FOREACH (one, &m->list, link)
		if (id_equal(&one->id, id))
			return true;
	return false;
}

static void
mails_store_refused(struct mails *m)
{
	struct mail *one;

	TAILQ_FOREACH (one, &m->list, link)
		if (one->refused)
			mails_store(one);
}

/* How many may be under way: one of them tries a server that has failed. */
static size_t
mails_window(const struct mails *m)
{
	return m->pause_ms == 0 ? MAILS_WINDOW : 1;
}

static void
mails_start_all(struct mails *m, struct slice list)
{
	struct msg_mail_record r;
	struct slice item;

	while (wire_list_next(&list, &item)) {
		if (record_decode(item, MSG_MAIL_RECORD, &r) != WIRE_OK || mails_has(m, &r.id))
			continue;
		/* It fails on the way if mails become files. */
		if (m->n >= mails_window(m) || clock_mono_ms() < m->paused_until) {
			m->more = true;
			return;
		}
		mails_start(m, &r);
	}
}

static void
mails_on_work(void *arg, uint16_t type, const union msg *reply)
{
	const uint64_t now = clock_wall_ms();
	struct mails *m = arg;

	m->call = NULL;
	if (type != MSG_MAIL_WORK || !reply->mail_work.granted) {
		mails_wait(m, RETRY_MS);
		return;
	}
	mails_store_refused(m);
	m->more = reply->mail_work.next_at != 0 && reply->mail_work.next_at <= now;
	if (!m->stopping)
		mails_start_all(m, reply->mail_work.mails);
	if (!m->more && reply->mail_work.next_at > now)
		mails_wait(m, reply->mail_work.next_at - now);
	if (m->again || (m->more && m->n <= MAILS_WINDOW / 2))
		mails_ask(m);
}

static void
mails_ask(struct mails *m)
{
	const struct msg_mail_lease ask = {.lease = m->lease, .limit = 2 * MAILS_WINDOW};
	const uint64_t now = clock_mono_ms();

	m->again = m->call != NULL;
	if (m->again)
		return;
	if (now < m->paused_until) {
		mails_wait(m, m->paused_until - now);
		return;
	}
	m->call = store_call(m->store, MSG_MAIL_LEASE, &ask, 0, mails_on_work, m);
	if (m->call == NULL)
		mails_wait(m, RETRY_MS);
}

static void
mails_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct mails *m = arg;

	(void)fd;
	(void)what;
	m->wakes_at = 0;
	mails_ask(m);
}

static void
mails_on_connected(void *arg)
{
	mails_ask(arg);
}

static void
mails_on_notification(void *arg, uint16_t type, const union msg *notice)
{
	(void)notice;
	if (type == MSG_LIVE_MAIL)
		mails_ask(arg);
}

struct mails *
mails_new(struct event_base *base, struct store_client *store, const struct settings *settings,
    int folder)
{
	static const struct store_events events = {
	    .connected = mails_on_connected,
	    .notification = mails_on_notification,
	};
	struct mails *m = xcalloc(1, sizeof(*m));

	m->base = base;
	m->store = store;
	m->settings = settings;
	m->folder = folder;
	m->lease = id_new();
	m->sender = (struct mail_sender){
	    .from = settings->mail_from == NULL ? FOLDER_ADDRESS : settings->mail_from,
	    .public_url = settings->public_url,
	};
	TAILQ_INIT(&m->list);
	if (settings->mail_url != NULL)
		m->smtp = smtp_new(base, settings);
	m->timer = evtimer_new(base, mails_on_timer, m);
	must(m->timer != NULL);
	store_client_listen(store, &events, m);
	return m;
}

void
mails_free(struct mails *m)
{
	struct mail *one;

	while ((one = TAILQ_FIRST(&m->list)) != NULL)
		mails_forget(one);
	if (m->call != NULL)
		store_call_forget(m->call);
	smtp_free(m->smtp);
	event_free(m->timer);
	free(m);
}

void
mails_stop(struct mails *m)
{
	m->stopping = true;
}

size_t
mails_under_way(const struct mails *m)
{
	return m->n;
}

uint64_t
mails_sent(const struct mails *m)
{
	return m->sent;
}
