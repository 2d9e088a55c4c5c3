#include "proto/settings/setting_values.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "proto/base/basics.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool
origin_is_authority(const char *text)
{
	size_t host = *text == '[' ? strcspn(text, "]") + 1 : strcspn(text, ":");
	const char *port, *wrong;

	if (host == 0 || host > strlen(text) || strpbrk(text, "/?#@* \t") != NULL)
		return false;
	port = text + host;
	if (*port == '\0')
		return true;
	if (*port != ':' || strspn(port + 1, "0123456789") != strlen(port + 1))
		return false;
	strtonum(port + 1, 1, 65535, &wrong);
	return wrong == NULL;
}

char *
setting_url_authority(const char *text)
{
	char *authority = xstrdup(text), *at;

	authority[strcspn(authority, "/?")] = '\0';
	at = strrchr(authority, '@');
	if (at != NULL)
		memmove(authority, at + 1, strlen(at + 1) + 1);
	return authority;
}

char *
setting_url_join(const char *base, const char *path)
{
	const size_t n = strcspn(base, "?");
	char *url;

	must(asprintf(&url, "%.*s%s%s", (int)n, base, path, base + n) != -1);
	return url;
}

char *
origin_normalize(const char *text)
{
	size_t scheme = strspn(text, LETTERS "0123456789+-.");
	const char *host = text + scheme + 3;
	const char *default_port;
	char *origin, *port;

	if (strncmp(text + scheme, "://", 3) != 0 || scheme == 0 || !origin_is_authority(host))
		return NULL;
	origin = xstrdup(text);
	for (char *c = origin; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	default_port = strncmp(origin, "https:", 6) == 0 ? ":443" : ":80";
	port = strrchr(origin + scheme + 3, ':');
	if (port != NULL && strcmp(port, default_port) == 0)
		*port = '\0';
	return origin;
}

const char *
named_list_find(const struct named_list *list, struct slice name)
{
	for (size_t i = 0; i < list->n; i++)
		if (slice_eq_str(name, list->at[i].name))
			return list->at[i].value;
	return NULL;
}

bool
origin_list_has(const struct origin_list *list, struct slice origin)
{
	if (list->any)
		return true;
	for (size_t i = 0; i < list->n; i++)
		if (slice_eq_str(origin, list->at[i]))
			return true;
	return false;
}
