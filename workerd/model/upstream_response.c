/*
 * A line that is completely in the input is parsed there; only a split one is copied.
 */
#include "workerd/model/upstream_response.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "proto/base/hex.h"

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
}

void
upstream_response_reset(struct upstream_response *a)
{
	upstream_response_clear(a);
	upstream_response_init(a);
}

/* Consumes the digits at the front of s. false if there are none, or more than 15. */
static bool
upstream_response_take_number(struct slice *s, unsigned base, uint64_t *n)
{
	size_t i = 0;

	*n = 0;
	for (; i < s->len; i++) {
		int digit = hex_value(s->p[i]);

		if (digit == -1 || digit >= (int)base)
			break;
		if (i == 15)
			return false;
		*n = *n * base + (unsigned)digit;
	}
	*s = (struct slice){s->p + i, s->len - i};
	return i > 0;
}

static bool
upstream_response_whole_number(struct slice s, uint64_t *n)
{
	return upstream_response_take_number(&s, 10, n) && s.len == 0;
}

static struct slice
upstream_response_trim(struct slice s)
{
	while (s.len > 0 && (*s.p == ' ' || *s.p == '\t'))
		s = (struct slice){s.p + 1, s.len - 1};
	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static bool
upstream_response_is_word(struct slice s, const char *lower)
{
	return s.len == strlen(lower) && strncasecmp((const char *)s.p, lower, s.len) == 0;
}

/* HTTP/1.x SP three digits, then the end or SP and a reason. */
static enum response_result
upstream_response_read_status(struct upstream_response *a, struct slice line)
{
	uint64_t status;

	if (line.len < 12 || memcmp(line.p, "HTTP/1.", 7) != 0 || line.p[8] != ' ' ||
	    (line.p[7] != '0' && line.p[7] != '1') || (line.len > 12 && line.p[12] != ' ') ||
	    !upstream_response_whole_number((struct slice){line.p + 9, 3}, &status) ||
	    status < 100 || status > 599)
		return RESPONSE_BAD;
	a->head = (struct upstream_head){.status = (int)status};
	a->keep_alive = line.p[7] == '1';
	a->chunked = a->has_length = false;
	a->left = 0;
	a->at = RESPONSE_AT_FIELD;
	return RESPONSE_MORE;
}

/* Seconds or a date (RFC 9110, sections 10.2.3 and 5.6.7), as seconds from now. */
static uint64_t
upstream_response_retry_after(struct slice value)
{
	char text[40];
	struct tm tm = {0};
	time_t when, now = time(NULL);
	uint64_t seconds;

	if (upstream_response_whole_number(value, &seconds))
		return seconds;
	if (value.len >= sizeof(text))
		return 0;
	memcpy(text, value.p, value.len);
	text[value.len] = '\0';
	if (strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm) == NULL)
		return 0;
	when = timegm(&tm);
	return when > now ? (uint64_t)(when - now) : 0;
}

/* The only option that matters here is close. */
static void
upstream_response_read_connection(struct upstream_response *a, struct slice value)
{
	while (value.len > 0) {
		const uint8_t *comma = memchr(value.p, ',', value.len);
		size_t n = comma == NULL ? value.len : (size_t)(comma - value.p);
		struct slice name = upstream_response_trim((struct slice){value.p, n});

		if (upstream_response_is_word(name, "close"))
			a->keep_alive = false;
		n += comma != NULL;
		value = (struct slice){value.p + n, value.len - n};
	}
}

static enum response_result
upstream_response_read_length(struct upstream_response *a, struct slice value)
{
	uint64_t n;

	if (!upstream_response_whole_number(value, &n) || (a->has_length && n != a->left))
		return RESPONSE_BAD;
	a->has_length = true;
	a->left = n;
	return RESPONSE_MORE;
}

void
upstream_head_read_field(struct upstream_head *h, struct slice name, struct slice value)
{
	if (upstream_response_is_word(name, "retry-after"))
		h->retry_after_s = upstream_response_retry_after(value);
	else if (upstream_response_is_word(name, "content-encoding"))
		h->encoded = !upstream_response_is_word(value, "identity");
}

static enum response_result
upstream_response_read_named_field(
    struct upstream_response *a, struct slice name, struct slice value)
{
	if (upstream_response_is_word(name, "content-length"))
		return upstream_response_read_length(a, value);
	if (upstream_response_is_word(name, "transfer-encoding")) {
		/* The request allows no other. */
		if (a->chunked || !upstream_response_is_word(value, "chunked"))
			return RESPONSE_BAD;
		a->chunked = true;
	} else if (upstream_response_is_word(name, "connection")) {
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
	a->at = a->chunked ? RESPONSE_AT_SIZE : RESPONSE_AT_BODY;
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
	    upstream_response_trim(
		(struct slice){colon + 1, line.len - (size_t)(colon - line.p) - 1}));
}

/* The size; chunk extensions are ignored. */
static enum response_result
upstream_response_read_size(struct upstream_response *a, struct slice line)
{
	if (!upstream_response_take_number(&line, 16, &a->left))
		return RESPONSE_BAD;
	line = upstream_response_trim(line);
	if (line.len > 0 && *line.p != ';')
		return RESPONSE_BAD;
	a->at = a->left > 0 ? RESPONSE_AT_CHUNK : RESPONSE_AT_TRAILER;
	return RESPONSE_MORE;
}

static enum response_result
upstream_response_read_trailer(struct upstream_response *a, struct slice line)
{
	if (line.len > 0)
		return RESPONSE_MORE;
	a->at = RESPONSE_AT_END;
	return RESPONSE_MORE;
}

static enum response_result
upstream_response_read_line(struct upstream_response *a, struct slice line)
{
	switch (a->at) {
	case RESPONSE_AT_STATUS:
		return upstream_response_read_status(a, line);
	case RESPONSE_AT_FIELD:
		return upstream_response_read_field(a, line);
	case RESPONSE_AT_SIZE:
		return upstream_response_read_size(a, line);
	case RESPONSE_AT_CRLF:
		a->at = RESPONSE_AT_SIZE;
		return line.len == 0 ? RESPONSE_MORE : RESPONSE_BAD;
	case RESPONSE_AT_TRAILER:
		return upstream_response_read_trailer(a, line);
	default:
		return RESPONSE_BAD;
	}
}

/* Heads and trailer are bounded together. Chunk framing is bounded by line only, because there
 * may be many chunks. */
static bool
upstream_response_is_too_much(struct upstream_response *a, size_t n)
{
	if (a->at == RESPONSE_AT_SIZE || a->at == RESPONSE_AT_CRLF)
		return false;
	a->read += n;
	return a->read > RESPONSE_HEAD_MAX;
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
	if (n > RESPONSE_LINE_MAX || upstream_response_is_too_much(a, n))
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
	result = upstream_response_read_line(a, line);
	buf_clear(&a->line);
	return result;
}

static enum response_result
upstream_response_take_body(struct upstream_response *a, struct slice *in, struct slice *piece)
{
	bool counted = a->at == RESPONSE_AT_CHUNK || a->has_length;

	*piece = *in;
	if (counted && piece->len > a->left)
		piece->len = (size_t)a->left;
	*in = (struct slice){in->p + piece->len, in->len - piece->len};
	if (!counted)
		return RESPONSE_PIECE;
	a->left -= piece->len;
	if (a->left == 0)
		a->at = a->at == RESPONSE_AT_CHUNK ? RESPONSE_AT_CRLF : RESPONSE_AT_END;
	return RESPONSE_PIECE;
}

enum response_result
upstream_response_read(struct upstream_response *a, struct slice *in, struct slice *piece)
{
	enum response_result result = RESPONSE_MORE;

	while (result == RESPONSE_MORE && a->at != RESPONSE_AT_END && in->len > 0) {
		if (a->at == RESPONSE_AT_BODY || a->at == RESPONSE_AT_CHUNK)
			result = upstream_response_take_body(a, in, piece);
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
