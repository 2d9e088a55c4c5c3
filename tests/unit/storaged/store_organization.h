/*
 * Shared by the tests of organizations and their records: a second organization, and records in
 * requests.
 */
#ifndef TESTS_UNIT_STORAGED_STORE_ORGANIZATION_H
#define TESTS_UNIT_STORAGED_STORE_ORGANIZATION_H

#include "tests/unit/storaged/store_fixture.h"

/* An encoded record for a request's field. Valid until the next call. */
static inline struct slice
encoded(enum msg_type type, const void *record)
{
	static struct buf b;

	if (b.max == 0)
		buf_init(&b, RECORD_MAX);
	buf_reset(&b);
	assert_int_equal(record_encode(&b, type, record), 0);
	return buf_slice(&b);
}

/* Like ask() and ask_error(), sent by the command-line tool. */
static inline void
ask_as_tool(
    struct fixture *f, enum msg_type type, const void *msg, enum msg_type answer, union msg *m)
{
	f->a.role = ROLE_TOOL;
	ask(f, type, msg, answer, m);
	f->a.role = ROLE_WORKER;
}

static inline void
tool_ask_error(struct fixture *f, enum msg_type type, const void *msg, enum store_error code)
{
	f->a.role = ROLE_TOOL;
	ask_error(f, type, msg, code);
	f->a.role = ROLE_WORKER;
}

static inline struct msg_org_create
org_of(const char *name, const char *public_id)
{
	return (struct msg_org_create){
	    .org = id_new(),
	    .name = slice_str(name),
	    .agent = id_new(),
	    .widget = id_new(),
	    .public_id = slice_str(public_id),
	};
}

/* A second organization. */
static inline struct msg_org_create
make_other_org(struct fixture *f)
{
	struct msg_org_create org = org_of("Other", "wid_other");

	ask_as_tool(f, MSG_ORG_CREATE, &org, MSG_OK, NULL);
	return org;
}

static inline struct msg_user_record
user_of(const struct id *org, const char *email)
{
	return (struct msg_user_record){
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = *org,
	    .email = slice_str(email),
	    .name = slice_str("Somebody"),
	    .role = USER_OWNER,
	    .password = slice_str("$scrypt$one"),
	};
}

static inline void
make_user(struct fixture *f, const struct msg_user_record *r)
{
	const struct msg_record_put m = {
	    .kind = MSG_USER_RECORD, .fresh = true, .record = encoded(MSG_USER_RECORD, r)};

	ask(f, MSG_RECORD_PUT, &m, MSG_RECORD, NULL);
}

static inline struct msg_agent_record
agent_of(const struct id *org, const char *name)
{
	return (struct msg_agent_record){
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = *org,
	    .name = slice_str(name),
	    .purpose = slice_str("Help."),
	    .enabled = true,
	};
}

/* Creates or changes it; *r becomes the stored record. Its slices are valid as long as the
 * answer. */
static inline void
put_agent(struct fixture *f, struct msg_agent_record *r, bool fresh)
{
	const struct msg_record_put m = {
	    .kind = MSG_AGENT_RECORD, .fresh = fresh, .record = encoded(MSG_AGENT_RECORD, r)};
	union msg got;

	ask(f, MSG_RECORD_PUT, &m, MSG_RECORD, &got);
	assert_int_equal(record_decode(got.record.record, MSG_AGENT_RECORD, r), WIRE_OK);
}

static inline struct msg_widget_record
widget_of(const struct id *org, const struct id *agent, const char *public_id)
{
	return (struct msg_widget_record){
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = *org,
	    .agent = *agent,
	    .public_id = slice_str(public_id),
	    .primary_color = slice_str("#6366f1"),
	    .text_color = slice_str("#ffffff"),
	    .enabled = true,
	};
}

/* Like put_agent(). */
static inline void
put_widget(struct fixture *f, struct msg_widget_record *r, bool fresh)
{
	const struct msg_record_put m = {
	    .kind = MSG_WIDGET_RECORD, .fresh = fresh, .record = encoded(MSG_WIDGET_RECORD, r)};
	union msg got;

	ask(f, MSG_RECORD_PUT, &m, MSG_RECORD, &got);
	assert_int_equal(record_decode(got.record.record, MSG_WIDGET_RECORD, r), WIRE_OK);
}

/* Waits for the next millisecond, so that later changes have later times. */
static inline void
next_ms(void)
{
	uint64_t now = clock_wall_ms();

	while (clock_wall_ms() == now)
		usleep(100);
}

#endif
