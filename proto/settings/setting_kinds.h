/*
 * The kinds of settings: for each, a parser and a function that frees the value. Used by
 * settings.c; settings_print.c uses struct setting.
 */
#ifndef PROTO_SETTINGS_SETTING_KINDS_H
#define PROTO_SETTINGS_SETTING_KINDS_H

#include <stddef.h>

#include "proto/settings/setting_values.h"

/* One line of settings.def. */
struct setting {
	const char *name;
	const char *alias;    /* alternative name, or NULL */
	const char *fallback; /* default as text, or NULL */
	uint64_t min, max;
	unsigned owners;
	bool secret;
	const char *help;
	int (*parse)(const struct setting *, const char *text, void *field, char *why);
	void (*clear)(void *field);
	size_t offset;
};

/* setting_parse_KIND(d, text, field, why): parses text into field. 0, or -1 with a message in why
 * (SETTING_WHY_MAX bytes) that says what would be valid. */
#define KIND(name)                                                              \
	int setting_parse_##name(                                               \
	    const struct setting *d, const char *text, void *field, char *why); \
	void setting_clear_##name(void *field);
KIND(COUNT)
KIND(BYTES)
KIND(DECIMAL)
KIND(TEXT)
KIND(USER)
KIND(URL)
KIND(PROXY)
KIND(SMTP)
KIND(PATH)
KIND(FILE)
KIND(ENV)
KIND(API)
KIND(LEVEL)
KIND(ORIGINS)
KIND(LISTEN)
KIND(NETWORKS)
KIND(SERVERS)
KIND(SECRETS)
KIND(SERVERS_FILE)
#undef KIND

/* Whether the value is the path of a file to read. */
bool setting_is_file(const struct setting *d);

/* Whether the setting can be a file in $CREDENTIALS_DIRECTORY. */
bool setting_has_credential(const struct setting *d);

/* Whether a variable of another system, which an .env file may contain. */
bool settings_is_foreign(const char *name);

#endif
