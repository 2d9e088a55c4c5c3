/*
 * Asks model servers which models they have (GET …/models of OpenAI's API): for the owner's choice, and to check
 * address and key without the cost of a reply.
 *
 * libcurl carries these requests: they are rare, and share nothing with those of replies (upstream.h). One lister
 * for each worker; used by one thread.
 */
#ifndef WORKERD_MODEL_MODEL_LIST_H
#define WORKERD_MODEL_MODEL_LIST_H

#include <event2/event.h>

#include "proto/base/buf.h"
#include "proto/settings/settings_servers.h"

struct model_lister;
struct model_list_call;

/* Bytes of an answer; a longer one is an error. Requests at a time. */
#define MODEL_LIST_MAX   (1024u * 1024)
#define MODEL_LIST_CALLS 8

/* The strings are borrowed. */
struct model_lister_config {
	struct event_base *base;
	const char *proxy;     /* NULL: from the environment, as in curl(1) */
	const char *ca_bundle; /* NULL: the system's */
	unsigned connect_ms, total_ms;
};

struct model_list_result {
	int status;        /* of HTTP; 0: no complete answer came */
	bool timeout;      /* why not */
	const char *error; /* the same, for people */
	struct slice body;
};

/* The result is borrowed. */
typedef void model_list_fn(void *arg, const struct model_list_result *result);

struct model_lister *model_lister_new(const struct model_lister_config *config);

/* All calls must have ended. */
void model_lister_free(struct model_lister *l);

/* Calls fn once from the event loop, unless the call is cancelled before. NULL: too many calls are
 * under way. */
struct model_list_call *model_list_start(
    struct model_lister *l, const struct server_setting *server, model_list_fn *fn, void *arg);
void model_list_cancel(struct model_list_call *call);

/* Models of a list, and bytes of a name, as in an agent. */
#define MODEL_NAMES_MAX    1000u
#define MODEL_NAME_LEN_MAX 256u

/*
 * Reads the names from a server's answer, sorted: {"data": [...]}, {"models": [...]} (Google, Ollama), or the array
 * alone (Together), of objects or names. They belong to the JSON, which is the caller's; NULL: it is no list of models.
 */
struct json_t *model_list_read(
    struct slice body, const char *names[MODEL_NAMES_MAX], size_t *n);

#endif
