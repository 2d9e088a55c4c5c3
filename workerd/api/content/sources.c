/*
 * /v1/admin/sources: where the content comes from that replies are based on. Only owners change them.
 */
#include "proto/base/basics.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/content/content_handlers.h"
#include "workerd/api/content/source_fields.h"
#include "workerd/api/content/source_state.h"

static void
sources_show(void *object, const struct settings *settings)
{
	(void)settings;
	source_fields_show(object);
}

static void
sources_check(struct fields *in, const void *object, const struct settings *settings)
{
	(void)settings;
	source_fields_check(in, object);
}

static void
sources_make(void *object, const struct id *id, const struct id *org)
{
	struct source_object *source = object;

	source_fields_default(source);
	source->record.id = *id;
	source->record.org = *org;
	source->state.source = *id;
}

/* A new source is not among the states. */
static void
sources_join(void *object, struct slice states)
{
	struct source_object *source = object;

	(void)source_state_among(states, &source->record.id, &source->state);
}

static void
sources_write_state(struct json_writer *j, const void *object)
{
	const struct source_object *source = object;

	source_state_write(j, "state", &source->state);
}

static void
sources_store(struct resource_query *r)
{
	source_fields_finish(r->object);
	resource_put(r);
}

static const struct store_refusal refusals[] = {
    {STORE_LIMIT, 409, "limit_reached", "There are too many sources"},
    {.status = 0},
};

static const struct resource sources = {
    .many = "sources",
    .wrong_id = "Invalid sourceId",
    .missing = "Source not found",
    .refusals = refusals,
    .fields = source_fields,
    .size = sizeof(struct source_object),
    .record = MSG_SOURCE_RECORD,
    .log_id = "id",
    .created = "source_created",
    .changed = "source_changed",
    .deleted = "source_deleted",
    .show = sources_show,
    .join = sources_join,
    .write_rest = sources_write_state,
    .check = sources_check,
    .make = sources_make,
    .store = sources_store,
};

RESOURCE_LIST_HANDLERS(sources)
RESOURCE_ITEM_HANDLERS(sources)
