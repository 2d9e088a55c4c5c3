/*
 * `banter webhook`: shows where webhooks stand, and moves a cursor, through a running storaged. The admin API
 * creates and changes webhooks.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/list.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/store/org_option.h"
#include "storaged/cli/store/store_pages.h"

/* The numbers of events are milliseconds times this (storaged/changes/changes.h). */
#define NUMBERS_PER_MS 1024u
#define SHOWN_MAX      20

static const char about[] =
    "ACTION is one of\n"
    "  list         list the webhooks of an organization: where each stands in the events, "
    "whether\n"
    "               it is enabled, its URL, and what banter tells its owner about it\n"
    "  show ID      show a webhook and its latest deliveries\n"
    "  cursor ID    move a webhook to --to: the events behind that are delivered, also those "
    "that\n"
    "               were delivered before; those before it are not. Pending deliveries stay\n"
    "\n"
    "The cursor of a webhook is the number of the last event that needs no further look. It "
    "may "
    "lag\n"
    "up to 10 minutes behind the newest event while nothing waits. The admin API, "
    "/v1/admin/webhooks,\n"
    "creates and changes webhooks.\n";

struct webhook_options {
	const char *org_text, *to_text;
	bool json;
	struct id org, webhook;
	uint64_t to;
};

static json_t *
webhook_json(const struct msg_webhook_record *w)
{
	char id[ID_TEXT_LEN + 1];

	id_format(&w->id, id);
	return json_pack("{s:s, s:b, s:I, s:I, s:s%, s:s%}", "id", id, "enabled",
	    (int)w->enabled, "cursor", (json_int_t)w->cursor, "at",
	    (json_int_t)(w->cursor / NUMBERS_PER_MS), "notice", (const char *)w->notice.p,
	    w->notice.len, "url", (const char *)w->url.p, w->url.len);
}

static void
webhook_list_item(void *list, struct slice item)
{
	struct msg_webhook_record w;

	must(record_decode(item, MSG_WEBHOOK_RECORD, &w) == WIRE_OK);
	list_add(list, webhook_json(&w));
}

static int
webhook_print_list(struct store_conn *conn, const struct webhook_options *o)
{
	static const struct list_column columns[] = {{"ID", "id"}, {"ENABLED", "enabled"},
	    {"STANDS AT", "at"}, {"URL", "url"}, {"NOTICE", "notice"}, {0}};
	struct msg_record_list ask = {.kind = MSG_WEBHOOK_RECORD, .org = o->org};
	struct list list;
	int status;

	list_init(&list, columns);
	status = store_pages_walk(conn, MSG_RECORD_LIST, &ask, &ask.cursor, MSG_RECORD_PAGE,
	    webhook_list_item, &list);
	return list_finish(&list, status, o->json);
}

static json_t *
webhook_delivery_json(const struct msg_delivery_record *d)
{
	return json_pack("{s:I, s:I, s:s, s:i, s:i, s:I, s:s%}", "n", (json_int_t)d->n, "at",
	    (json_int_t)d->at, "state", delivery_state_words[d->state], "attempts",
	    (int)d->attempts, "status", (int)d->status, "next_at",
	    (json_int_t)(d->state == DELIVERY_PENDING ? d->next_at : 0), "error",
	    (const char *)d->error.p, d->error.len);
}

static void
webhook_print_delivery(const struct msg_delivery_record *d, uint64_t now)
{
	const bool waits = d->state == DELIVERY_PENDING && d->next_at > now;

	console_print("%-10" PRIu64 "  %s  %-9s  %s%s%.*s%s%s", d->n, units_time(d->at).text,
	    delivery_state_words[d->state],
	    units_count(d->attempts, "attempt", "attempts").text, d->error.len > 0 ? ", " : "",
	    (int)d->error.len, (const char *)d->error.p, waits ? ", again in " : "",
	    waits ? units_duration(d->next_at - now).text : "");
}

static void
webhook_print(const struct msg_webhook_record *w, uint64_t now)
{
	console_print("url      %.*s", (int)w->url.len, (const char *)w->url.p);
	console_print("enabled  %s", w->enabled ? "yes" : "no");
	console_print("cursor   %" PRIu64 ", %s (%s)", w->cursor,
	    units_time(w->cursor / NUMBERS_PER_MS).text,
	    units_ago(w->cursor / NUMBERS_PER_MS, now).text);
	if (w->notice.len > 0)
		console_print("notice   %.*s", (int)w->notice.len, (const char *)w->notice.p);
}

static int
webhook_show_deliveries(
    struct store_conn *conn, const struct webhook_options *o, json_t *object)
{
	const struct msg_delivery_list ask = {
	    .org = o->org, .webhook = o->webhook, .limit = SHOWN_MAX};
	const uint64_t now = clock_wall_ms();
	json_t *list = json_array();
	struct msg_delivery_record d;
	struct slice deliveries, item;
	union msg m;
	int status = store_conn_request(conn, MSG_DELIVERY_LIST, &ask, MSG_DELIVERY_PAGE, &m);

	deliveries = status == 0 ? m.delivery_page.deliveries : (struct slice){0};
	while (wire_list_next(&deliveries, &item)) {
		must(record_decode(item, MSG_DELIVERY_RECORD, &d) == WIRE_OK);
		if (o->json)
			json_array_append_new(list, webhook_delivery_json(&d));
		else
			webhook_print_delivery(&d, now);
	}
	json_object_set_new(object, "deliveries", list);
	return status;
}

static int
webhook_show(struct store_conn *conn, const struct webhook_options *o)
{
	const struct msg_record_get ask = {
	    .kind = MSG_WEBHOOK_RECORD, .org = o->org, .id = o->webhook};
	struct msg_webhook_record r;
	json_t *object;
	union msg m;
	int status = store_conn_request(conn, MSG_RECORD_GET, &ask, MSG_RECORD, &m);

	if (status != 0)
		return status;
	must(msg_read_record(MSG_RECORD, &m, MSG_WEBHOOK_RECORD, &r));
	object = webhook_json(&r);
	if (!o->json)
		webhook_print(&r, clock_wall_ms());
	status = webhook_show_deliveries(conn, o, object);
	if (status == 0 && o->json)
		list_print_json(json_incref(object));
	json_decref(object);
	return status;
}

static int
webhook_move(struct store_conn *conn, const struct webhook_options *o)
{
	const struct msg_webhook_move ask = {.org = o->org, .webhook = o->webhook, .to = o->to};
	union msg m;
	int status = store_conn_request(conn, MSG_WEBHOOK_MOVE, &ask, MSG_WEBHOOK_MOVED, &m);

	if (status != 0)
		return status;
	if (o->json)
		list_print_json(json_pack("{s:I, s:I}", "from",
		    (json_int_t)m.webhook_moved.from, "to", (json_int_t)m.webhook_moved.to));
	else
		console_print("moved the cursor from %" PRIu64 " to %" PRIu64 ", %s",
		    m.webhook_moved.from, m.webhook_moved.to,
		    units_time(m.webhook_moved.to / NUMBERS_PER_MS).text);
	return 0;
}

/* Reads --to: a number of an event is greater than any time in ms. */
static int
webhook_parse_to(const char *text, uint64_t *to)
{
	if (text == NULL)
		return console_fail(EX_USAGE,
		    "--to is missing: oldest, newest, the number of an event, or a time");
	if (strcmp(text, "oldest") == 0) {
		*to = 0;
		return 0;
	}
	if (strcmp(text, "newest") == 0) {
		*to = UINT64_MAX;
		return 0;
	}
	if (!units_parse_time(text, to) || *to == 0)
		return console_fail(EX_USAGE,
		    "--to %s is not oldest, newest, the number of an event, or a time such as "
		    "2026-01-31T10:00",
		    text);
	if (strpbrk(text, "-:") != NULL)
		*to *= NUMBERS_PER_MS;
	return 0;
}

struct webhook_action {
	const char *name;
	int (*run)(struct store_conn *conn, const struct webhook_options *o);
	bool has_id, has_to;
};

static const struct webhook_action actions[] = {
    {.name = "list", .run = webhook_print_list},
    {.name = "show", .run = webhook_show, .has_id = true},
    {.name = "cursor", .run = webhook_move, .has_id = true, .has_to = true},
};

static const struct webhook_action *
webhook_find_action(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

/* 0, or EX_USAGE after an error message. */
static int
webhook_check_args(const struct invocation *inv, const struct webhook_action *action,
    struct webhook_options *o)
{
	if (action == NULL)
		return console_fail(
		    EX_USAGE, "unknown action %s; see banter webhook --help", inv->operand);
	if (!action->has_id && inv->second != NULL)
		return console_fail(
		    EX_USAGE, "unexpected argument %s; see banter webhook --help", inv->second);
	if (action->has_id && inv->second == NULL)
		return console_fail(EX_USAGE,
		    "banter webhook %s ID: the id is missing; see banter webhook list",
		    action->name);
	if (action->has_id && id_parse(slice_str(inv->second), &o->webhook) != 0)
		return console_fail(EX_USAGE, "%s is not a valid id", inv->second);
	if (!action->has_to && o->to_text != NULL)
		return console_fail(EX_USAGE, "--to is only for banter webhook cursor");
	if (action->has_to && webhook_parse_to(o->to_text, &o->to) != 0)
		return EX_USAGE;
	return org_option_parse(o->org_text, &o->org);
}

int
webhook_command(struct invocation *inv)
{
	struct webhook_options o = {.org = id_default_org};
	const struct option_row rows[] = {
	    {"org", "ID", "the organization; default: the first one", .text = &o.org_text},
	    {"to", "PLACE",
		"oldest, newest, the number of an event, or a time (2026-01-31T10:00, UTC)",
		.text = &o.to_text},
	    {"json", NULL, "print JSON", .flag = &o.json},
	    {0},
	};
	const struct webhook_action *action;
	struct store_conn conn;
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	action = webhook_find_action(inv->operand);
	status = webhook_check_args(inv, action, &o);
	if (status != 0)
		return status;
	status = store_conn_open_running(&conn, inv->settings.store_socket);
	if (status == 0)
		status = org_option_check(&conn, o.org_text, &o.org);
	if (status == 0)
		status = action->run(&conn, &o);
	store_conn_close(&conn);
	return status;
}
