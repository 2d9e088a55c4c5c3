/*
 * The kinds of settings: for each a parser from text and how its value is freed. Used by
 * settings.c, and the table by settings_print.c.
 */
#ifndef PROTO_SETTINGS_SETTING_KINDS_H
#define PROTO_SETTINGS_SETTING_KINDS_H

#include <stddef.h>

#include "proto/settings/setting_values.h"

#define SETTING_WHY_MAX 192

/* One line of settings.def. */
struct setting {
	const char *name;
	const char *alias;    /* another name it is known by, or NULL */
	const char *fallback; /* its default as text, or NULL */
	uint64_t min, max;
	unsigned owners;
	bool secret;
	const char *help;
	int (*parse)(const struct setting *, const char *text, void *field, char *why);
	void (*clear)(void *field);
	size_t offset;
};

/*
 * setting_parse_KIND(d, text, field, why): reads text into field. 0, or -1 with a sentence in
 * why (SETTING_WHY_MAX bytes) that tells what would be valid.
 */
#define KIND(name)                                                              \
	int setting_parse_##name(                                               \
	    const struct setting *d, const char *text, void *field, char *why); \
	void setting_clear_##name(void *field);
KIND(COUNT)
KIND(BYTES)
KIND(DECIMAL)
KIND(TEXT)
KIND(URL)
KIND(PROXY)
KIND(PATH)
KIND(FILE)
KIND(ENV)
KIND(LEVEL)
KIND(ORIGINS)
KIND(LISTEN)
KIND(NETWORKS)
KIND(SERVERS)
KIND(SECRETS)
#undef KIND

#endif
