#include "proto/settings/settings_servers.h"

#include <strings.h>

#include "proto/base/basics.h"

size_t
settings_servers_count(const struct settings *s)
{
	return 1 + s->model_servers.n + s->model_servers_file.n;
}

static struct server_setting
settings_servers_named(const struct settings *s, const struct named_value *server)
{
	return (struct server_setting){.name = server->name,
	    .url = server->value,
	    .key = named_list_find(&s->model_server_keys, slice_str(server->name)),
	    .api = MODEL_API_AUTO};
}

static struct server_setting
settings_servers_of_file(const struct model_server_entry *entry)
{
	return (struct server_setting){.name = entry->name,
	    .url = entry->url,
	    .key = entry->key,
	    .api = entry->api,
	    .headers = entry->headers,
	    .headers_n = entry->headers_n};
}

struct server_setting
settings_servers_at(const struct settings *s, size_t i)
{
	must(i < settings_servers_count(s));
	if (i == 0)
		return (struct server_setting){
		    .url = s->openai_base_url, .key = s->openai_api_key, .api = s->openai_api};
	if (i <= s->model_servers.n)
		return settings_servers_named(s, &s->model_servers.at[i - 1]);
	return settings_servers_of_file(&s->model_servers_file.at[i - 1 - s->model_servers.n]);
}

bool
settings_servers_find(const struct settings *s, struct slice name, struct server_setting *out)
{
	*out = settings_servers_at(s, 0);
	if (name.len == 0)
		return true;
	for (size_t i = 1; i < settings_servers_count(s); i++) {
		*out = settings_servers_at(s, i);
		if (slice_eq_str(name, out->name))
			return true;
	}
	return false;
}

bool
settings_servers_authorize(const struct model_header *headers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(headers[i].name, "authorization") == 0 ||
		    strcasecmp(headers[i].name, "api-key") == 0)
			return true;
	return false;
}
