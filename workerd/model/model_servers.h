/*
 * The model servers that agents may name: the settings' own, which has no name (OPENAI_BASE_URL), and
 * those of MODEL_SERVERS. Each has a line of its own with its breaker and its key.
 *
 * One set per worker, made at its start; the servers stay as long as it.
 */
#ifndef WORKERD_MODEL_MODEL_SERVERS_H
#define WORKERD_MODEL_MODEL_SERVERS_H

#include "proto/settings/settings.h"
#include "workerd/model/upstream.h"

#define MODEL_SERVERS_MAX (1 + SETTINGS_NAMED_MAX)

struct model_server {
	const char *name; /* NULL: the settings' own */
	const char *key;  /* NULL: none; what never may be told */
	struct upstream *upstream;
	bool no_usage; /* it does not know how to be asked for usage */
};

struct model_servers {
	size_t n;
	struct model_server at[MODEL_SERVERS_MAX];
};

/* Adds a server; the first one has no name. The name and key are borrowed. */
void model_servers_add(struct model_servers *all, const struct upstream_config *config);

/* All that the settings name. The config has what holds for each: all but name, url and key. The
 * settings are borrowed. */
void model_servers_add_settings(
    struct model_servers *all, const struct upstream_config *config, const struct settings *s);

/* Their transfers must have ended. */
void model_servers_clear(struct model_servers *all);

/* The server of this name, empty for the settings' own; NULL: there is none. */
struct model_server *model_servers_find(struct model_servers *all, struct slice name);

/* Copies text to out (size bytes, NUL-terminated, cut to fit) without any server's key: one may stand
 * in the answer of another, when the operator mixed them up. */
void model_servers_redact(
    const struct model_servers *all, struct slice text, char *out, size_t size);

#endif
