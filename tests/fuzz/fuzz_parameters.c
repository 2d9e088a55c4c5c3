/*
 * Query strings and percent-encoding. A parsed value is text within limits, and encoding it again,
 * beside other parameters, gives the same value; the first line of the input is a name, the rest
 * the query.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/http/message/percent.h"

/* Escapes every byte. */
static void
put_escaped(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		must(buf_printf(out, "%%%02x", text.p[i]) == 0);
}

static void
check_text(struct slice text)
{
	must(text.len <= PARAMETER_MAX && utf8_valid(text));
	for (size_t i = 0; i < text.len; i++)
		must(text.p[i] >= 0x20 && text.p[i] != 0x7f);
}

/* Beside another parameter the value is the same; if repeated, it is invalid. */
static void
check_written_again(struct slice value)
{
	uint8_t text[PARAMETER_MAX];
	struct buf query;

	buf_init(&query, 2 * 3 * PARAMETER_MAX + 64);
	must(buf_append_str(&query, "other=1&q=") == 0);
	put_escaped(&query, value);
	must(buf_append_str(&query, "&qq=2") == 0);
	must(slice_eq(parameter_read(buf_slice(&query), "q", text), value));
	must(buf_append_str(&query, "&q=1") == 0);
	must(parameter_read(buf_slice(&query), "q", text).len == 0);
	buf_clear(&query);
}

/* A number is what strtoull(3) parses, without its optional prefix. */
static void
check_number(struct slice value)
{
	char text[PARAMETER_MAX + 1] = {0};
	uint32_t n;

	memcpy(text, value.p, value.len);
	if (parameter_number(value, 1000000, &n)) {
		must(n <= 1000000 && strspn(text, "0123456789") == value.len);
		must(strtoull(text, NULL, 10) == n);
	} else {
		must(value.len == 0 || value.len > 9 ||
		    strspn(text, "0123456789") < value.len ||
		    strtoull(text, NULL, 10) > 1000000);
	}
}

static void
check_percent(struct slice any)
{
	uint8_t text[64];
	size_t len;

	if (!percent_decode(any, text, sizeof(text), &len))
		return;
	must(len <= any.len);
	check_text((struct slice){text, len});
}

FUZZ(parameters)
{
	const uint8_t *end = memchr(in.p, '\n', in.len);
	struct slice query = in, value;
	uint8_t text[PARAMETER_MAX];
	char name[16] = "id";

	if (end != NULL && end - in.p < (ptrdiff_t)sizeof(name)) {
		size_t n = (size_t)(end - in.p);

		memcpy(name, in.p, n);
		name[n] = '\0';
		query = (struct slice){end + 1, in.len - n - 1};
	}
	check_percent(query);
	value = parameter_read(query, name, text);
	if (value.p != NULL) {
		must(value.p == text);
		check_text(value);
		check_written_again(value);
		check_number(value);
	}
}
