#include "workerd/crawl/rules/path_pattern.h"

#include <string.h>

#include "proto/base/utf8.h"
#include "workerd/crawl/rules/url.h"

#define ESCAPED_MAX (4 * 3 * URL_MAX)

int
path_pattern_add(struct buf *out, struct slice pattern)
{
	return url_add_escaped(out, pattern);
}

int
path_pattern_add_path(struct buf *out, struct slice path)
{
	size_t start = buf_len(out);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < path.len; i++) {
		if (path.p[i] == '*')
			rc = buf_append(out, "%2A", 3);
		else if (path.p[i] == '$')
			rc = buf_append(out, "%24", 3);
		else
			rc = buf_append(out, path.p + i, 1);
	}
	if (rc != 0)
		buf_truncate(out, start);
	return rc;
}

/* The bytes before the next "*". */
static struct slice
path_pattern_literal(struct slice pattern)
{
	const uint8_t *star = pattern.len == 0 ? NULL : memchr(pattern.p, '*', pattern.len);

	return (struct slice){
	    pattern.p, star == NULL ? pattern.len : (size_t)(star - pattern.p)};
}

bool
path_pattern_matches(struct slice pattern, struct slice path)
{
	bool to_end = pattern.len > 0 && pattern.p[pattern.len - 1] == '$';
	struct slice literal;

	pattern.len -= to_end;
	literal = path_pattern_literal(pattern);
	if (path.len < literal.len || memcmp(path.p, literal.p, literal.len) != 0)
		return false;
	while (literal.len < pattern.len) {
		const uint8_t *found;

		path = (struct slice){path.p + literal.len, path.len - literal.len};
		pattern =
		    (struct slice){pattern.p + literal.len + 1, pattern.len - literal.len - 1};
		literal = path_pattern_literal(pattern);
		if (to_end &&
		    literal.len == pattern.len) /* the last one: where the path ends */
			return path.len >= literal.len &&
			    memcmp(path.p + path.len - literal.len, literal.p, literal.len) ==
			    0;
		/* The first place is the best one for what follows. */
		found = literal.len == 0 ? path.p
					 : memmem(path.p, path.len, literal.p, literal.len);
		if (found == NULL)
			return false;
		path = (struct slice){found, path.len - (size_t)(found - path.p)};
	}
	return !to_end || path.len == literal.len;
}

/* Whether a line of the owner's matches. */
static bool
path_pattern_line_matches(struct slice line, struct slice path)
{
	struct buf pattern;
	bool matches = false;
	char url[URL_MAX + 1];

	line = utf8_trim(line);
	if (line.len == 0)
		return false;
	buf_init(&pattern, ESCAPED_MAX);
	if (line.p[0] != '/' && line.p[0] != '*' && url_normalize(line, NULL, url) == 0)
		line = url_split(url).path;
	else if (line.p[0] != '/' && line.p[0] != '*' && buf_append(&pattern, "/", 1) != 0)
		return false;
	matches = path_pattern_add(&pattern, line) == 0 &&
	    path_pattern_matches(buf_slice(&pattern), path);
	buf_clear(&pattern);
	return matches;
}

bool
path_pattern_any(struct slice lines, struct slice path)
{
	struct buf escaped;
	bool any = false;

	buf_init(&escaped, ESCAPED_MAX);
	if (path_pattern_add_path(&escaped, path) != 0)
		lines.len = 0;
	while (lines.len > 0 && !any) {
		const uint8_t *end = memchr(lines.p, '\n', lines.len);
		size_t n = end == NULL ? lines.len : (size_t)(end - lines.p);

		any =
		    path_pattern_line_matches((struct slice){lines.p, n}, buf_slice(&escaped));
		n += end != NULL;
		lines = (struct slice){lines.p + n, lines.len - n};
	}
	buf_clear(&escaped);
	return any;
}
