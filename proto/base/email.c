#include "proto/base/email.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

static uint8_t
email_lower_byte(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool
email_is_alphanumeric(uint8_t c)
{
	return (email_lower_byte(c) >= 'a' && email_lower_byte(c) <= 'z') ||
	    (c >= '0' && c <= '9');
}

/* RFC 5322's atext, and all non-ASCII bytes. */
static bool
email_is_local(uint8_t c)
{
	return email_is_alphanumeric(c) || c >= 0x80 ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
email_is_domain(uint8_t c)
{
	return email_is_alphanumeric(c) || c >= 0x80 || c == '-';
}

/* Non-empty words of such characters, separated by single dots. */
static bool
email_is_dotted(struct slice s, bool (*fits)(uint8_t))
{
	bool in_word = false;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '.' ? !in_word : !fits(s.p[i]))
			return false;
		in_word = s.p[i] != '.';
	}
	return in_word;
}

/* Whether a character of two or three bytes is a control character or white space: C1 and U+00A0,
 * U+1680, U+2000 to U+200F, U+2028 to U+202F, U+205F to U+206F, U+3000, U+FEFF. */
static bool
email_is_invisible(uint8_t first, uint8_t second, uint8_t third)
{
	static const struct {
		uint8_t first, second, from, to;
	} ranges[] = {
	    {0xe1, 0x9a, 0x80, 0x80},
	    {0xe2, 0x80, 0x80, 0x8f},
	    {0xe2, 0x80, 0xa8, 0xaf},
	    {0xe2, 0x81, 0x9f, 0xaf},
	    {0xe3, 0x80, 0x80, 0x80},
	    {0xef, 0xbb, 0xbf, 0xbf},
	};

	if (first == 0xc2 && second <= 0xa0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (first == ranges[i].first && second == ranges[i].second &&
		    third >= ranges[i].from && third <= ranges[i].to)
			return true;
	return false;
}

static bool
email_has_invisible(struct slice s)
{
	for (size_t i = 0; i + 1 < s.len; i++)
		if (email_is_invisible(s.p[i], s.p[i + 1], i + 2 < s.len ? s.p[i + 2] : 0))
			return true;
	return false;
}

bool
email_valid(struct slice text)
{
	const uint8_t *at = text.len == 0 ? NULL : memchr(text.p, '@', text.len);
	struct slice local, domain;

	if (at == NULL || text.len > EMAIL_TEXT_MAX || !utf8_valid(text) ||
	    email_has_invisible(text))
		return false;
	local = (struct slice){text.p, (size_t)(at - text.p)};
	domain = (struct slice){at + 1, text.len - local.len - 1};
	return local.len <= EMAIL_LOCAL_MAX && email_is_dotted(local, email_is_local) &&
	    email_is_dotted(domain, email_is_domain) && domain.p[0] != '-' &&
	    domain.p[domain.len - 1] != '-';
}

bool
email_same(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (email_lower_byte(a.p[i]) != email_lower_byte(b.p[i]))
			return false;
	return true;
}

struct slice
email_lower(struct slice text, uint8_t out[EMAIL_TEXT_MAX])
{
	must(text.len <= EMAIL_TEXT_MAX);
	for (size_t i = 0; i < text.len; i++)
		out[i] = email_lower_byte(text.p[i]);
	return (struct slice){out, text.len};
}
