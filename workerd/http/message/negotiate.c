/*
 * Accept-Encoding, Accept and If-None-Match.
 */
#include "workerd/http/message/negotiate.h"

#include <string.h>

#include "workerd/http/message/http_parse.h"

#define Q_ABSENT (-1)

/*
 * A qvalue in thousandths (RFC 9110, section 12.4.2). An invalid one counts as 0, so a malformed
 * request does not select a coding.
 */
static int
negotiate_parse_q(struct slice s)
{
	int q = 0, scale = 1000;

	if (s.len == 0 || s.len > 5 || (s.p[0] != '0' && s.p[0] != '1') ||
	    (s.len > 1 && s.p[1] != '.'))
		return 0;
	q = (s.p[0] - '0') * scale;
	for (size_t i = 2; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		scale /= 10;
		q += (s.p[i] - '0') * scale;
	}
	return q <= 1000 ? q : 0;
}

/* Splits "gzip ; q=0.5" into the coding and its weight; 1000 without one. */
static int
negotiate_split_weight(struct slice *member)
{
	const uint8_t *semi = memchr(member->p, ';', member->len);
	struct slice param;

	if (semi == NULL)
		return 1000;
	param = (struct slice){semi + 1, member->len - (size_t)(semi - member->p) - 1};
	member->len = (size_t)(semi - member->p);
	*member = header_trim(*member);
	param = header_trim(param);
	if (param.len < 2 || (param.p[0] | 0x20) != 'q' || param.p[1] != '=')
		return 0;
	return negotiate_parse_q((struct slice){param.p + 2, param.len - 2});
}

enum http_coding
negotiate_coding(struct slice accept, unsigned available)
{
	int q[CODINGS] = {Q_ABSENT, Q_ABSENT, Q_ABSENT}, any = Q_ABSENT, best_q = 0;
	enum http_coding best = CODING_IDENTITY;
	struct slice member;

	while (header_list_next(&accept, &member)) {
		int weight = negotiate_split_weight(&member);

		if (header_equals(member, "br"))
			q[CODING_BR] = weight;
		else if (header_equals(member, "gzip") || header_equals(member, "x-gzip"))
			q[CODING_GZIP] = weight;
		else if (header_equals(member, "identity"))
			q[CODING_IDENTITY] = weight;
		else if (header_equals(member, "*"))
			any = weight;
	}
	for (enum http_coding c = CODING_IDENTITY; c < CODINGS; c++) {
		int weight = q[c] != Q_ABSENT ? q[c] : any;

		if (c != CODING_IDENTITY && !(available & (1u << c)))
			continue;
		if (weight > 0 && weight >= best_q) {
			best = c;
			best_q = weight;
		}
	}
	return best;
}

/* Removes the part before the next semicolon from s, without white space at its ends. */
static struct slice
negotiate_take_part(struct slice *s)
{
	const uint8_t *semi = memchr(s->p, ';', s->len);
	size_t n = semi == NULL ? s->len : (size_t)(semi - s->p);
	struct slice part = {s->p, n};

	n += semi != NULL;
	*s = (struct slice){s->p + n, s->len - n};
	return header_trim(part);
}

/* The weight of "text/html ; level=1 ; q=0.5", 1000 without one; *type is the media type. */
static int
negotiate_media_weight(struct slice member, struct slice *type)
{
	int weight = 1000;

	*type = negotiate_take_part(&member);
	while (member.len > 0) {
		struct slice param = negotiate_take_part(&member);

		if (param.len >= 2 && (param.p[0] | 0x20) == 'q' && param.p[1] == '=')
			weight = negotiate_parse_q((struct slice){param.p + 2, param.len - 2});
	}
	return weight;
}

bool
negotiate_prefers_type(struct slice accept, const char *type, const char *usual)
{
	int wanted = 0, other = 0;
	struct slice member, named;

	while (header_list_next(&accept, &member)) {
		int weight = negotiate_media_weight(member, &named);

		if (header_equals(named, type))
			wanted = weight;
		else if (header_equals(named, usual))
			other = weight;
	}
	return wanted > other;
}

/* The length of the quoted tag at the front of s; 0 without one. */
static size_t
negotiate_tag_len(struct slice s)
{
	const uint8_t *quote;

	if (s.len < 2 || s.p[0] != '"')
		return 0;
	quote = memchr(s.p + 1, '"', s.len - 1);
	return quote == NULL ? 0 : (size_t)(quote - s.p) + 1;
}

bool
negotiate_etag_matches(struct slice list, struct slice etag)
{
	list = header_trim(list);
	if (slice_eq_str(list, "*"))
		return true;
	while (list.len > 0) {
		size_t n;

		if (*list.p == ',' || *list.p == ' ' || *list.p == '\t') {
			list = (struct slice){list.p + 1, list.len - 1};
			continue;
		}
		if (list.len > 2 && list.p[0] == 'W' && list.p[1] == '/')
			list = (struct slice){list.p + 2, list.len - 2};
		n = negotiate_tag_len(list);
		if (n == 0)
			return false;
		if (slice_eq((struct slice){list.p, n}, etag))
			return true;
		list = (struct slice){list.p + n, list.len - n};
	}
	return false;
}
