#include "tests/stub/bytes.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAP_MIN 256

void
bytes_clear(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){0};
}

void
bytes_reset(struct bytes *b, size_t keep)
{
	if (b->cap > keep)
		bytes_clear(b);
	b->len = 0;
}

char *
bytes_reserve(struct bytes *b, size_t n)
{
	size_t cap = b->cap < CAP_MIN ? CAP_MIN : b->cap;

	if (n > BYTES_MAX - b->len)
		errx(1, "a response exceeds %zu bytes", BYTES_MAX);
	while (cap < b->len + n)
		cap *= 2;
	if (b->p == NULL || cap > b->cap) {
		char *p = realloc(b->p, cap);

		if (p == NULL)
			err(1, "out of memory");
		b->p = p;
		b->cap = cap;
	}
	return b->p + b->len;
}

void
bytes_add(struct bytes *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(bytes_reserve(b, n), p, n);
	b->len += n;
}

void
bytes_add_str(struct bytes *b, const char *s)
{
	bytes_add(b, s, strlen(s));
}

void
bytes_add_span(struct bytes *b, struct span s)
{
	bytes_add(b, s.p, s.len);
}

void
bytes_add_uint(struct bytes *b, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	bytes_add(b, digits + at, sizeof(digits) - at);
}

void
bytes_addf(struct bytes *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		err(1, "vsnprintf");
	/* One more for the NUL, which is not counted. */
	vsnprintf(bytes_reserve(b, (size_t)n + 1), (size_t)n + 1, fmt, again);
	b->len += (size_t)n;
	va_end(again);
	va_end(ap);
}

/* The characters that a JSON string must not contain unescaped. */
static void
bytes_add_escape(struct bytes *b, unsigned char c)
{
	static const char letters[] = "\bb\tt\nn\ff\rr\"\"\\\\";

	for (const char *l = letters; *l != '\0'; l += 2) {
		if ((unsigned char)*l == c) {
			bytes_add(b, (char[]){'\\', l[1]}, 2);
			return;
		}
	}
	bytes_addf(b, "\\u%04x", c);
}

static bool
bytes_needs_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

void
bytes_add_json(struct bytes *b, struct span s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!bytes_needs_escape(c))
			continue;
		bytes_add(b, s.p + from, i - from);
		bytes_add_escape(b, c);
		from = i + 1;
	}
	if (from < s.len)
		bytes_add(b, s.p + from, s.len - from);
}

/* Length of the UTF-8 character that starts with c; *bits gets its code point bits. */
static size_t
bytes_utf8_lead(unsigned char c, uint32_t *bits)
{
	size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

	*bits = n == 1 ? c : c & (0x7fu >> n);
	return n;
}

void
bytes_add_json_ascii(struct bytes *b, struct span s)
{
	for (size_t i = 0; i < s.len;) {
		unsigned char c = (unsigned char)s.p[i];
		uint32_t point;
		size_t n = bytes_utf8_lead(c, &point);

		for (size_t k = 1; k < n && i + k < s.len; k++)
			point = point << 6 | ((unsigned char)s.p[i + k] & 0x3fu);
		i += n;
		/* Only invalid text gets here: U+FFFD keeps the output valid. */
		if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
			point = 0xfffd;
		if (point >= 0x10000)
			bytes_addf(b, "\\u%04x\\u%04x", 0xd7c0 + (point >> 10),
			    0xdc00 + (point & 0x3ff));
		else if (point >= 0x80)
			bytes_addf(b, "\\u%04x", point);
		else if (bytes_needs_escape(c))
			bytes_add_escape(b, c);
		else
			bytes_add(b, &c, 1);
	}
}

struct span
bytes_span(const struct bytes *b)
{
	return (struct span){b->p, b->len};
}

struct span
span_str(const char *s)
{
	return (struct span){s, strlen(s)};
}

bool
span_eq_str(struct span s, const char *str)
{
	return s.len == strlen(str) && (s.len == 0 || memcmp(s.p, str, s.len) == 0);
}

bool
span_contains(struct span s, struct span part)
{
	if (part.len == 0)
		return true;
	return s.len >= part.len && memmem(s.p, s.len, part.p, part.len) != NULL;
}

struct span
span_from(struct span s, size_t n)
{
	if (n == 0)
		return s;
	return (struct span){s.p + n, s.len - n};
}

uint64_t
span_hash(struct span s)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.len; i++)
		hash = (hash ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	return hash;
}

int
span_uint(struct span s, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	/* 18 digits cannot overflow, and no limit here has more. */
	if (s.len == 0 || s.len > 18)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (n < min || n > max)
		return -1;
	*out = n;
	return 0;
}
