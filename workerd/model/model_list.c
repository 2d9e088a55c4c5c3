/*
 * One libcurl transfer for each call.
 */
#include "workerd/model/model_list.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/net/curl_loop.h"

struct model_lister {
	struct curl_loop *loop;
	struct model_lister_config config;
	unsigned calls;
};

struct model_list_call {
	struct model_lister *lister;
	CURL *easy;
	struct curl_slist *headers;
	struct buf body;
	model_list_fn *fn;
	void *arg;
};

static void
model_list_free(struct model_list_call *call)
{
	curl_loop_remove(call->lister->loop, call->easy);
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	buf_clear(&call->body);
	call->lister->calls--;
	free(call);
}

/* curl_loop_events.done. */
static void
model_list_on_done(void *arg, void *easy, int code)
{
	struct model_list_result result = {.timeout = code == CURLE_OPERATION_TIMEDOUT};
	struct model_list_call *call;
	long status = 0;

	(void)arg;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
	if (code == CURLE_OK)
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	result.status = (int)status;
	result.error = code == CURLE_WRITE_ERROR ? "the answer is too long"
						 : curl_easy_strerror((CURLcode)code);
	result.body = buf_slice(&call->body);
	call->fn(call->arg, &result);
	model_list_free(call);
}

struct model_lister *
model_lister_new(const struct model_lister_config *config)
{
	static const struct curl_loop_events events = {.done = model_list_on_done};
	struct model_lister *l = xcalloc(1, sizeof(*l));

	l->config = *config;
	l->loop = curl_loop_new(config->base, &events, l);
	return l;
}

void
model_lister_free(struct model_lister *l)
{
	must(l->calls == 0);
	curl_loop_free(l->loop);
	free(l);
}

static size_t
model_list_on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct model_list_call *call = arg;

	return buf_append(&call->body, bytes, size * n) == 0 ? size * n : 0;
}

static void
model_list_add_header(struct model_list_call *call, const char *text)
{
	struct curl_slist *longer = curl_slist_append(call->headers, text);

	must(longer != NULL);
	call->headers = longer;
}

static void
model_list_add_field(struct model_list_call *call, const char *name, const char *value)
{
	char *header;

	must(asprintf(&header, "%s: %s", name, value) != -1);
	model_list_add_header(call, header);
	explicit_bzero(header, strlen(header));
	free(header);
}

static void
model_list_add_authorization(struct model_list_call *call, const struct server_setting *server)
{
	char *bearer;

	if (server->key == NULL) {
		/* Without a value libcurl leaves the header out, also for a user in the URL. */
		if (settings_servers_authorize(server->headers, server->headers_n))
			model_list_add_header(call, "Authorization:");
		return;
	}
	must(asprintf(&bearer, "Bearer %s", server->key) != -1);
	model_list_add_field(call, "Authorization", bearer);
	explicit_bzero(bearer, strlen(bearer));
	free(bearer);
}

/* The keys are in headers alone; libcurl does not follow redirects with them. */
static void
model_list_set_headers(struct model_list_call *call, const struct server_setting *server)
{
	model_list_add_header(call, "Accept: application/json");
	model_list_add_header(call, "Accept-Encoding: identity");
	for (size_t i = 0; i < server->headers_n; i++)
		model_list_add_field(call, server->headers[i].name, server->headers[i].value);
	model_list_add_authorization(call, server);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static void
model_list_set_options(struct model_list_call *call, const char *url)
{
	const struct model_lister_config *config = &call->lister->config;
	CURL *e = call->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, call);
	curl_easy_setopt(e, CURLOPT_URL, url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	if (config->proxy != NULL)
		curl_easy_setopt(e, CURLOPT_PROXY, config->proxy);
	if (config->ca_bundle != NULL) {
		curl_easy_setopt(e, CURLOPT_CAINFO, config->ca_bundle);
		curl_easy_setopt(e, CURLOPT_PROXY_CAINFO, config->ca_bundle);
	}
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_ms);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)config->total_ms);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, model_list_on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "banter/" BANTER_VERSION);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	/* A resolver's thread must not delay the end of the process. */
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
}

struct model_list_call *
model_list_start(
    struct model_lister *l, const struct server_setting *server, model_list_fn *fn, void *arg)
{
	struct model_list_call *call;
	char *url;

	if (l->calls == MODEL_LIST_CALLS)
		return NULL;
	l->calls++;
	call = xcalloc(1, sizeof(*call));
	*call = (struct model_list_call){.lister = l, .fn = fn, .arg = arg};
	buf_init(&call->body, MODEL_LIST_MAX);
	call->easy = curl_easy_init();
	must(call->easy != NULL);
	url = setting_url_join(server->url, "/models");
	model_list_set_options(call, url);
	free(url);
	model_list_set_headers(call, server);
	curl_loop_add(l->loop, call->easy);
	return call;
}

void
model_list_cancel(struct model_list_call *call)
{
	model_list_free(call);
}

/* For qsort(). */
static int
model_list_compare(const void *a, const void *b)
{
	const char *const *one = a, *const *other = b;

	return strcmp(*one, *other);
}

static const json_t *
model_list_entries(const json_t *answer)
{
	static const char *const members[] = {"data", "models", "result"};

	for (size_t i = 0; i < ARRAY_LEN(members) && !json_is_array(answer); i++)
		if (json_is_array(json_object_get(answer, members[i])))
			answer = json_object_get(answer, members[i]);
	return json_is_array(answer) ? answer : NULL;
}

/* NULL: the entry has no usable name. */
static const char *
model_list_name(const json_t *entry)
{
	static const char *const members[] = {"id", "name", "model"};

	for (size_t i = 0; i < ARRAY_LEN(members) && !json_is_string(entry); i++)
		if (json_string_length(json_object_get(entry, members[i])) > 0)
			entry = json_object_get(entry, members[i]);
	if (json_string_length(entry) == 0 || json_string_length(entry) > MODEL_NAME_LEN_MAX)
		return NULL;
	return json_string_value(entry);
}

json_t *
model_list_read(struct slice body, const char *names[MODEL_NAMES_MAX], size_t *n)
{
	json_t *answer;
	const json_t *entries;

	*n = 0;
	if (body.len >= 3 && memcmp(body.p, "\xef\xbb\xbf", 3) == 0)
		body = (struct slice){body.p + 3, body.len - 3};
	/* As real numbers, integers may have any size. */
	answer = json_loadb(
	    (const char *)body.p, body.len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	entries = model_list_entries(answer);
	if (entries == NULL) {
		json_decref(answer);
		return NULL;
	}
	for (size_t i = 0; i < json_array_size(entries) && *n < MODEL_NAMES_MAX; i++) {
		const char *name = model_list_name(json_array_get(entries, i));

		if (name != NULL)
			names[(*n)++] = name;
	}
	qsort(names, *n, sizeof(names[0]), model_list_compare);
	return answer;
}
