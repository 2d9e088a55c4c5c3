#include "workerd/crawl/rules/robots.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "workerd/crawl/rules/path_pattern.h"
#include "workerd/crawl/rules/url.h"

struct robots_rule {
	uint32_t at, len; /* of the pattern, in text */
	bool allow;
};

/* The rules for one kind of group. */
struct robots_rules {
	struct robots_rule *rules;
	size_t n, room;
	unsigned delay_ms;
	bool found; /* there is such a group */
};

struct robots {
	struct buf text; /* of patterns and sitemaps */
	struct robots_rules own, any;
	struct robots_rule sitemaps[ROBOTS_SITEMAPS_MAX];
	size_t n_sitemaps;
	bool all, nothing;
};

/* Where the parser is. */
struct robots_group {
	bool own, any;  /* the group is for us, or for all */
	bool has_rules; /* so that a further User-agent begins a new group */
};

/* As Google's parser has it; lines end before. */
static bool
robots_is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static struct slice
robots_trim(struct slice s)
{
	while (s.len > 0 && robots_is_space(s.p[0]))
		s = (struct slice){s.p + 1, s.len - 1};
	while (s.len > 0 && robots_is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

static bool
robots_is(struct slice s, const char *name)
{
	return s.len == strlen(name) && strncasecmp((const char *)s.p, name, s.len) == 0;
}

static bool
robots_begins(struct slice s, const char *start)
{
	return s.len >= strlen(start) &&
	    strncasecmp((const char *)s.p, start, strlen(start)) == 0;
}

/* The product token at the front of a User-agent's value (section 2.2.1). */
static struct slice
robots_token(struct slice value)
{
	size_t n = 0;

	while (n < value.len &&
	    (value.p[n] == '_' || value.p[n] == '-' ||
		((value.p[n] | 0x20) >= 'a' && (value.p[n] | 0x20) <= 'z')))
		n++;
	return (struct slice){value.p, n};
}

static void
robots_take_agent(struct robots *r, struct robots_group *group, struct slice value)
{
	if (group->has_rules)
		*group = (struct robots_group){0};
	if (value.len > 0 && value.p[0] == '*' &&
	    (value.len == 1 || robots_is_space(value.p[1])))
		group->any = r->any.found = true;
	else if (robots_is(robots_token(value), ROBOTS_AGENT))
		group->own = r->own.found = true;
}

static void
robots_rules_add(struct robots_rules *to, const struct robots_rule *rule)
{
	if (to->n == to->room) {
		to->room = to->room == 0 ? 16 : 2 * to->room;
		to->rules = xreallocarray(to->rules, to->room, sizeof(*to->rules));
	}
	to->rules[to->n++] = *rule;
}

static void
robots_take_rule(struct robots *r, struct robots_group *group, struct slice value, bool allow)
{
	struct robots_rule rule = {.at = (uint32_t)buf_len(&r->text), .allow = allow};

	group->has_rules = true;
	/* An empty pattern matches nothing. A longer one cannot match an address. */
	if (value.len == 0 || value.len > (size_t)3 * URL_MAX || (!group->own && !group->any))
		return;
	if (path_pattern_add(&r->text, value) != 0)
		return;
	rule.len = (uint32_t)(buf_len(&r->text) - rule.at);
	if (group->own)
		robots_rules_add(&r->own, &rule);
	if (group->any)
		robots_rules_add(&r->any, &rule);
}

/* Seconds, also with a fraction. */
static void
robots_take_delay(struct robots *r, struct robots_group *group, struct slice value)
{
	char text[16];
	double seconds;
	unsigned ms;

	group->has_rules = true;
	if (value.len >= sizeof(text))
		value.len = sizeof(text) - 1;
	if (!slice_copy_text(value, text, sizeof(text)) || text[0] < '0' || text[0] > '9')
		return;
	seconds = strtod(text, NULL);
	ms = seconds < ROBOTS_DELAY_MAX_MS / 1000.0 ? (unsigned)(seconds * 1000)
						    : ROBOTS_DELAY_MAX_MS;
	if (group->own)
		r->own.delay_ms = ms;
	if (group->any)
		r->any.delay_ms = ms;
}

static void
robots_take_sitemap(struct robots *r, struct slice value)
{
	struct robots_rule at = {.at = (uint32_t)buf_len(&r->text), .len = (uint32_t)value.len};

	if (r->n_sitemaps < ROBOTS_SITEMAPS_MAX && value.len > 0 && value.len <= URL_MAX &&
	    buf_append(&r->text, value.p, value.len) == 0)
		r->sitemaps[r->n_sitemaps++] = at;
}

/* "Allow: /help/index.html" also allows "/help/", as Google's parser does. */
static void
robots_take_allow(struct robots *r, struct robots_group *group, struct slice value)
{
	static const char index[] = "/index.htm";
	const uint8_t *slash = value.len == 0 ? NULL : memrchr(value.p, '/', value.len);
	struct buf folder;

	robots_take_rule(r, group, value, true);
	if (slash == NULL || value.len > URL_MAX ||
	    !robots_begins((struct slice){slash, value.len - (size_t)(slash - value.p)}, index))
		return;
	buf_init(&folder, URL_MAX + 1);
	if (buf_append(&folder, value.p, (size_t)(slash + 1 - value.p)) == 0 &&
	    buf_append(&folder, "$", 1) == 0)
		robots_take_rule(r, group, buf_slice(&folder), true);
	buf_clear(&folder);
}

static void
robots_take_disallow(struct robots *r, struct robots_group *group, struct slice value)
{
	robots_take_rule(r, group, value, false);
}

static void
robots_take_sitemap_line(struct robots *r, struct robots_group *group, struct slice value)
{
	(void)group;
	robots_take_sitemap(r, value);
}

/* A line has the name that it begins with. The misspellings are those that Google's parser accepts (google/robotstxt). */
static const struct robots_line {
	const char *name;
	void (*take)(struct robots *r, struct robots_group *group, struct slice value);
} lines[] = {
    {"user-agent", robots_take_agent},
    {"useragent", robots_take_agent},
    {"user agent", robots_take_agent},
    {"allow", robots_take_allow},
    {"disallow", robots_take_disallow},
    {"dissallow", robots_take_disallow},
    {"dissalow", robots_take_disallow},
    {"disalow", robots_take_disallow},
    {"diasllow", robots_take_disallow},
    {"disallaw", robots_take_disallow},
    {"crawl-delay", robots_take_delay},
    {"sitemap", robots_take_sitemap_line},
    {"site-map", robots_take_sitemap_line},
};

/* The length of a line's name. A missing colon may be white space, between a name and a value without any. */
static size_t
robots_name_length(struct slice line)
{
	const uint8_t *colon = line.len == 0 ? NULL : memchr(line.p, ':', line.len);
	size_t name = 0, value;

	if (colon != NULL)
		return (size_t)(colon - line.p);
	while (name < line.len && !robots_is_space(line.p[name]))
		name++;
	value = name;
	while (value < line.len && robots_is_space(line.p[value]))
		value++;
	for (size_t i = value; i < line.len; i++)
		if (robots_is_space(line.p[i]))
			return line.len;
	return name;
}

static void
robots_take_line(struct robots *r, struct robots_group *group, struct slice line)
{
	const uint8_t *comment = line.len == 0 ? NULL : memchr(line.p, '#', line.len);
	struct slice name, value;
	size_t n;

	if (comment != NULL)
		line.len = (size_t)(comment - line.p);
	line = robots_trim(line);
	n = robots_name_length(line);
	if (n == line.len)
		return;
	name = (struct slice){line.p, n};
	value = robots_trim((struct slice){line.p + n + 1, line.len - n - 1});
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (robots_begins(name, lines[i].name)) {
			lines[i].take(r, group, value);
			return;
		}
}

static struct robots *
robots_new(void)
{
	struct robots *r = xcalloc(1, sizeof(*r));

	buf_init(&r->text, 4 * ROBOTS_BYTES_MAX);
	return r;
}

static bool
robots_is_line_end(uint8_t c)
{
	return c == '\n' || c == '\r';
}

/* The part that is read, in whole lines: the beginning of a path would forbid more than the path. */
static struct slice
robots_cut(struct slice text)
{
	if (text.len <= ROBOTS_BYTES_MAX)
		return text;
	text.len = ROBOTS_BYTES_MAX + 1;
	while (text.len > 0 && !robots_is_line_end(text.p[text.len - 1]))
		text.len--;
	return text;
}

struct robots *
robots_parse(struct slice text)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
	struct robots *r = robots_new();
	struct robots_group group = {0};

	text = robots_cut(text);
	/* Also a part of the mark. */
	for (size_t i = 0; i < sizeof(mark) && text.len > 0 && text.p[0] == mark[i]; i++)
		text = (struct slice){text.p + 1, text.len - 1};
	while (text.len > 0) {
		size_t n = 0;

		while (n < text.len && !robots_is_line_end(text.p[n]))
			n++;
		robots_take_line(r, &group, (struct slice){text.p, n});
		n += n < text.len;
		text = (struct slice){text.p + n, text.len - n};
	}
	return r;
}

struct robots *
robots_all(bool allowed)
{
	struct robots *r = robots_new();

	r->all = allowed;
	r->nothing = !allowed;
	return r;
}

void
robots_free(struct robots *r)
{
	if (r == NULL)
		return;
	buf_clear(&r->text);
	free(r->own.rules);
	free(r->any.rules);
	free(r);
}

size_t
robots_bytes(const struct robots *r)
{
	return r == NULL ? 0
			 : sizeof(*r) + buf_len(&r->text) +
		(r->own.room + r->any.room) * sizeof(struct robots_rule);
}

static const struct robots_rules *
robots_rules(const struct robots *r)
{
	return r->own.found ? &r->own : &r->any;
}

static struct slice
robots_text(const struct robots *r, const struct robots_rule *rule)
{
	return (struct slice){buf_data(&r->text) + rule->at, rule->len};
}

bool
robots_allows(const struct robots *r, struct slice path)
{
	const struct robots_rules *rules = robots_rules(r);
	const struct robots_rule *best = NULL;
	struct buf escaped;

	if (r->all || slice_eq_str(path, "/robots.txt"))
		return true;
	if (r->nothing)
		return false;
	buf_init(&escaped, (size_t)3 * URL_MAX);
	if (path_pattern_add_path(&escaped, path) != 0) {
		buf_clear(&escaped);
		return false;
	}
	for (size_t i = 0; i < rules->n; i++) {
		const struct robots_rule *rule = &rules->rules[i];
		bool better = best == NULL || rule->len > best->len ||
		    (rule->len == best->len && rule->allow);

		if (better && path_pattern_matches(robots_text(r, rule), buf_slice(&escaped)))
			best = rule;
	}
	buf_clear(&escaped);
	return best == NULL || best->allow;
}

unsigned
robots_delay_ms(const struct robots *r)
{
	return robots_rules(r)->delay_ms;
}

size_t
robots_sitemaps(const struct robots *r)
{
	return r->n_sitemaps;
}

struct slice
robots_sitemap(const struct robots *r, size_t i)
{
	must(i < r->n_sitemaps);
	return robots_text(r, &r->sitemaps[i]);
}
