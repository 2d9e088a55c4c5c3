/*
 * Resources: from a request to the store and back.
 *
 * A change reads the stored record first, so that members that the body does not name stay unchanged. The
 * store refuses the change if the record changed in between; then the change is tried again, unless the client
 * changes a certain version only (If-Match).
 */
#include "workerd/api/admin/resource.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/guard/rights.h"
#include "workerd/api/request/api_reply.h"

#define LIST_MAX   (14u * 1024 * 1024) /* bytes of a page's JSON */
#define ONE_MAX    (1024u * 1024)      /* of one record's JSON, with each byte escaped */
#define RECORD_MAX 98304
#define STATES_MAX 786432 /* as in SOURCE_STATES */

/* How often a change is tried. Each refused try means that another change succeeded, so this is how many
 * changes of one record may happen at the same time. */
#define TRIES_MAX 128

static void
resource_on_end(struct store_query *q)
{
	struct resource_query *r = (struct resource_query *)q;

	fields_clear(&r->in);
	buf_clear(&r->states);
	free(r->object);
}

static struct resource_query *
resource_new_query(const struct api_call *c, const struct resource *resource, size_t out_max)
{
	struct resource_query *r = store_query_new(c, sizeof(*r), out_max, resource->missing);

	r->q.refusals = resource->refusals;
	r->q.on_end = resource_on_end;
	r->resource = resource;
	buf_init(&r->states, STATES_MAX);
	api_caller_name(c, r->by);
	r->manages = rights_has(c, RIGHT_MANAGE);
	return r;
}

struct resource_query *
resource_query_new(const struct api_call *c, const struct resource *resource)
{
	struct resource_query *r;
	struct id id;

	if (!api_path_id(c, resource->wrong_id, &id))
		return NULL;
	r = resource_new_query(c, resource, ONE_MAX);
	r->id = id;
	return r;
}

void
resource_log(const struct resource_query *r, const char *event)
{
	log_event(LOG_NOTICE, event, L_UINT("conn", r->q.x->number), L_ID("org", &r->q.org),
	    L_ID(r->resource->log_id, &r->id), L_STR("by", r->by));
}

/* False: the bytes are not a valid record of this kind. */
static bool
resource_decode(const struct resource *resource, const struct settings *settings,
    struct slice record, void *object)
{
	memset(object, 0, resource->size);
	if (record_decode(record, resource->record, object) != WIRE_OK)
		return false;
	if (resource->show != NULL)
		resource->show(object, settings);
	return true;
}

bool
resource_read(const struct resource *resource, const struct settings *settings, uint16_t type,
    const union msg *m, void *object)
{
	return type == MSG_RECORD &&
	    resource_decode(resource, settings, m->record.record, object);
}

/* The time of the last change of an object; NULL: this kind has none. */
static const uint64_t *
resource_updated_at(const struct resource *resource, const void *object)
{
	for (const struct field *f = resource->fields; f->name != NULL; f++)
		if (f->rule == FIELD_READ_AT)
			return (const void *)((const uint8_t *)object + f->offset);
	return NULL;
}

/* The object's ETag; empty: this kind has none. */
static void
resource_tag(const struct resource *resource, const void *object,
    char etag[static RECORD_VERSION_TAG_SIZE])
{
	const uint64_t *at = resource_updated_at(resource, object);

	etag[0] = '\0';
	if (at != NULL)
		record_version_tag(*at, etag);
}

static void
resource_on_states(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;

	if (type != MSG_SOURCE_STATES) {
		store_query_fail(&r->q, type, m);
		return;
	}
	must(buf_append(&r->states, m->source_states.states.p, m->source_states.states.len) ==
	    0);
	r->next(r);
}

/* Calls next, after the states of the sources were read if this kind needs them. */
static void
resource_begin(struct resource_query *r, void (*next)(struct resource_query *r))
{
	struct msg_source_state_list list = {.org = r->q.org};

	r->next = next;
	if (r->resource->join == NULL)
		next(r);
	else
		store_query_ask(&r->q, MSG_SOURCE_STATE_LIST, &list, resource_on_states);
}

static void
resource_join(const struct resource_query *r, void *object)
{
	if (r->resource->join != NULL)
		r->resource->join(object, buf_slice(&r->states));
}

/* key: NULL outside an object. */
static void
resource_write_object(struct json_writer *j, const char *key, const struct resource *resource,
    const void *object, bool is_new)
{
	json_write_open(j, key, '{');
	fields_write(j, resource->fields, object);
	if (resource->write_rest != NULL)
		resource->write_rest(j, object);
	if (is_new && resource->write_new != NULL)
		resource->write_new(j, object);
	json_write_close(j, '}');
}

/* Answers with the record that the store sent, and logs the event (NULL: none). */
static void
resource_reply_one(
    struct resource_query *r, const char *event, int status, uint16_t type, const union msg *m)
{
	const struct resource *resource = r->resource;
	void *object = xcalloc(1, resource->size);

	if (resource_read(resource, r->q.api->settings, type, m, object)) {
		resource_join(r, object);
		if (event != NULL)
			resource_log(r, event);
		if (event != NULL && resource->stored != NULL)
			resource->stored(r, object);
		resource_write_object(&r->q.json, NULL, resource, object, status == 201);
		resource_tag(resource, object, r->q.etag);
		store_query_reply_status(&r->q, status);
	} else {
		store_query_fail(&r->q, type, m);
	}
	free(object);
}

void
resource_ask(struct resource_query *r, store_answer_fn *fn)
{
	struct msg_record_get get = {
	    .kind = (uint16_t)r->resource->record, .org = r->q.org, .id = r->id};

	store_query_ask(&r->q, MSG_RECORD_GET, &get, fn);
}

void
resource_ask_with_body(
    const struct api_call *c, const struct resource *resource, store_answer_fn *fn)
{
	struct resource_query *r;
	struct fields in;

	if (!fields_body(c, &in))
		return;
	r = resource_query_new(c, resource);
	if (r == NULL) {
		fields_clear(&in);
		return;
	}
	r->in = in;
	resource_ask(r, fn);
}

static void
resource_on_one(void *arg, uint16_t type, const union msg *m)
{
	resource_reply_one(arg, NULL, 200, type, m);
}

void
resource_get(const struct api_call *c, const struct resource *resource)
{
	struct resource_query *r = resource_query_new(c, resource);

	if (r != NULL)
		resource_begin(r, resource_reply);
}

/* False: an item is not a valid record of this kind. */
static bool
resource_write_items(struct resource_query *r, struct slice items)
{
	const struct resource *resource = r->resource;
	struct json_writer *j = &r->q.json;
	void *object = xcalloc(1, resource->size);
	struct slice item;
	bool valid = true;

	json_write_open(j, resource->many, '[');
	while (valid && wire_list_next(&items, &item)) {
		valid = resource_decode(resource, r->q.api->settings, item, object);
		if (!valid)
			break;
		resource_join(r, object);
		resource_write_object(j, NULL, resource, object, false);
	}
	json_write_close(j, ']');
	free(object);
	return valid;
}

static void
resource_on_page(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;
	const struct resource *resource = r->resource;
	struct json_writer *j = &r->q.json;
	bool valid = type == MSG_RECORD_PAGE;

	json_write_open(j, NULL, '{');
	if (valid)
		valid = resource_write_items(r, m->record_page.records);
	if (!valid) {
		store_query_fail(&r->q, type, m);
		return;
	}
	if (resource->write_more != NULL)
		resource->write_more(j, r->q.api->settings);
	paging_write_next_id(j, &m->record_page.next);
	json_write_close(j, '}');
	store_query_reply(&r->q);
}

static void
resource_ask_list(struct resource_query *r)
{
	store_query_read(&r->q, MSG_RECORD_LIST, &r->list, resource_on_page);
}

void
resource_list(const struct api_call *c, const struct resource *resource,
    const struct resource_filter *filter)
{
	struct msg_record_list list = {.kind = (uint16_t)resource->record, .org = c->org};
	struct resource_query *r;
	struct paging page;
	const char *wrong = paging_read(c->x->req->query, &paging_by_id, &page);

	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	list.cursor = paging_id(&page);
	list.limit = page.limit;
	if (filter != NULL) {
		list.email = filter->email;
		list.phone = filter->phone;
		list.search = filter->search;
	}
	r = resource_new_query(c, resource, LIST_MAX);
	r->list = list;
	/* Kinds with a filter have no join: its slices are valid during this call. */
	resource_begin(r, resource_ask_list);
}

static void
resource_on_only(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;
	bool missing = store_refused(type, m, STORE_NOT_FOUND);
	void *object = xcalloc(1, r->resource->size);

	if (!missing && !resource_read(r->resource, r->q.api->settings, type, m, object)) {
		store_query_fail(&r->q, type, m);
	} else {
		json_write_open(&r->q.json, NULL, '{');
		json_write_open(&r->q.json, r->resource->many, '[');
		if (!missing)
			resource_write_object(&r->q.json, NULL, r->resource, object, false);
		json_write_close(&r->q.json, ']');
		paging_write_next_id(&r->q.json, &(struct id){0});
		json_write_close(&r->q.json, '}');
		store_query_reply(&r->q);
	}
	free(object);
}

void
resource_list_one(
    const struct api_call *c, const struct resource *resource, const struct id *id)
{
	struct resource_query *r = resource_new_query(c, resource, ONE_MAX);

	r->id = *id;
	resource_ask(r, resource_on_only);
}

static void resource_on_current(void *arg, uint16_t type, const union msg *m);

void
resource_refuse(struct resource_query *r)
{
	fields_refuse_query(&r->q, &r->in);
}

void
resource_try_again(struct resource_query *r)
{
	if (++r->tries < TRIES_MAX)
		resource_ask(r, resource_on_current);
	else
		store_query_fail(&r->q, 0, NULL);
}

static void
resource_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;
	const struct resource *resource = r->resource;

	if (resource->misfit != NULL && store_refused(type, m, STORE_INVALID)) {
		fields_refuse(&r->in, resource->misfit, resource->misfit_reason);
		resource_refuse(r);
	} else if (store_refused(type, m, STORE_STALE)) {
		resource_try_again(r);
	} else if (r->fresh && resource->keeps_existing &&
	    store_refused(type, m, STORE_EXISTS)) {
		resource_reply(r);
	} else if (r->fresh) {
		resource_reply_one(r, resource->created, 201, type, m);
	} else {
		resource_reply_one(r, resource->changed, 200, type, m);
	}
}

void
resource_put(struct resource_query *r)
{
	struct msg_record_put put = {.kind = (uint16_t)r->resource->record, .fresh = r->fresh};
	struct buf record;

	buf_init(&record, RECORD_MAX);
	must(record_encode(&record, r->resource->record, r->object) == 0);
	put.record = buf_slice(&record);
	store_query_ask(&r->q, MSG_RECORD_PUT, &put, resource_on_stored);
	buf_clear(&record);
}

/* The member that this caller may not change; NULL: there is none. */
static const struct field *
resource_managed_field(const struct resource_query *r)
{
	const struct field *f = r->resource->fields;

	if (r->manages || r->resource->managed == NULL)
		return NULL;
	while (strcmp(f->name, r->resource->managed) != 0)
		f++;
	return f;
}

/* Reads the body into the object. False: it changes a member that the caller may not change; 403 was sent. */
static bool
resource_read_fields(struct resource_query *r)
{
	const struct field *f = resource_managed_field(r);
	const size_t size = f == NULL ? 0 : f->kind->size;
	const uint8_t *now = (const uint8_t *)r->object + (f == NULL ? 0 : f->offset);
	uint8_t before[sizeof(uint64_t)];

	must(size <= sizeof(before));
	memcpy(before, now, size);
	fields_read(&r->in, r->resource->fields, r->fresh, r->object);
	if (memcmp(before, now, size) == 0)
		return true;
	store_query_refuse(&r->q, 403, "owners_only", r->resource->managed_refusal);
	return false;
}

/* Reads the body into the object, and stores it if it is valid. */
static void
resource_fill(struct resource_query *r)
{
	const struct resource *resource = r->resource;

	if (!resource_read_fields(r))
		return;
	if (resource->check != NULL)
		resource->check(&r->in, r->object, r->q.api->settings);
	if (resource->check_joined != NULL)
		resource->check_joined(&r->in, r->object, buf_slice(&r->states));
	if (r->in.n_wrong > 0)
		resource_refuse(r);
	else if (resource->store != NULL)
		resource->store(r);
	else
		resource_put(r);
}

void
resource_create(const struct api_call *c, const struct resource *resource)
{
	struct resource_query *r;
	struct fields in;

	if (!fields_body(c, &in))
		return;
	r = resource_new_query(c, resource, ONE_MAX);
	r->in = in;
	r->fresh = true;
	r->id = id_new();
	r->object = xcalloc(1, resource->size);
	resource->make(r->object, &r->id, &c->org);
	if (resource->begin_create != NULL)
		resource->begin_create(r, c);
	resource_begin(r, resource_fill);
}

/* Whether the object is one that the client expects. */
static bool
resource_is_expected(const struct resource_query *r)
{
	char etag[RECORD_VERSION_TAG_SIZE];

	resource_tag(r->resource, r->object, etag);
	return etag[0] == '\0' || record_version_is_expected(r->q.x->req, etag);
}

/* Answers 412 with the stored object. */
static void
resource_refuse_changed(struct resource_query *r)
{
	struct json_writer *j = &r->q.json;

	resource_tag(r->resource, r->object, r->q.etag);
	json_write_open(j, NULL, '{');
	record_version_write_conflict(j);
	resource_write_object(j, "current", r->resource, r->object, false);
	json_write_close(j, '}');
	store_query_reply_status(&r->q, 412);
}

/* The record's slices are valid during this call, the body's as long as the query. */
static void
resource_on_current(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;

	if (!resource_read(r->resource, r->q.api->settings, type, m, r->object)) {
		store_query_fail(&r->q, type, m);
		return;
	}
	resource_join(r, r->object);
	if (resource_is_expected(r))
		resource_fill(r);
	else
		resource_refuse_changed(r);
}

static void
resource_ask_current(struct resource_query *r)
{
	resource_ask(r, resource_on_current);
}

void
resource_change(const struct api_call *c, const struct resource *resource)
{
	struct resource_query *r;
	struct fields in;
	struct id id;

	if (!api_path_id(c, resource->wrong_id, &id) || !fields_body(c, &in))
		return;
	r = resource_new_query(c, resource, ONE_MAX);
	r->in = in;
	r->id = id;
	r->object = xcalloc(1, resource->size);
	if (resource->begin_change != NULL)
		resource->begin_change(r, c);
	resource_begin(r, resource_ask_current);
}

void
resource_reply(struct resource_query *r)
{
	resource_ask(r, resource_on_one);
}

void
resource_reply_with(struct resource_query *r, uint16_t type, const union msg *m)
{
	resource_on_one(r, type, m);
}

void
resource_on_changed(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;

	resource_reply_one(r, r->resource->changed, 200, type, m);
}

static void resource_on_deleted(void *arg, uint16_t type, const union msg *m);

static void
resource_ask_delete(struct resource_query *r)
{
	struct msg_record_delete delete = {
	    .kind = (uint16_t)r->resource->record, .org = r->q.org, .id = r->id};

	store_query_ask(&r->q, MSG_RECORD_DELETE, &delete, resource_on_deleted);
}

static void
resource_on_deleted(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;

	if (type == MSG_UNFINISHED) {
		resource_ask_delete(r);
	} else if (store_query_removed(&r->q, type, m)) {
		resource_log(r, r->resource->deleted);
		store_query_reply_empty(&r->q);
	} else {
		store_query_fail(&r->q, type, m);
	}
}

void
resource_delete(const struct api_call *c, const struct resource *resource)
{
	struct resource_query *r = resource_query_new(c, resource);

	if (r != NULL)
		resource_ask_delete(r);
}
