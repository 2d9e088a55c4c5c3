/*
 * A mail is tried for two days, each time after a longer pause.
 */
#include "storaged/mailing/mail_results.h"

#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/mail/addresses.h"
#include "storaged/mail/mails.h"
#include "storaged/mailing/resets.h"
#include "storaged/mailing/unseen.h"
#include "storaged/records/invitations.h"

#define TRY_FOR_MS   (2 * CLOCK_DAY_MS)
#define PAUSE_MAX_MS CLOCK_HOUR_MS

static uint64_t
mail_pause(uint64_t pause, uint32_t tries)
{

	while (tries-- > 1 && pause < PAUSE_MAX_MS)
		pause *= 2;
	return pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
}

/* How long a mail is tried. */
static uint64_t
mail_try_for(const struct msg_mail_record *r)
{
	/* Its link would not work any more. */
	return r->kind == MAIL_RESET ? RESET_VALID_MS : TRY_FOR_MS;
}

/* The mail after the result. */
static struct msg_mail_record
mail_after(const struct env *env, const struct msg_mail_record *before,
    const struct msg_mail_result *m)
{
	const uint64_t now = clock_wall_ms();
	struct msg_mail_record r = *before;

	r.error = m->error;
	r.tries += m->outcome != MAIL_UNREACHED;
	r.repeated |= m->outcome == MAIL_UNCLEAR;
	r.next_at =
	    now + mail_pause(env->mail_retry_ms, m->outcome == MAIL_UNREACHED ? 1 : r.tries);
	if (m->outcome == MAIL_ACCEPTED)
		r.state = MAIL_SENT;
	else if (m->outcome == MAIL_REFUSED || now - r.created_at >= mail_try_for(&r))
		r.state = MAIL_FAILED;
	if (r.state != MAIL_WAITING)
		r.done_at = now;
	return r;
}

/* The end of a mail, without the slices of its record. */
struct mail_end {
	enum mail_kind kind;
	enum mail_state state;
	struct id org, about;
	struct hash256 address;
};

/* What the mail was about learns of its end. */
static int
mail_tell(struct txn *t, const struct mail_end *end, struct slice error)
{
	const bool failed = end->state == MAIL_FAILED;

	switch (end->kind) {
	case MAIL_INVITATION:
		return invitation_mailed(
		    t, &end->org, &end->about, end->state, failed ? error : (struct slice){0});
	case MAIL_UNSEEN:
	case MAIL_TRANSCRIPT:
		return failed ? unseen_failed(t, &end->org, &end->about, &end->address, error)
			      : 0;
	/* Who asked for it learns nothing, or the answer would say whether there is such a user. */
	case MAIL_RESET:
	default:
		return 0;
	}
}

static void
mail_log(const struct id *mail, const struct msg_mail_record *r, struct slice error)
{
	if (r->state == MAIL_FAILED)
		log_event(LOG_WARN, "mail_failed", L_ID("org", &r->org), L_ID("mail", mail),
		    L_UINT("tries", r->tries), L_SLICE("error", error));
}

/* A server that answers is no fault, whatever it says of this mail. */
static void
mail_note(struct activity *a, const struct msg_mail_result *m)
{
	if (m->outcome == MAIL_ACCEPTED || m->outcome == MAIL_REFUSED) {
		a->mail_failing_at = 0;
		return;
	}
	if (a->mail_failing_at == 0)
		a->mail_failing_at = clock_wall_ms();
	(void)!slice_copy_text(m->error, a->mail_error, sizeof(a->mail_error));
}

int
handle_mail_result(struct txn *t, struct call *c)
{
	const struct msg_mail_result *m = &c->m->mail_result;
	struct msg_mail_record before, after;
	struct mail_end end;
	int rc;

	if (!lease_is_held(c->mail, c->from, &m->lease))
		return call_refuse(c, STORE_TAKEN, "another maild sends");
	mail_note(c->activity, m);
	rc = mails_find(t, &m->org, &m->mail, &before);
	if (rc == MDB_NOTFOUND || (rc == 0 && before.state != MAIL_WAITING)) {
		call_ok(c);
		return 0;
	}
	if (rc != 0)
		return rc;
	after = mail_after(t->env, &before, m);
	end = (struct mail_end){
	    .kind = after.kind,
	    .state = after.state,
	    .org = m->org,
	    .about = before.about,
	    .address = address_hash(before.to),
	};
	mail_log(&m->mail, &after, m->error);
	rc = mails_put(t, &before, &after);
	if (rc == 0 && after.state != MAIL_WAITING)
		rc = mail_tell(t, &end, m->error);
	if (rc == 0)
		call_ok(c);
	return rc;
}
