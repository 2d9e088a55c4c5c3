/*
 * GET /v1/admin/numbers: what was counted of an organization's conversations (storaged/numbers), from day to
 * day, by day, hour, widget or agent. Pages of rows are read from the store, and added up as they arrive.
 */
#include <string.h>
#include <time.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/numbers/number_groups.h"
#include "workerd/api/numbers/numbers_handlers.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

/* Days of a request, at most, and those without from. */
#define DAYS_MAX     1100u
#define DAYS_DEFAULT 30u

/* Bytes of the answer: a row has at most 800 without its models. */
#define ANSWER_MAX (NUMBER_GROUPS_MAX * 800u + NUMBER_MODELS_BYTES + 100u)

static const char *const by_names[] = {
    [NUMBER_BY_DAY] = "day",
    [NUMBER_BY_HOUR] = "hour",
    [NUMBER_BY_WIDGET] = "widget",
    [NUMBER_BY_AGENT] = "agent",
};

struct numbers_query {
	struct store_query q;
	uint32_t from, to;
	struct number_groups groups;
};

static void numbers_on_page(void *arg, uint16_t type, const union msg *m);

static void
numbers_ask(struct numbers_query *n, struct slice cursor)
{
	const struct msg_numbers_read read = {
	    .org = n->q.org, .from = n->from, .to = n->to, .cursor = cursor};

	store_query_read(&n->q, MSG_NUMBERS_READ, &read, numbers_on_page);
}

static void
numbers_on_page(void *arg, uint16_t type, const union msg *m)
{
	struct numbers_query *n = arg;
	struct msg_numbers_row row;
	struct slice rows, item;

	if (type != MSG_NUMBERS_PAGE) {
		store_query_fail(&n->q, type, m);
		return;
	}
	rows = m->numbers_page.rows;
	while (wire_list_next(&rows, &item)) {
		must(record_decode(item, MSG_NUMBERS_ROW, &row) == WIRE_OK);
		number_groups_add(&n->groups, &row);
	}
	if (m->numbers_page.next.len > 0) {
		numbers_ask(n, m->numbers_page.next);
		return;
	}
	number_groups_write(&n->q.json, &n->groups);
	store_query_reply(&n->q);
}

static void
numbers_on_end(struct store_query *q)
{
	struct numbers_query *n = (struct numbers_query *)q;

	number_groups_clear(&n->groups);
}

/* YYYY-MM-DD as a number of days since 1970. */
static bool
numbers_parse_day(struct slice text, uint32_t *day)
{
	char date[sizeof("YYYY-MM-DD")], again[sizeof(date)];
	struct tm tm = {0};
	time_t seconds;
	const char *end;

	if (text.len != sizeof(date) - 1 || !slice_copy_text(text, date, sizeof(date)))
		return false;
	end = strptime(date, "%Y-%m-%d", &tm);
	if (end == NULL || *end != '\0')
		return false;
	seconds = timegm(&tm);
	/* timegm() takes February 30, and strptime() spaces. */
	if (seconds < 0 || strftime(again, sizeof(again), "%Y-%m-%d", &tm) == 0 ||
	    strcmp(again, date) != 0)
		return false;
	*day = (uint32_t)(seconds / (24 * 3600));
	return true;
}

/* A parameter that is a day; unchanged if it is not given. */
static bool
numbers_read_day(struct slice query, const char *name, uint32_t *day)
{
	uint8_t text[PARAMETER_MAX];
	struct slice value = parameter_read(query, name, text);

	return value.p == NULL || numbers_parse_day(value, day);
}

/* A parameter that is an id; zero if it is not given. */
static bool
numbers_read_id(struct slice query, const char *name, struct id *id)
{
	uint8_t text[PARAMETER_MAX];
	struct slice value = parameter_read(query, name, text);

	return value.p == NULL || (id_parse(value, id) == 0 && !id_is_zero(id));
}

static bool
numbers_read_by(struct slice query, enum number_by *by)
{
	uint8_t text[PARAMETER_MAX];
	struct slice value = parameter_read(query, "by", text);

	if (value.p == NULL)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(by_names); i++)
		if (slice_eq_str(value, by_names[i])) {
			*by = (enum number_by)i;
			return true;
		}
	return false;
}

/* Reads the parameters. NULL, or a sentence that says what would be valid. */
static const char *
numbers_read_parameters(
    struct slice query, uint32_t *from, uint32_t *last, struct number_groups *groups)
{
	*last = (uint32_t)(clock_wall_ms() / CLOCK_DAY_MS);
	if (!numbers_read_day(query, "to", last))
		return "to must be a day such as 2026-01-31";
	*from = *last < DAYS_DEFAULT ? 0 : *last - (DAYS_DEFAULT - 1);
	if (!numbers_read_day(query, "from", from))
		return "from must be a day such as 2026-01-01";
	if (*from > *last || *last - *from >= DAYS_MAX)
		return "from must not be after to, nor more than 1,100 days before";
	if (!numbers_read_by(query, &groups->by))
		return "by must be day, hour, widget or agent";
	if (!numbers_read_id(query, "widgetId", &groups->widget))
		return "widgetId must be a widget's id";
	if (!numbers_read_id(query, "agentId", &groups->agent))
		return "agentId must be an agent's id";
	return NULL;
}

void
handle_numbers_get(const struct api_call *c)
{
	struct number_groups groups = {.by = NUMBER_BY_DAY};
	uint32_t from, last;
	const char *wrong = numbers_read_parameters(c->x->req->query, &from, &last, &groups);
	struct numbers_query *n;

	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	n = store_query_new(c, sizeof(*n), ANSWER_MAX, NULL);
	n->q.on_end = numbers_on_end;
	n->from = from;
	n->to = last + 1;
	n->groups = groups;
	numbers_ask(n, (struct slice){0});
}
