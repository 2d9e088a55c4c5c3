#include "storaged/duty/responses.h"

#include <endian.h>
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/duty/availability.h"
#include "storaged/records/organizations.h"
#include "storaged/records/widgets.h"

_Static_assert(RESPONSES_MAX *RESPONSE_LEN == 800, "as in messages.def");

/* Puts a response behind others, of which the oldest leave. Returns the bytes of all. */
static size_t
response_append(struct slice before, const uint64_t times[2], uint8_t out[])
{
	const size_t room = (RESPONSES_MAX - 1) * RESPONSE_LEN;
	const size_t kept = before.len < room ? before.len : room;
	const uint64_t le[2] = {htole64(times[0]), htole64(times[1])};

	if (kept > 0)
		memcpy(out, before.p + before.len - kept, kept);
	memcpy(out + kept, le, sizeof(le));
	return kept + sizeof(le);
}

int
response_add(struct txn *t, const struct id *org, const struct id *widget, uint64_t asked_at,
    uint64_t answered_at)
{
	const uint64_t times[2] = {asked_at, answered_at};
	const struct key key = key_of_org(org, widget);
	struct msg_responses_record r = {.v = RECORD_VERSION, .org = *org, .widget = *widget};
	uint8_t bytes[RESPONSES_MAX * RESPONSE_LEN];
	struct msg_widget_record of;
	int rc = widget_find(t, org, widget, &of);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	rc = txn_get_record(t, TABLE_RESPONSES, &key, &r);
	/* A damaged one begins again. */
	if (rc == RECORD_DAMAGED || r.times.len % RESPONSE_LEN != 0)
		r = (struct msg_responses_record){
		    .v = RECORD_VERSION, .org = *org, .widget = *widget};
	else if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	r.times = (struct slice){bytes, response_append(r.times, times, bytes)};
	return txn_put_record(t, TABLE_RESPONSES, &key, &r);
}

int
responses_import(struct txn *t, struct call *c, const struct msg_responses_record *r)
{
	const struct key key = key_of_org(&r->org, &r->widget);
	struct msg_widget_record widget;
	int rc;

	if (r->v != RECORD_VERSION || r->times.len == 0 || r->times.len % RESPONSE_LEN != 0)
		return call_refuse(c, STORE_INVALID, "the times of answers are invalid");
	rc = widget_find(t, &r->org, &r->widget, &widget);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_INVALID, "answers are of a widget");
	if (rc == 0)
		rc = txn_put_record(t, TABLE_RESPONSES, &key, r);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
duty_hours(struct txn *t, const struct id *org, const struct id *widget, struct slice *hours)
{
	struct msg_widget_record of;
	struct msg_org_record record;
	int rc = widget_find(t, org, widget, &of);

	if (rc != 0)
		return rc;
	*hours = of.hours;
	if (hours->len > 0)
		return 0;
	rc = organization_find(t, org, &record);
	if (rc == 0)
		*hours = record.hours;
	/* A widget may have been imported without its organization. */
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_duty_get(struct txn *t, struct call *c)
{
	const struct msg_duty_get *m = &c->m->duty_get;
	const struct key key = key_of_org(&m->org, &m->widget);
	enum duty_people people = DUTY_UNKNOWN;
	struct slice hours = {0}, responses = {0};
	int rc = duty_hours(t, &m->org, &m->widget, &hours);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, "no such widget");
	if (rc == 0)
		rc = availability_of_all(t, &m->org, &people);
	if (rc == 0) {
		rc = txn_get(t, TABLE_RESPONSES, &key, &responses);
		rc = rc == MDB_NOTFOUND ? 0 : rc;
	}
	if (rc == 0)
		call_answer(c, MSG_DUTY,
		    &(struct msg_duty){
			.hours = hours, .people = (uint8_t)people, .responses = responses});
	return rc;
}
