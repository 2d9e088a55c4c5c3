/*
 * A line that is completely in the input is parsed there; only a split one is copied.
 */
#include "workerd/model/upstream_response.h"

#include <ctype.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/http/message/header_fields.h"

void
upstream_response_init(struct upstream_response *a)
{
	*a = (struct upstream_response){0};
	buf_init(&a->line, RESPONSE_LINE_MAX);
}

void
upstream_response_clear(struct upstream_response *a)
{
	buf_clear(&a->line);
	upstream_response_init(a);
}

/* false if it is not a number, or has more than 15 digits. */
static bool
upstream_response_number(struct slice s, uint64_t *n)
{
	*n = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*n = *n * 10 + (unsigned)(s.p[i] - '0');
	}
	return s.len > 0 && s.len <= 15;
}

/* HTTP/1.x SP three digits, then the end or SP and a reason. */
static enum response_result
upstream_response_read_status(struct upstream_response *a, struct slice line)
{
	uint64_t status;

	if (line.len < 12 || memcmp(line.p, "HTTP/1.", 7) != 0 || line.p[8] != ' ' ||
	    (line.p[7] != '0' && line.p[7] != '1') || (line.len > 12 && line.p[12] != ' ') ||
	    !upstream_response_number((struct slice){line.p + 9, 3}, &status) || status < 100 ||
	    status > 599)
		return RESPONSE_BAD;
	a->head = (struct upstream_head){.status = (int)status};
	a->keep_alive = line.p[7] == '1';
	a->chunked = a->has_length = false;
	a->left = 0;
	a->at = RESPONSE_AT_FIELD;
	return RESPONSE_MORE;
}

/* The only option that matters here is close. */
static void
upstream_response_read_connection(struct upstream_response *a, struct slice value)
{
	struct slice option;

	while (header_list_next(&value, &option))
		if (header_equals(option, "close"))
			a->keep_alive = false;
}

static enum response_result
upstream_response_read_length(struct upstream_response *a, struct slice value)
{
	uint64_t n;

	if (!upstream_response_number(value, &n) || (a->has_length && n != a->left))
		return RESPONSE_BAD;
	a->has_length = true;
	a->left = n;
	return RESPONSE_MORE;
}

/* The media type without its parameters (RFC 9110, section 8.3.1). */
static void
upstream_head_read_type(struct upstream_head *h, struct slice value)
{
	const uint8_t *end = memchr(value.p, ';', value.len);
	size_t n;

	value =
	    header_trim(end == NULL ? value : (struct slice){value.p, (size_t)(end - value.p)});
	n = value.len < sizeof(h->type) ? value.len : sizeof(h->type) - 1;
	for (size_t i = 0; i < n; i++)
		h->type[i] = (char)tolower(value.p[i]);
	h->type[n] = '\0';
}

void
upstream_head_read_field(struct upstream_head *h, struct slice name, struct slice value)
{
	if (header_equals(name, "content-type"))
		upstream_head_read_type(h, value);
	else if (header_equals(name, "content-encoding"))
		h->encoded = value.len > 0 && !header_equals(value, "identity");
	else
		retry_after_read_field(&h->retry_after, name, value);
}

static enum response_result
upstream_response_read_named_field(
    struct upstream_response *a, struct slice name, struct slice value)
{
	if (header_equals(name, "content-length"))
		return upstream_response_read_length(a, value);
	if (header_equals(name, "transfer-encoding")) {
		/* The request allows no other. */
		if (a->chunked || !header_equals(value, "chunked"))
			return RESPONSE_BAD;
		a->chunked = true;
	} else if (header_equals(name, "connection")) {
		upstream_response_read_connection(a, value);
	} else {
		upstream_head_read_field(&a->head, name, value);
	}
	return RESPONSE_MORE;
}

/* The end of the head decides how the body is framed (RFC 9112, section 6.3). */
static enum response_result
upstream_response_end_head(struct upstream_response *a)
{
	/* No request asks to switch protocols. */
	if (a->head.status == 101)
		return RESPONSE_BAD;
	if (a->head.status < 200) {
		a->at = RESPONSE_AT_STATUS;
		return RESPONSE_MORE;
	}
	if (a->head.status == 204 || a->head.status == 304) {
		a->has_length = true;
		a->chunked = false;
		a->left = 0;
	}
	/* With both fields an intermediary may frame the message differently. */
	if (a->chunked && a->has_length)
		a->keep_alive = false;
	if (!a->chunked && !a->has_length)
		a->keep_alive = false;
	a->at = a->chunked ? RESPONSE_AT_CHUNKS : RESPONSE_AT_BODY;
	chunked_init(&a->chunks, BUF_MAX, RESPONSE_HEAD_MAX);
	if (!a->chunked && a->has_length && a->left == 0)
		a->at = RESPONSE_AT_END;
	return RESPONSE_HEAD;
}

static enum response_result
upstream_response_read_field(struct upstream_response *a, struct slice line)
{
	const uint8_t *colon;

	if (line.len == 0)
		return upstream_response_end_head(a);
	colon = memchr(line.p, ':', line.len);
	/* An empty name, white space before the colon, or a folded line. */
	if (colon == NULL || colon == line.p || colon[-1] == ' ' || colon[-1] == '\t' ||
	    *line.p == ' ' || *line.p == '\t')
		return RESPONSE_BAD;
	return upstream_response_read_named_field(a,
	    (struct slice){line.p, (size_t)(colon - line.p)},
	    header_trim((struct slice){colon + 1, line.len - (size_t)(colon - line.p) - 1}));
}

/* A line ends with LF, with or without CR (RFC 9112, section 2.2). */
static enum response_result
upstream_response_take_line(struct upstream_response *a, struct slice *in)
{
	const uint8_t *end = memchr(in->p, '\n', in->len);
	size_t n = end == NULL ? in->len : (size_t)(end - in->p) + 1;
	struct slice line = {in->p, n};
	enum response_result result;

	*in = (struct slice){in->p + n, in->len - n};
	a->read += n;
	if (n > RESPONSE_LINE_MAX || a->read > RESPONSE_HEAD_MAX)
		return RESPONSE_BAD;
	if (end == NULL || buf_len(&a->line) > 0) {
		if (buf_append(&a->line, line.p, line.len) == -1)
			return RESPONSE_BAD;
		line = buf_slice(&a->line);
	}
	if (end == NULL)
		return RESPONSE_MORE;
	line.len--;
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	result = a->at == RESPONSE_AT_STATUS ? upstream_response_read_status(a, line)
					     : upstream_response_read_field(a, line);
	buf_clear(&a->line);
	return result;
}

static enum response_result
upstream_response_take_body(struct upstream_response *a, struct slice *in, struct slice *piece)
{
	*piece = *in;
	if (a->has_length && piece->len > a->left)
		piece->len = (size_t)a->left;
	*in = (struct slice){in->p + piece->len, in->len - piece->len};
	a->left -= a->has_length ? piece->len : 0;
	if (a->has_length && a->left == 0)
		a->at = RESPONSE_AT_END;
	return RESPONSE_PIECE;
}

static enum response_result
upstream_response_take_chunks(
    struct upstream_response *a, struct slice *in, struct slice *piece)
{
	int unused;

	switch (chunked_read(&a->chunks, in, piece, &unused)) {
	case CHUNKED_PIECE:
		return RESPONSE_PIECE;
	case CHUNKED_BAD:
		return RESPONSE_BAD;
	case CHUNKED_END:
		a->at = RESPONSE_AT_END;
		return RESPONSE_MORE;
	case CHUNKED_MORE:
		return RESPONSE_MORE;
	}
	never("a result of chunked_read()");
}

enum response_result
upstream_response_read(struct upstream_response *a, struct slice *in, struct slice *piece)
{
	enum response_result result = RESPONSE_MORE;

	while (result == RESPONSE_MORE && a->at != RESPONSE_AT_END && in->len > 0) {
		if (a->at == RESPONSE_AT_BODY)
			result = upstream_response_take_body(a, in, piece);
		else if (a->at == RESPONSE_AT_CHUNKS)
			result = upstream_response_take_chunks(a, in, piece);
		else
			result = upstream_response_take_line(a, in);
	}
	if (result == RESPONSE_MORE && a->at == RESPONSE_AT_END)
		return RESPONSE_WHOLE;
	return result;
}

bool
upstream_response_ends_here(const struct upstream_response *a)
{
	return a->at == RESPONSE_AT_BODY && !a->has_length;
}
