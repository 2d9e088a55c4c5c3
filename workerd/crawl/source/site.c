#include "workerd/crawl/source/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "workerd/crawl/rules/path_pattern.h"

/* Endings of what is never a page. */
static const char *const others[] = {"jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "ico",
    "bmp", "tif", "tiff", "css", "js", "mjs", "map", "json", "xml", "rss", "atom", "gz", "tgz",
    "bz2", "xz", "zip", "rar", "7z", "tar", "exe", "msi", "dmg", "deb", "rpm", "apk", "iso",
    "jar", "mp3", "mp4", "m4a", "m4v", "ogg", "oga", "ogv", "wav", "flac", "webm", "mov", "avi",
    "mkv", "woff", "woff2", "ttf", "otf", "eot", "xls", "xlsx", "ppt", "pptx", "ods", "odp",
    "csv", "bin", "wasm"};

int
site_init(struct site *site, const struct msg_source_record *source)
{
	*site = (struct site){.whole = source->kind == SOURCE_SITE};
	site->include = slice_strdup(source->include);
	site->exclude = slice_strdup(source->exclude);
	return url_normalize(source->url, NULL, site->start);
}

void
site_clear(struct site *site)
{
	free(site->include);
	free(site->exclude);
	*site = (struct site){0};
}

static bool
site_is_host(const struct url *to, const char *of)
{
	struct url own;

	if (of[0] == '\0')
		return false;
	own = url_split(of);
	return slice_eq(to->host, own.host) &&
	    (to->port == 80 || to->port == 443 || to->port == own.port);
}

/* The path up to its last slash. */
static struct slice
site_directory(struct slice path)
{
	const uint8_t *query = memchr(path.p, '?', path.len);

	if (query != NULL)
		path.len = (size_t)(query - path.p);
	while (path.len > 0 && path.p[path.len - 1] != '/')
		path.len--;
	return path;
}

static bool
site_includes(const struct site *site, struct slice path)
{
	struct slice include = slice_str(site->include);
	struct slice below = url_split(site->start).path;

	if (include.len > 0)
		return path_pattern_any(include, path);
	/* "/docs/" limits the source; "/index.html" is only where the whole site begins. */
	below = below.p[below.len - 1] == '/' ? site_directory(below) : slice_str("/");
	return path.len >= below.len && memcmp(path.p, below.p, below.len) == 0;
}

bool
site_has(const struct site *site, const char *url)
{
	struct url u;

	/* The name of a file, of when the source was of another kind. */
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return false;
	u = url_split(url);
	if (strcmp(url, site->start) == 0 || strcmp(url, site->moved) == 0)
		return true;
	return site->whole &&
	    (site_is_host(&u, site->start) || site_is_host(&u, site->moved)) &&
	    site_includes(site, u.path) && !path_pattern_any(slice_str(site->exclude), u.path);
}

bool
site_is_page(const char *url)
{
	struct slice path = url_split(url).path;
	size_t n = strcspn((const char *)path.p, "?");
	size_t dot = n;

	while (dot > 0 && path.p[dot - 1] != '.' && path.p[dot - 1] != '/')
		dot--;
	if (dot == 0 || path.p[dot - 1] != '.')
		return true;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strlen(others[i]) == n - dot &&
		    strncasecmp((const char *)path.p + dot, others[i], n - dot) == 0)
			return false;
	return true;
}
