#include "workerd/crawl/rules/url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "proto/base/hex.h"
#include "proto/base/utf8.h"

/* Bytes of a reference before it is normalized. */
#define REFERENCE_MAX (4 * URL_MAX)

/* Parameters that say where a visitor came from; "*" stands for any end. */
static const char *const tracking[] = {"utm_*", "gclid", "gclsrc", "dclid", "gbraid", "wbraid",
    "fbclid", "msclkid", "yclid", "twclid", "ttclid", "igshid", "mc_cid", "mc_eid", "_ga",
    "_gl", "_hsenc", "_hsmi", "mkt_tok", "vero_id", "oly_anon_id", "oly_enc_id", "wickedid",
    "s_cid", "ref_src", "srsltid"};

static bool
url_is_unreserved(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '.' || c == '_' || c == '~';
}

/* Characters that are not unreserved, and may be in a path or a query. */
static bool
url_is_allowed(uint8_t c)
{
	return c != '\0' && strchr("!$&'()*+,;=:@/?[]|", c) != NULL;
}

static int
url_add_byte(struct buf *out, uint8_t c)
{
	if (url_is_unreserved(c) || url_is_allowed(c))
		return buf_append(out, &c, 1);
	return buf_printf(out, "%%%02X", c);
}

int
url_add_escaped(struct buf *out, struct slice s)
{
	size_t start = buf_len(out);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s.len; i++) {
		int escaped = s.p[i] == '%' && i + 2 < s.len ? hex_value2(s.p + i + 1) : -1;
		uint8_t c = s.p[i];

		if (escaped == -1) {
			rc = url_add_byte(out, c);
			continue;
		}
		c = (uint8_t)escaped;
		rc = url_is_unreserved(c) ? buf_append(out, &c, 1)
					  : buf_printf(out, "%%%02X", c);
		i += 2;
	}
	if (rc != 0)
		buf_truncate(out, start);
	return rc;
}

/* Copies a reference without the white space around it, and without tabs and line breaks (WHATWG URL, 4.4), up to its
 * fragment. -1: it is too long. */
static int
url_clean(struct slice reference, struct buf *out)
{
	bool query = false;

	while (reference.len > 0 && reference.p[0] <= ' ')
		reference = (struct slice){reference.p + 1, reference.len - 1};
	while (reference.len > 0 && reference.p[reference.len - 1] <= ' ')
		reference.len--;
	for (size_t i = 0; i < reference.len && reference.p[i] != '#'; i++) {
		uint8_t c = reference.p[i];

		if (c == '\t' || c == '\n' || c == '\r')
			continue;
		query = query || c == '?';
		/* Browsers take it as a slash. */
		c = c == '\\' && !query ? '/' : c;
		if (buf_append(out, &c, 1) != 0)
			return -1;
	}
	return 0;
}

static struct slice
url_behind(struct slice s, size_t n)
{
	return (struct slice){s.p + n, s.len - n};
}

static bool
url_starts(struct slice s, const char *with)
{
	return s.len >= strlen(with) && strncasecmp((const char *)s.p, with, strlen(with)) == 0;
}

/* The bytes before the first one of `ends`. */
static size_t
url_span(struct slice s, const char *ends)
{
	size_t n = 0;

	while (n < s.len && (s.p[n] == '\0' || strchr(ends, s.p[n]) == NULL))
		n++;
	return n;
}

/* Whether the reference begins with a scheme. */
static bool
url_has_scheme(struct slice s)
{
	size_t n = url_span(s, ":/?");

	if (n == 0 || n == s.len || s.p[n] != ':')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!url_is_unreserved(s.p[i]) && s.p[i] != '+')
			return false;
	return (s.p[0] | 0x20) >= 'a' && (s.p[0] | 0x20) <= 'z';
}

/* A port, or the default one if there are no digits; -1: invalid. */
static int
url_read_port(struct slice digits, bool secure)
{
	int port = 0;

	if (digits.len == 0)
		return secure ? 443 : 80;
	if (digits.len > 5)
		return -1;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return -1;
		port = port * 10 + (digits.p[i] - '0');
	}
	return port >= 1 && port <= 65535 ? port : -1;
}

static bool
url_is_host(struct slice host)
{
	if (host.len == 0 || host.len > 255)
		return false;
	if (host.p[0] == '[') {
		for (size_t i = 1; i + 1 < host.len; i++)
			if (hex_value(host.p[i]) == -1 && host.p[i] != ':' && host.p[i] != '.')
				return false;
		return host.len > 2 && host.p[host.len - 1] == ']';
	}
	for (size_t i = 0; i < host.len; i++) {
		if (!url_is_unreserved(host.p[i]) && host.p[i] < 0x80)
			return false;
		/* Labels are not empty. */
		if (host.p[i] == '.' && (i == 0 || host.p[i - 1] == '.' || i + 1 == host.len))
			return false;
	}
	return utf8_valid(host);
}

/* Appends "https://host:port" from an authority. */
static int
url_add_origin(struct buf *out, struct slice authority, bool secure)
{
	size_t n = authority.len > 0 && authority.p[0] == '[' ? url_span(authority, "]") + 1
							      : url_span(authority, ":");
	struct slice host = {authority.p, n < authority.len ? n : authority.len};
	struct slice rest = url_behind(authority, host.len);
	int port;

	if (rest.len > 0 && rest.p[0] != ':')
		return -1;
	port = url_read_port(url_behind(rest, rest.len > 0), secure);
	if (host.len > 1 && host.p[host.len - 1] == '.') /* the DNS root */
		host.len--;
	if (port == -1 || !url_is_host(host) ||
	    buf_append_str(out, secure ? "https://" : "http://") != 0)
		return -1;
	for (size_t i = 0; i < host.len; i++) {
		uint8_t c = host.p[i];

		c = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
		if (buf_append(out, &c, 1) != 0)
			return -1;
	}
	return port == (secure ? 443 : 80) ? 0 : buf_printf(out, ":%d", port);
}

/* Appends an absolute path without its dot segments (RFC 3986, section 5.2.4). */
static int
url_add_path(struct buf *out, struct slice path)
{
	size_t origin = buf_len(out);

	while (path.len > 0) {
		size_t n = 1 + url_span(url_behind(path, 1), "/");
		struct slice segment = {path.p + 1, n - 1};
		bool last = n == path.len;

		path = url_behind(path, n);
		if (slice_eq_str(segment, "..")) {
			size_t at = buf_len(out);

			while (at > origin && buf_data(out)[at - 1] != '/')
				at--;
			buf_truncate(out, at > origin ? at - 1 : origin);
		} else if (!slice_eq_str(segment, ".")) {
			if (buf_append(out, "/", 1) != 0 ||
			    buf_append(out, segment.p, segment.len) != 0)
				return -1;
			continue;
		}
		if (last && buf_append(out, "/", 1) != 0)
			return -1;
	}
	return buf_len(out) == origin ? buf_append(out, "/", 1) : 0;
}

static bool
url_is_tracking(struct slice parameter)
{
	struct slice name = {parameter.p, url_span(parameter, "=")};

	for (size_t i = 0; i < ARRAY_LEN(tracking); i++) {
		size_t n = strlen(tracking[i]);

		if (tracking[i][n - 1] == '*'
			? name.len >= n - 1 && memcmp(name.p, tracking[i], n - 1) == 0
			: slice_eq_str(name, tracking[i]))
			return true;
	}
	return false;
}

/* Appends a query, which begins with "?", without its tracking parameters. */
static int
url_add_query(struct buf *out, struct slice query)
{
	char separator = '?';

	while (query.len > 0) {
		struct slice parameter = url_behind(query, 1);

		parameter.len = url_span(parameter, "&");
		query = url_behind(query, 1 + parameter.len);
		if (parameter.len == 0 || url_is_tracking(parameter))
			continue;
		if (buf_append(out, &separator, 1) != 0 ||
		    buf_append(out, parameter.p, parameter.len) != 0)
			return -1;
		separator = '&';
	}
	return 0;
}

/* Appends the path and the query of a reference that is relative to base_path. */
static int
url_add_relative(struct buf *out, struct slice reference, struct slice base_path)
{
	struct slice path = {reference.p, url_span(reference, "?")};
	struct slice query = url_behind(reference, path.len);
	struct slice base = {base_path.p, url_span(base_path, "?")};
	struct buf merged, escaped;
	int rc = 0;

	buf_init(&merged, REFERENCE_MAX + URL_MAX);
	buf_init(&escaped, 2 * REFERENCE_MAX);
	if (path.len == 0) {
		query = query.len == 0 ? url_behind(base_path, base.len) : query;
		path = base;
	} else if (path.p[0] != '/') {
		while (base.len > 0 && base.p[base.len - 1] != '/')
			base.len--;
		rc = base.len == 0 ? buf_append(&merged, "/", 1)
				   : buf_append(&merged, base.p, base.len);
	}
	if (rc == 0)
		rc = buf_append(&merged, path.p, path.len);
	/* %2e is a dot, too. */
	if (rc == 0)
		rc = url_add_escaped(&escaped, buf_slice(&merged));
	if (rc == 0)
		rc = url_add_path(out, buf_slice(&escaped));
	buf_reset(&escaped);
	if (rc == 0)
		rc = url_add_escaped(&escaped, query);
	if (rc == 0)
		rc = url_add_query(out, buf_slice(&escaped));
	buf_clear(&merged);
	buf_clear(&escaped);
	return rc;
}

static int
url_add_absolute(struct buf *out, struct slice reference, bool secure)
{
	size_t n = url_span(reference, "/?");
	struct slice authority = {reference.p, n};

	if (memchr(authority.p, '@', n) != NULL || url_add_origin(out, authority, secure) != 0)
		return -1;
	return url_add_relative(out, url_behind(reference, n), slice_str("/"));
}

static int
url_add(struct buf *out, struct slice reference, const char *base)
{
	struct url to;

	if (url_starts(reference, "http://"))
		return url_add_absolute(out, url_behind(reference, 7), false);
	if (url_starts(reference, "https://"))
		return url_add_absolute(out, url_behind(reference, 8), true);
	if (base == NULL || url_has_scheme(reference))
		return -1;
	to = url_split(base);
	if (url_starts(reference, "//"))
		return url_add_absolute(out, url_behind(reference, 2), to.secure);
	if (buf_append(out, to.origin.p, to.origin.len) != 0)
		return -1;
	return url_add_relative(out, reference, to.path);
}

int
url_normalize(struct slice reference, const char *base, char out[URL_MAX + 1])
{
	struct buf clean, normal;
	int rc;

	buf_init(&clean, REFERENCE_MAX);
	buf_init(&normal, URL_MAX);
	rc = url_clean(reference, &clean);
	if (rc == 0)
		rc = url_add(&normal, buf_slice(&clean), base);
	if (rc == 0) {
		memcpy(out, buf_data(&normal), buf_len(&normal));
		out[buf_len(&normal)] = '\0';
	}
	buf_clear(&clean);
	buf_clear(&normal);
	return rc;
}

struct url
url_split(const char *normal)
{
	struct url u = {.secure = strncmp(normal, "https:", 6) == 0};
	struct slice rest = slice_str(normal + (u.secure ? 8 : 7));
	size_t authority = url_span(rest, "/");
	size_t host = rest.p[0] == '[' ? url_span(rest, "]") + 1 : url_span(rest, ":/");

	u.origin = (struct slice){(const uint8_t *)normal, (u.secure ? 8u : 7u) + authority};
	u.host = (struct slice){rest.p, host};
	u.port = host == authority
	    ? (u.secure ? 443 : 80)
	    : (uint16_t)url_read_port(
		  (struct slice){rest.p + host + 1, authority - host - 1}, u.secure);
	u.path = url_behind(rest, authority);
	return u;
}
