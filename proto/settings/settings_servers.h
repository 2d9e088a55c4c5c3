/*
 * The model servers of the settings, wherever each is set: the default one of OPENAI_BASE_URL, those of MODEL_SERVERS
 * and those of MODEL_SERVERS_FILE. Nothing is copied: the strings are valid as long as the settings.
 */
#ifndef PROTO_SETTINGS_SETTINGS_SERVERS_H
#define PROTO_SETTINGS_SETTINGS_SERVERS_H

#include "proto/settings/settings.h"

#define SETTINGS_SERVERS_MAX (1 + 2 * SETTINGS_NAMED_MAX)

struct server_setting {
	const char *name; /* NULL: the default server */
	const char *url;  /* the paths of its APIs are added to it */
	const char *key;  /* NULL: none */
	enum model_api api;
	const struct model_header *headers;
	size_t headers_n;
};

/* At least 1: the default server, whose index is 0. */
size_t settings_servers_count(const struct settings *s);
struct server_setting settings_servers_at(const struct settings *s, size_t i);

/* The server with this name, the default one for an empty name. False: there is none. */
[[gnu::warn_unused_result]] bool settings_servers_find(
    const struct settings *s, struct slice name, struct server_setting *out);

/* Whether these headers identify us to the server, so that without a key no Authorization header may be added. */
bool settings_servers_authorize(const struct model_header *headers, size_t n);

#endif
