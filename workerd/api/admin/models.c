/*
 * GET /v1/admin/models: the models of a model server, asked from the server itself. An error says whether the
 * address or the key is wrong, since the owner who asks is the one who can correct it.
 */
#include <jansson.h>
#include <stdio.h>

#include "proto/base/basics.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"
#include "workerd/model/model_list.h"

#define ANSWER_MAX (MODEL_NAMES_MAX * (6u * MODEL_NAME_LEN_MAX + 16) + 64)
#define ERROR_MAX  180 /* bytes */

static bool
models_write(struct json_writer *j, struct slice body)
{
	const char *names[MODEL_NAMES_MAX];
	size_t n;
	json_t *answer = model_list_read(body, names, &n);
	const bool valid = answer != NULL;

	if (valid) {
		json_write_open(j, NULL, '{');
		json_write_open(j, "models", '[');
		for (size_t i = 0; i < n; i++)
			json_write_str(j, NULL, slice_str(names[i]));
		json_write_close(j, ']');
		json_write_close(j, '}');
	}
	json_decref(answer);
	return valid;
}

static void
models_refuse(struct store_query *q, const struct model_list_result *result)
{
	char error[ERROR_MAX];

	if (result->status == 0) {
		snprintf(
		    error, sizeof(error), "No answer from the model server: %s", result->error);
		store_query_refuse(q, result->timeout ? 504 : 502,
		    result->timeout ? "model_timeout" : "model_unreachable", error);
	} else if (result->status == 401 || result->status == 403) {
		snprintf(error, sizeof(error), "The model server refuses the key (status %d)",
		    result->status);
		store_query_refuse(q, 502, "model_key_refused", error);
	} else {
		snprintf(error, sizeof(error),
		    "The model server answers with the status %d, and no list of models",
		    result->status);
		store_query_refuse(q, 502, "model_failed", error);
	}
}

static void
models_on_list(void *arg, const struct model_list_result *result)
{
	struct store_query *q = arg;

	if (result->status == 200 && models_write(&q->json, result->body))
		store_query_reply(q);
	else
		models_refuse(q, result);
}

static void
models_cancel(void *call)
{
	model_list_cancel(call);
}

void
handle_models_list(const struct api_call *c)
{
	uint8_t text[PARAMETER_MAX];
	struct slice name = parameter_read(c->x->req->query, "server", text);
	struct server_setting server;
	struct model_list_call *call;
	struct store_query *q;

	if ((name.p != NULL && name.len == 0) ||
	    !settings_servers_find(c->api->settings, name, &server)) {
		reply_json_error(
		    c->x, 404, "not_found", "The settings have no such model server");
		return;
	}
	q = store_query_new(c, sizeof(*q), ANSWER_MAX, NULL);
	call = model_list_start(c->api->models, &server, models_on_list, q);
	if (call == NULL)
		store_query_refuse(
		    q, 503, "busy", "Too many model servers are being asked: try again");
	else
		store_query_wait(q, call, models_cancel);
}
