#include "proto/counts/model_tokens.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"
#include "proto/counts/counts.h"

#define NUMBER_END ((json_int_t)1 << 53)

struct slice
model_use_name(const struct model_use *use)
{
	return (struct slice){use->name, use->len};
}

static int
model_use_compare(const struct model_use *use, struct slice name)
{
	size_t least = use->len < name.len ? use->len : name.len;
	int order = least == 0 ? 0 : memcmp(use->name, name.p, least);

	return order != 0 ? order : (int)use->len - (int)name.len;
}

/* The place of a model, or where it would be. */
static unsigned
model_tokens_place(const struct model_tokens *m, struct slice name)
{
	unsigned at = 0;

	while (at < m->n && model_use_compare(&m->of[at], name) < 0)
		at++;
	return at;
}

static void
model_tokens_insert(struct model_tokens *m, unsigned at, struct slice name)
{
	memmove(&m->of[at + 1], &m->of[at], (m->n - at) * sizeof(m->of[0]));
	m->n++;
	m->of[at] = (struct model_use){.len = (uint16_t)name.len};
	must(slice_copy(name, m->of[at].name, sizeof(m->of[at].name)));
}

static void
model_tokens_remove(struct model_tokens *m, unsigned at)
{
	m->n--;
	memmove(&m->of[at], &m->of[at + 1], (m->n - at) * sizeof(m->of[0]));
}

/* A model that had no room when its tokens were counted may have too few now. */
static void
model_tokens_change_number(uint64_t *n, int64_t by)
{
	if (by >= 0 || *n >= -(uint64_t)by)
		*n += (uint64_t)by;
	else
		*n = 0;
}

void
model_tokens_change(struct model_tokens *m, struct slice name, int64_t in, int64_t out)
{
	unsigned at = model_tokens_place(m, name);
	bool known = at < m->n && model_use_compare(&m->of[at], name) == 0;

	if (name.len == 0 || name.len > MODEL_NAME_BYTES)
		return;
	if (!known) {
		if (m->n == MODEL_TOKENS_MAX || (in <= 0 && out <= 0))
			return;
		model_tokens_insert(m, at, name);
	}
	model_tokens_change_number(&m->of[at].in, in);
	model_tokens_change_number(&m->of[at].out, out);
	if (m->of[at].in == 0 && m->of[at].out == 0)
		model_tokens_remove(m, at);
}

void
model_tokens_add(struct model_tokens *to, const struct model_tokens *m)
{
	for (unsigned i = 0; i < m->n; i++)
		model_tokens_change(
		    to, model_use_name(&m->of[i]), (int64_t)m->of[i].in, (int64_t)m->of[i].out);
}

size_t
model_tokens_encode(const struct model_tokens *m, uint8_t *out)
{
	uint8_t *at = out;

	for (unsigned i = 0; i < m->n; i++) {
		const struct model_use *use = &m->of[i];

		at = counts_put_integer(at, use->len);
		memcpy(at, use->name, use->len);
		at = counts_put_integer(at + use->len, use->in);
		at = counts_put_integer(at, use->out);
	}
	return (size_t)(at - out);
}

bool
model_tokens_next(
    struct slice *in, struct slice *name, uint64_t *tokens_in, uint64_t *tokens_out)
{
	struct slice rest = *in;
	uint64_t len;

	if (!counts_take_integer(&rest, &len) || len == 0 || len > MODEL_NAME_BYTES ||
	    len > rest.len)
		return false;
	*name = (struct slice){rest.p, len};
	rest = (struct slice){rest.p + len, rest.len - len};
	if (!counts_take_integer(&rest, tokens_in) || !counts_take_integer(&rest, tokens_out) ||
	    (*tokens_in == 0 && *tokens_out == 0) || *tokens_in > INT64_MAX ||
	    *tokens_out > INT64_MAX)
		return false;
	*in = rest;
	return true;
}

bool
model_tokens_add_encoded(struct model_tokens *to, struct slice in)
{
	struct slice name;
	uint64_t tokens_in, tokens_out;

	while (model_tokens_next(&in, &name, &tokens_in, &tokens_out))
		model_tokens_change(to, name, (int64_t)tokens_in, (int64_t)tokens_out);
	return in.len == 0;
}

int
model_tokens_write_text(struct buf *out, const struct model_tokens *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		const struct model_use *use = &m->of[i];

		if (buf_append_str(out, i == 0 ? "{\"" : ",\"") == -1 ||
		    json_escape(out, model_use_name(use)) == -1 ||
		    buf_printf(out, "\":[%" PRIu64 ",%" PRIu64 "]", use->in, use->out) == -1)
			return -1;
	}
	return m->n == 0 ? 0 : buf_append_str(out, "}");
}

static bool
model_tokens_read_pair(const json_t *pair, json_int_t n[static 2])
{
	if (json_array_size(pair) != 2)
		return false;
	for (size_t i = 0; i < 2; i++) {
		const json_t *number = json_array_get(pair, i);

		n[i] = json_integer_value(number);
		if (!json_is_integer(number) || n[i] < 0 || n[i] >= NUMBER_END)
			return false;
	}
	return true;
}

static bool
model_tokens_read_object(struct model_tokens *m, json_t *object)
{
	json_int_t n[2];
	const char *name;
	json_t *pair;

	if (!json_is_object(object))
		return false;
	json_object_foreach (object, name, pair) {
		if (*name == '\0' || strlen(name) > MODEL_NAME_BYTES ||
		    !model_tokens_read_pair(pair, n))
			return false;
		model_tokens_change(m, slice_str(name), n[0], n[1]);
	}
	return true;
}

bool
model_tokens_read_text(struct model_tokens *m, struct slice text)
{
	json_t *object;
	bool valid;

	*m = (struct model_tokens){.n = 0};
	if (text.len == 0)
		return true;
	object = json_loadb((const char *)text.p, text.len, JSON_REJECT_DUPLICATES, NULL);
	valid = object != NULL && model_tokens_read_object(m, object);
	json_decref(object);
	return valid;
}
