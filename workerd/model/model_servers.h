/*
 * The model servers of a worker: the default one of OPENAI_BASE_URL, which has no name, and those
 * of MODEL_SERVERS and MODEL_SERVERS_FILE. Each has its own connections, circuit breaker and key.
 *
 * One set per worker, created at its start and never changed.
 */
#ifndef WORKERD_MODEL_MODEL_SERVERS_H
#define WORKERD_MODEL_MODEL_SERVERS_H

#include "proto/settings/settings_servers.h"
#include "workerd/model/upstream.h"

#define MODEL_SERVERS_MAX SETTINGS_SERVERS_MAX

struct model_server {
	const char *name;                   /* NULL: the default server */
	const char *key;                    /* NULL: none; never logged or sent elsewhere */
	const struct model_header *headers; /* their values: likewise */
	size_t headers_n;
	enum model_api api;
	char *responses_path; /* of its Responses API; upstream knows the other one */
	struct upstream *upstream;
};

struct model_servers {
	size_t n;
	struct model_server at[MODEL_SERVERS_MAX];
};

/* Adds a server; the first one has no name. config.url is that of the settings, to which the paths of its APIs are added.
 * The name, key and headers are borrowed. */
void model_servers_add(
    struct model_servers *all, const struct upstream_config *config, enum model_api api);

/* Adds all servers of the settings, which are borrowed. config has what they share: all but
 * name, url, key and headers. */
void model_servers_add_settings(
    struct model_servers *all, const struct upstream_config *config, const struct settings *s);

/* All transfers must have ended. */
void model_servers_clear(struct model_servers *all);

/* The server with this name, the default one for an empty name; NULL if there is none. */
struct model_server *model_servers_find(struct model_servers *all, struct slice name);

/* Copies text to out (size bytes, NUL-terminated, truncated) without any server's key or header: with
 * mixed-up settings one server's error may contain another one's key. */
void model_servers_redact(
    const struct model_servers *all, struct slice text, char *out, size_t size);

#endif
