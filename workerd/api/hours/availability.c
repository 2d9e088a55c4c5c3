/*
 * GET /api/widget/{widgetId}/availability and GET /v1/chat/availability: what visitors are told (duty.h); and
 * PUT /v1/admin/me/availability: a user's own state.
 */
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/hours/duty.h"
#include "workerd/api/hours/hours_handlers.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

#define ANSWER_MAX 1024 /* bytes of JSON */

/* How long pages and caches may show it, so that crowds of a site cost little. */
#define FRESH "public, max-age=15"

static void
availability_write_people(struct json_writer *j, uint8_t people)
{
	if (people == DUTY_UNKNOWN)
		json_write_null(j, "people");
	else
		json_write_str(j, "people", names_word(duty_people_words, people));
}

static void
availability_on_duty(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct json_writer *j = &q->json;
	const uint64_t now = clock_wall_ms();
	struct http_exchange *x;
	uint64_t wait;

	if (type != MSG_DUTY) {
		store_query_fail(q, type, m);
		return;
	}
	json_write_open(j, NULL, '{');
	duty_write_state(j, m->duty.hours, now);
	availability_write_people(j, m->duty.people);
	wait = duty_usual_wait(m->duty.hours, m->duty.responses, now);
	if (wait == 0)
		json_write_null(j, "repliesInMs");
	else
		json_write_uint(j, "repliesInMs", wait);
	json_write_close(j, '}');
	must(!j->failed);
	x = q->x;
	reply_start(x, 200);
	reply_header_str(x, "Cache-Control", FRESH);
	reply_body(x, "application/json; charset=utf-8", buf_slice(&q->out));
	(void)store_query_done(q);
}

static void
availability_ask(const struct api_call *c, const struct id *widget)
{
	store_query_ask(
	    store_query_new(c, sizeof(struct store_query), ANSWER_MAX, "Widget not found"),
	    MSG_DUTY_GET, &(struct msg_duty_get){.org = c->org, .widget = *widget},
	    availability_on_duty);
}

void
handle_widget_availability(const struct api_call *c)
{
	struct msg_widget_record widget;

	must(record_decode(c->widget_record, MSG_WIDGET_RECORD, &widget) == WIRE_OK);
	availability_ask(c, &widget.id);
}

void
handle_chat_availability(const struct api_call *c)
{
	availability_ask(c, &c->widget);
}

/* A body of /v1/admin/me/availability. */
struct availability_query {
	struct store_query q;
	struct id user;
	uint8_t availability;
};

static const struct field availability_fields[] = {
    {"availability", &field_choice, offsetof(struct availability_query, availability),
	FIELD_OPTIONAL, 0, 0, availability_words},
    {.name = NULL},
};

static void
availability_on_user(void *arg, uint16_t type, const union msg *m)
{
	struct availability_query *a = arg;
	struct msg_user_record user;

	if (!msg_read_record(type, m, MSG_USER_RECORD, &user)) {
		store_query_fail(&a->q, type, m);
		return;
	}
	json_write_open(&a->q.json, NULL, '{');
	names_write_availability(&a->q.json, &user);
	json_write_close(&a->q.json, '}');
	store_query_reply(&a->q);
}

static void
availability_on_set(void *arg, uint16_t type, const union msg *m)
{
	struct availability_query *a = arg;
	const struct msg_record_get get = {
	    .kind = MSG_USER_RECORD, .org = a->q.org, .id = a->user};

	if (type != MSG_OK)
		store_query_fail(&a->q, type, m);
	else
		store_query_ask(&a->q, MSG_RECORD_GET, &get, availability_on_user);
}

void
handle_me_availability(const struct api_call *c)
{
	struct msg_availability_set set = {.org = c->org, .user = c->user};
	struct availability_query *a, body = {.availability = 0};
	struct fields in;

	if (id_is_zero(&c->user)) {
		reply_json_error(c->x, 403, "no_user", "Only a user is online, away or off");
		return;
	}
	if (!fields_body(c, &in))
		return;
	fields_read(&in, availability_fields, true, &body);
	if (fields_wrong(&in).len > 0) {
		fields_reply_wrong(c->api, c->x, &in);
	} else {
		set.chosen = fields_has(&in, "availability");
		set.availability = body.availability;
		a = store_query_new(c, sizeof(*a), ANSWER_MAX, "Not found");
		a->user = c->user;
		store_query_ask(&a->q, MSG_AVAILABILITY_SET, &set, availability_on_set);
	}
	fields_clear(&in);
}
