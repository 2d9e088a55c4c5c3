#include "workerd/crawl/rules/robots_tag.h"

#include <string.h>
#include <strings.h>

#include "workerd/crawl/rules/robots.h"

static struct slice
robots_tag_trim(struct slice s)
{
	while (s.len > 0 && s.p[0] <= ' ')
		s = (struct slice){s.p + 1, s.len - 1};
	while (s.len > 0 && s.p[s.len - 1] <= ' ')
		s.len--;
	return s;
}

static bool
robots_tag_is(struct slice s, const char *name)
{
	return s.len == strlen(name) && strncasecmp((const char *)s.p, name, s.len) == 0;
}

static void
robots_tag_take(struct robots_tag *tag, struct slice directive)
{
	bool none = robots_tag_is(directive, "none");

	tag->noindex = tag->noindex || none || robots_tag_is(directive, "noindex");
	tag->nofollow = tag->nofollow || none || robots_tag_is(directive, "nofollow");
}

/* Whether the name before a colon is a directive with a value, and no crawler's. */
static bool
robots_tag_has_value(struct slice name)
{
	return robots_tag_is(name, "unavailable_after") || robots_tag_is(name, "max-snippet") ||
	    robots_tag_is(name, "max-image-preview") ||
	    robots_tag_is(name, "max-video-preview");
}

void
robots_tag_add(struct robots_tag *tag, struct slice value)
{
	bool ours = true;

	while (value.len > 0) {
		const uint8_t *comma = memchr(value.p, ',', value.len);
		size_t n = comma == NULL ? value.len : (size_t)(comma - value.p);
		struct slice directive = robots_tag_trim((struct slice){value.p, n});
		const uint8_t *colon =
		    directive.len == 0 ? NULL : memchr(directive.p, ':', directive.len);

		/* A crawler's name counts for what follows it. */
		if (colon != NULL) {
			size_t len = (size_t)(colon - directive.p);
			struct slice name = robots_tag_trim((struct slice){directive.p, len});

			if (!robots_tag_has_value(name))
				ours = robots_tag_is(name, ROBOTS_AGENT);
			directive =
			    robots_tag_trim((struct slice){colon + 1, directive.len - len - 1});
		}
		if (ours)
			robots_tag_take(tag, directive);
		n += comma != NULL;
		value = (struct slice){value.p + n, value.len - n};
	}
}
