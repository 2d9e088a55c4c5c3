/*
 * A linear search is enough for a handful of servers.
 */
#include "workerd/model/model_servers.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/settings/settings_servers.h"
#include "workerd/model/redact.h"

#define HEADER_SECRET_MIN 8 /* bytes of a header's value that is taken for a key */

void
model_servers_add(
    struct model_servers *all, const struct upstream_config *config, enum model_api api)
{
	struct upstream_config own = *config;
	char *url = setting_url_join(config->url, SETTING_URL_ADDED);
	char *responses = setting_url_join(config->url, "/responses");

	must(all->n < MODEL_SERVERS_MAX && (all->n == 0) == (config->name == NULL));
	own.url = url;
	all->at[all->n++] = (struct model_server){.name = config->name,
	    .key = config->key,
	    .headers = config->headers,
	    .headers_n = config->headers_n,
	    .api = api,
	    .responses_path = xstrdup(strchr(strstr(responses, "://") + 3, '/')),
	    .upstream = upstream_new(&own)};
	free(responses);
	free(url);
}

void
model_servers_add_settings(
    struct model_servers *all, const struct upstream_config *config, const struct settings *s)
{
	struct upstream_config one = *config;

	for (size_t i = 0; i < settings_servers_count(s); i++) {
		const struct server_setting server = settings_servers_at(s, i);

		one.name = server.name;
		one.key = server.key;
		one.url = server.url;
		one.headers = server.headers;
		one.headers_n = server.headers_n;
		model_servers_add(all, &one, server.api);
	}
}

void
model_servers_clear(struct model_servers *all)
{
	for (size_t i = 0; i < all->n; i++) {
		upstream_free(all->at[i].upstream);
		free(all->at[i].responses_path);
	}
	*all = (struct model_servers){0};
}

struct model_server *
model_servers_find(struct model_servers *all, struct slice name)
{
	if (name.len == 0)
		return all->n == 0 ? NULL : &all->at[0];
	for (size_t i = 1; i < all->n; i++)
		if (slice_eq_str(name, all->at[i].name))
			return &all->at[i];
	return NULL;
}

/* A header's value without the scheme of an Authorization before it, since servers quote the key alone. Shorter values
 * would replace too much of a text. */
static size_t
model_servers_header_secrets(const struct model_header *header, const char *secrets[static 2])
{
	const char *space = strchr(header->value, ' ');
	size_t n = 0;

	if (strlen(header->value) >= HEADER_SECRET_MIN)
		secrets[n++] = header->value;
	if (space != NULL && strlen(space + 1) >= HEADER_SECRET_MIN)
		secrets[n++] = space + 1;
	return n;
}

void
model_servers_redact(const struct model_servers *all, struct slice text, char *out, size_t size)
{
	const char *secrets[MODEL_SERVERS_MAX * (1 + 2 * MODEL_HEADERS_MAX)];
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		secrets[n++] = all->at[i].key;
		for (size_t k = 0; k < all->at[i].headers_n; k++)
			n += model_servers_header_secrets(&all->at[i].headers[k], secrets + n);
	}
	redact(text, secrets, n, out, size);
}
