/*
 * Resources: from a request to the store and back, for every kind of thing.
 *
 * One that is changed is read before, so that what the body does not name stays as it is. The store
 * refuses it when somebody has changed the same thing in between, and all that is done once more.
 */
#include "workerd/api/admin/resource.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/request/api_reply.h"

#define LIST_MAX   (14u * 1024 * 1024) /* bytes of a page's JSON */
#define ONE_MAX    (1024u * 1024)      /* of one thing's: its texts, escaped */
#define RECORD_MAX 98304

/* How often a change is tried. Each time that one is refused as stale, another one was stored, so this
 * is how many may come at the same moment. */
#define TRIES_MAX 128

/* -- queries ------------------------------------------------------------------------------ */

static void
on_end(struct store_query *q)
{
	struct resource_query *r = (struct resource_query *)q;

	fields_clear(&r->in);
	free(r->thing);
}

static struct resource_query *
new_query(const struct api_call *c, const struct resource *resource, size_t out_max)
{
	struct resource_query *r = store_query_new(c, sizeof(*r), out_max, resource->missing);

	r->q.refusals = resource->refusals;
	r->q.on_end = on_end;
	r->resource = resource;
	api_caller_name(c, r->by);
	return r;
}

struct resource_query *
resource_query_new(const struct api_call *c, const struct resource *resource)
{
	struct resource_query *r;
	struct id id;

	if (!api_path_id(c, resource->wrong_id, &id))
		return NULL;
	r = new_query(c, resource, ONE_MAX);
	r->id = id;
	return r;
}

static void
log_change(const struct resource_query *r, const char *event)
{
	log_event(LOG_NOTICE, event, L_UINT("conn", r->q.x->number), L_ID("org", &r->q.org),
	    L_ID("id", &r->id), L_STR("by", r->by));
}

/* -- one ---------------------------------------------------------------------------------- */

static void
decode(const struct resource *resource, const struct settings *settings, struct slice record,
    void *thing)
{
	memset(thing, 0, resource->size);
	must(record_decode(record, resource->record, thing) == WIRE_OK);
	if (resource->show != NULL)
		resource->show(thing, settings);
}

bool
resource_read(const struct resource *resource, const struct settings *settings, uint16_t type,
    const union msg *m, void *thing)
{
	struct slice record;

	if (type != resource->one)
		return false;
	record = resource->read_one(m);
	if (record.len == 0)
		return false;
	decode(resource, settings, record, thing);
	return true;
}

static void
write_thing(struct json_writer *j, const struct resource *resource, const void *thing)
{
	json_write_open(j, NULL, '{');
	fields_write(j, resource->fields, thing);
	json_write_close(j, '}');
}

/* Answers with the record that the store has sent, once that is logged as the event (NULL: nothing has
 * happened). */
static void
reply_one(
    struct resource_query *r, const char *event, int status, uint16_t type, const union msg *m)
{
	const struct resource *resource = r->resource;
	void *thing = xcalloc(1, resource->size);

	if (resource_read(resource, r->q.api->settings, type, m, thing)) {
		if (event != NULL)
			log_change(r, event);
		write_thing(&r->q.json, resource, thing);
		store_query_reply_status(&r->q, status);
	} else {
		store_query_fail(&r->q, type, m);
	}
	free(thing);
}

static void
on_one(void *arg, uint16_t type, const union msg *m)
{
	reply_one(arg, NULL, 200, type, m);
}

void
resource_get(const struct api_call *c, const struct resource *resource)
{
	struct resource_query *r = resource_query_new(c, resource);

	if (r != NULL)
		resource->get(&r->q, &r->id, on_one);
}

/* -- many --------------------------------------------------------------------------------- */

static void
write_items(struct json_writer *j, const struct resource *resource,
    const struct settings *settings, struct slice items)
{
	void *thing = xcalloc(1, resource->size);
	struct slice item;

	json_write_open(j, resource->many, '[');
	while (wire_list_next(&items, &item)) {
		decode(resource, settings, item, thing);
		write_thing(j, resource, thing);
	}
	json_write_close(j, ']');
	free(thing);
}

static void
on_page(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;
	const struct resource *resource = r->resource;
	const struct settings *settings = r->q.api->settings;
	struct json_writer *j = &r->q.json;
	struct slice items;
	struct id next;

	if (type != resource->page) {
		store_query_fail(&r->q, type, m);
		return;
	}
	items = resource->read_page(m, &next);
	json_write_open(j, NULL, '{');
	write_items(j, resource, settings, items);
	if (resource->write_more != NULL)
		resource->write_more(j, settings);
	paging_write_next_id(j, &next);
	json_write_close(j, '}');
	store_query_reply(&r->q);
}

void
resource_list(const struct api_call *c, const struct resource *resource, const void *filter)
{
	struct paging page;
	const char *wrong = paging_read(c->x->req->query, &paging_by_id, &page);

	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	resource->list(&new_query(c, resource, LIST_MAX)->q, &page, filter, on_page);
}

/* -- creating and changing ---------------------------------------------------------------- */

static void on_current(void *arg, uint16_t type, const union msg *m);

void
resource_refuse(struct resource_query *r)
{
	fields_refuse_query(&r->q, &r->in);
}

/* Reads what is stored now, and goes on from there. */
static void
try_again(struct resource_query *r)
{
	if (++r->tries < TRIES_MAX)
		r->resource->get(&r->q, &r->id, on_current);
	else
		store_query_fail(&r->q, 0, NULL);
}

static void
on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;
	const struct resource *resource = r->resource;

	if (resource->misfit != NULL && store_refused(type, m, STORE_INVALID)) {
		fields_refuse(&r->in, resource->misfit, resource->misfit_sentence);
		resource_refuse(r);
	} else if (store_refused(type, m, STORE_STALE)) {
		try_again(r);
	} else if (r->fresh) {
		reply_one(r, resource->created, 201, type, m);
	} else {
		reply_one(r, resource->changed, 200, type, m);
	}
}

void
resource_put(struct resource_query *r)
{
	struct buf record;

	buf_init(&record, RECORD_MAX);
	must(record_encode(&record, r->resource->record, r->thing) == 0);
	r->resource->put(&r->q, r->fresh, buf_slice(&record), on_stored);
	buf_clear(&record);
}

/* Reads the body into the thing, and goes on if it is right. */
static void
fill(struct resource_query *r)
{
	const struct resource *resource = r->resource;

	fields_read(&r->in, resource->fields, r->fresh, r->thing);
	if (resource->check != NULL)
		resource->check(&r->in, r->thing, r->q.api->settings);
	if (r->in.n_wrong > 0)
		resource_refuse(r);
	else if (r->fresh && resource->complete != NULL)
		resource->complete(r);
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
	r = new_query(c, resource, ONE_MAX);
	r->in = in;
	r->fresh = true;
	r->id = id_new();
	r->thing = xcalloc(1, resource->size);
	resource->make(r->thing, &r->id, &c->org);
	fill(r);
}

/* Its slices live as long as the answer, and the body's as long as the query. */
static void
on_current(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;

	if (resource_read(r->resource, r->q.api->settings, type, m, r->thing))
		fill(r);
	else
		store_query_fail(&r->q, type, m);
}

void
resource_change(const struct api_call *c, const struct resource *resource)
{
	struct resource_query *r;
	struct fields in;
	struct id id;

	if (!api_path_id(c, resource->wrong_id, &id) || !fields_body(c, &in))
		return;
	r = new_query(c, resource, ONE_MAX);
	r->in = in;
	r->id = id;
	r->thing = xcalloc(1, resource->size);
	resource->get(&r->q, &r->id, on_current);
}

void
resource_on_changed(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;

	reply_one(r, r->resource->changed, 200, type, m);
}

/* -- deleting ----------------------------------------------------------------------------- */

static void
on_deleted(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;

	if (type == MSG_UNFINISHED) {
		r->resource->drop(&r->q, &r->id, on_deleted);
	} else if (store_query_removed(&r->q, type, m)) {
		log_change(r, r->resource->deleted);
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
		resource->drop(&r->q, &r->id, on_deleted);
}
