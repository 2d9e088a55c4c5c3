/*
 * The sums of a request for numbers. What the store counts for no agent (conversations, visitors' messages)
 * is derived from the replies for a list by agent: each reply answers one message, and a conversation is
 * that of the agent that wrote its first reply.
 */
#include "workerd/api/numbers/number_groups.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/sorted.h"
#include "proto/counts/model_tokens.h"

/* Bytes of a model as JSON, without its name. */
#define MODEL_JSON_BYTES 96u

#define ALL_OF_DAY 24u /* the hour of a row of a whole day */

static void
number_group_free(struct number_group *group)
{
	for (size_t i = 0; i < group->models_n; i++)
		free(group->models[i].name);
	free(group->models);
	free(group);
}

void
number_groups_clear(struct number_groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		number_group_free(groups->of[i]);
	free(groups->of);
	*groups = (struct number_groups){
	    .by = groups->by, .widget = groups->widget, .agent = groups->agent};
}

static struct id
number_groups_number_key(uint32_t number)
{
	struct id key = {{0}};
	uint32_t be = htobe32(number);

	memcpy(key.b, &be, sizeof(be));
	return key;
}

static uint32_t
number_groups_key_number(const struct id *key)
{
	uint32_t be;

	memcpy(&be, key->b, sizeof(be));
	return be32toh(be);
}

static struct id
number_groups_key_of(enum number_by by, const struct msg_numbers_row *row)
{
	switch (by) {
	case NUMBER_BY_DAY:
		return number_groups_number_key(row->day);
	case NUMBER_BY_HOUR:
		return number_groups_number_key(row->day * 24 + row->hour);
	case NUMBER_BY_WIDGET:
		return row->widget;
	case NUMBER_BY_AGENT:
		return row->agent;
	}
	never("no such group");
}

/* sorted_compare_fn; an element is a pointer to a group. */
static int
number_groups_compare(const void *key, const void *element)
{
	const struct number_group *const *group = element;

	return memcmp(key, &(*group)->key, sizeof(struct id));
}

static struct number_group *
number_groups_insert(struct number_groups *groups, size_t at, const struct id *key)
{
	if (groups->n == groups->room) {
		groups->room = groups->room == 0 ? 64 : 2 * groups->room;
		groups->of = xreallocarray(groups->of, groups->room, sizeof(void *));
	}
	memmove(groups->of + at + 1, groups->of + at, (groups->n - at) * sizeof(void *));
	groups->n++;
	groups->of[at] = xcalloc(1, sizeof(*groups->of[at]));
	groups->of[at]->key = *key;
	return groups->of[at];
}

/* The group of a key; NULL: there are too many. */
static struct number_group *
number_groups_find(struct number_groups *groups, const struct id *key)
{
	size_t at =
	    sorted_place(key, groups->of, groups->n, sizeof(void *), number_groups_compare);

	if (at < groups->n && id_equal(&groups->of[at]->key, key))
		return groups->of[at];
	groups->truncated |= groups->n == NUMBER_GROUPS_MAX;
	return groups->truncated ? NULL : number_groups_insert(groups, at, key);
}

static bool
number_groups_want(const struct number_groups *groups, const struct msg_numbers_row *row)
{
	if (groups->by == NUMBER_BY_HOUR && row->hour == ALL_OF_DAY)
		return false;
	return (id_is_zero(&groups->widget) || id_equal(&groups->widget, &row->widget)) &&
	    (id_is_zero(&groups->agent) || id_equal(&groups->agent, &row->agent));
}

/* Whether the rows of a group are of agents alone, so that what belongs to no agent must be derived. */
static bool
number_groups_are_of_agents(const struct number_groups *groups)
{
	return groups->by == NUMBER_BY_AGENT || !id_is_zero(&groups->agent);
}

/* sorted_compare_fn */
static int
number_model_compare(const void *key, const void *element)
{
	const struct slice *name = key;
	const struct number_model *model = element;
	size_t len = strlen(model->name);
	int order = memcmp(name->p, model->name, name->len < len ? name->len : len);

	return order != 0 ? order : (int)name->len - (int)len;
}

/* The tokens of a model in a group; NULL: there is no room. */
static struct number_model *
number_groups_model(struct number_groups *groups, struct number_group *group, struct slice name)
{
	size_t at = sorted_place(&name, group->models, group->models_n,
	    sizeof(group->models[0]), number_model_compare);
	size_t bytes = MODEL_JSON_BYTES + 6 * name.len;

	if (at < group->models_n && slice_eq_str(name, group->models[at].name))
		return &group->models[at];
	if (bytes > NUMBER_MODELS_BYTES - groups->models_bytes) {
		groups->truncated = true;
		return NULL;
	}
	groups->models_bytes += bytes;
	if (group->models_n == group->models_room) {
		group->models_room = group->models_room == 0 ? 4 : 2 * group->models_room;
		group->models =
		    xreallocarray(group->models, group->models_room, sizeof(group->models[0]));
	}
	memmove(group->models + at + 1, group->models + at,
	    (group->models_n - at) * sizeof(group->models[0]));
	group->models_n++;
	group->models[at] = (struct number_model){.name = slice_strdup(name)};
	return &group->models[at];
}

static void
number_groups_add_models(
    struct number_groups *groups, struct number_group *group, struct slice encoded)
{
	struct slice name;
	uint64_t in, out;

	while (model_tokens_next(&encoded, &name, &in, &out)) {
		struct number_model *model = number_groups_model(groups, group, name);

		if (model == NULL)
			continue;
		model->in += in;
		model->out += out;
	}
}

void
number_groups_add(struct number_groups *groups, const struct msg_numbers_row *row)
{
	const struct id key = number_groups_key_of(groups->by, row);
	struct counts counts = {.n = {0}};
	struct number_group *group;

	if (!number_groups_want(groups, row))
		return;
	if (!counts_add_encoded(&counts, row->counted) ||
	    !counts_add_encoded(&counts, row->kept))
		return;
	group = number_groups_find(groups, &key);
	if (group == NULL)
		return;
	counts_add(&group->counts, &counts);
	number_groups_add_models(groups, group, row->counted_models);
	number_groups_add_models(groups, group, row->kept_models);
}

/* A UTC day as YYYY-MM-DD (gmtime_r(3) knows every day of 32 bits). */
static void
number_groups_write_day(struct json_writer *j, uint32_t day)
{
	time_t seconds = (time_t)day * 24 * 3600;
	char text[32];
	struct tm tm;

	must(gmtime_r(&seconds, &tm) != NULL);
	must(strftime(text, sizeof(text), "%Y-%m-%d", &tm) > 0);
	json_write_str(j, "day", slice_str(text));
}

static void
number_groups_write_key(struct json_writer *j, enum number_by by, const struct id *key)
{
	switch (by) {
	case NUMBER_BY_DAY:
		number_groups_write_day(j, number_groups_key_number(key));
		break;
	case NUMBER_BY_HOUR:
		json_write_uint(j, "hour", number_groups_key_number(key) * CLOCK_HOUR_MS);
		break;
	case NUMBER_BY_WIDGET:
		json_write_id(j, "widgetId", key);
		break;
	case NUMBER_BY_AGENT:
		json_write_id_or_null(j, "agentId", key);
		break;
	}
}

static void
number_groups_write_times(struct json_writer *j, const char *key, const struct counts *counts,
    enum count_histogram histogram)
{
	static const struct {
		const char *key;
		unsigned percent;
	} percentiles[] = {{"p50", 50}, {"p95", 95}};

	json_write_open(j, key, '{');
	for (size_t i = 0; i < ARRAY_LEN(percentiles); i++) {
		uint32_t ms = counts_percentile(counts, histogram, percentiles[i].percent);

		if (ms > 0)
			json_write_uint(j, percentiles[i].key, ms);
		else
			json_write_null(j, percentiles[i].key);
	}
	json_write_close(j, '}');
}

static void
number_groups_write_messages(
    struct json_writer *j, bool of_agent, const uint64_t *n, uint64_t replies)
{
	uint64_t questions = of_agent ? replies : n[COUNT_QUESTIONS];

	json_write_uint(j, "conversations", of_agent ? n[COUNT_BEGUN] : n[COUNT_CONVERSATIONS]);
	json_write_uint(j, "messages", questions + replies + n[COUNT_OPERATOR]);
	json_write_open(j, "messagesByRole", '{');
	json_write_uint(j, "user", questions);
	json_write_uint(j, "assistant", replies);
	json_write_uint(j, "operator", n[COUNT_OPERATOR]);
	json_write_close(j, '}');
}

static void
number_groups_write_replies(struct json_writer *j, const uint64_t *n)
{
	json_write_open(j, "replies", '{');
	json_write_uint(j, "complete", n[COUNT_COMPLETE]);
	json_write_uint(j, "stopped", n[COUNT_STOPPED]);
	json_write_uint(j, "interrupted", n[COUNT_INTERRUPTED]);
	json_write_uint(j, "failed", n[COUNT_FAILED]);
	json_write_close(j, '}');
}

static void
number_groups_write_model(struct json_writer *j, struct slice name, uint64_t in, uint64_t out)
{
	json_write_open(j, NULL, '{');
	if (name.len > 0)
		json_write_str(j, "model", name);
	else
		json_write_null(j, "model");
	json_write_uint(j, "tokensIn", in);
	json_write_uint(j, "tokensOut", out);
	json_write_close(j, '}');
}

/* The tokens by model; what is of none of them is of an unknown one. */
static void
number_groups_write_models(struct json_writer *j, const struct number_group *group)
{
	uint64_t in = group->counts.n[COUNT_TOKENS_IN], out = group->counts.n[COUNT_TOKENS_OUT];

	json_write_open(j, "models", '[');
	for (size_t i = 0; i < group->models_n; i++) {
		const struct number_model *model = &group->models[i];

		number_groups_write_model(j, slice_str(model->name), model->in, model->out);
		in -= model->in < in ? model->in : in;
		out -= model->out < out ? model->out : out;
	}
	if (in > 0 || out > 0)
		number_groups_write_model(j, (struct slice){0}, in, out);
	json_write_close(j, ']');
}

static void
number_groups_write_group(
    struct json_writer *j, const struct number_groups *groups, const struct number_group *group)
{
	const uint64_t *n = group->counts.n;
	uint64_t replies =
	    n[COUNT_COMPLETE] + n[COUNT_STOPPED] + n[COUNT_INTERRUPTED] + n[COUNT_FAILED];

	json_write_open(j, NULL, '{');
	number_groups_write_key(j, groups->by, &group->key);
	number_groups_write_messages(j, number_groups_are_of_agents(groups), n, replies);
	json_write_uint(j, "tokensIn", n[COUNT_TOKENS_IN]);
	json_write_uint(j, "tokensOut", n[COUNT_TOKENS_OUT]);
	number_groups_write_models(j, group);
	number_groups_write_replies(j, n);
	number_groups_write_times(j, "firstToken", &group->counts, COUNT_FIRST_TOKEN);
	number_groups_write_times(j, "totalTime", &group->counts, COUNT_TOTAL_TIME);
	json_write_uint(j, "handovers", n[COUNT_HANDOVERS]);
	json_write_open(j, "ratings", '{');
	json_write_uint(j, "up", n[COUNT_RATED_UP]);
	json_write_uint(j, "down", n[COUNT_RATED_DOWN]);
	json_write_close(j, '}');
	json_write_close(j, '}');
}

/* Whether the group of no agent has only what counts for the agents that reply. */
static bool
number_groups_is_empty(enum number_by by, const struct number_group *group)
{
	if (by != NUMBER_BY_AGENT || !id_is_zero(&group->key))
		return false;
	for (unsigned i = COUNT_OPERATOR; i < COUNTS; i++)
		if (group->counts.n[i] > 0)
			return false;
	return true;
}

void
number_groups_write(struct json_writer *j, const struct number_groups *groups)
{
	json_write_open(j, NULL, '{');
	json_write_open(j, "rows", '[');
	for (size_t i = 0; i < groups->n; i++)
		if (!number_groups_is_empty(groups->by, groups->of[i]))
			number_groups_write_group(j, groups, groups->of[i]);
	json_write_close(j, ']');
	json_write_bool(j, "truncated", groups->truncated);
	json_write_close(j, '}');
}
