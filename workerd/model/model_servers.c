/*
 * A linear search is enough for a handful of servers.
 */
#include "workerd/model/model_servers.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/model/redact.h"

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

	one.name = NULL;
	one.key = s->openai_api_key;
	one.url = s->openai_base_url;
	model_servers_add(all, &one, s->openai_api);
	for (size_t i = 0; i < s->model_servers.n; i++) {
		one.name = s->model_servers.at[i].name;
		one.key = named_list_find(&s->model_server_keys, slice_str(one.name));
		one.url = s->model_servers.at[i].value;
		model_servers_add(all, &one, MODEL_API_AUTO);
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

void
model_servers_redact(const struct model_servers *all, struct slice text, char *out, size_t size)
{
	const char *keys[MODEL_SERVERS_MAX];

	for (size_t i = 0; i < all->n; i++)
		keys[i] = all->at[i].key;
	redact(text, keys, all->n, out, size);
}
