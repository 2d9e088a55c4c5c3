/*
 * /v1/admin/blocks: who may not write, until when: a session, a contact, or a range of addresses.
 */
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/network.h"
#include "proto/schema/words.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/request/client_id.h"

#define AT(member) offsetof(struct msg_block_record, member)

/* A client is known by the /64 of its IPv6 address. */
#define IPV6_BITS_MAX 64u

static bool
block_read_until(const struct field *f, struct json_t *value, struct fields *in, void *at)
{
	return field_at.read(f, value, in, at);
}

static void
block_write_until(const struct field *f, const void *at, struct json_writer *j)
{
	field_at.write(f, at, j);
}

static const struct field_kind block_until = {
    sizeof(uint64_t), block_read_until, REASON_BLOCK_UNTIL, block_write_until, NULL};

/* Null: a key, or DASHBOARD_PASSWORD. */
static void
block_write_by(const struct field *f, const void *at, struct json_writer *j)
{
	json_write_id_or_null(j, f->name, at);
}

static const struct field_kind block_by = {
    sizeof(struct id), NULL, REASON_FIXED, block_write_by, NULL};

static const struct field block_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"kind", &field_choice, AT(kind), FIELD_REQUIRED, 0, 0, blocked_kind_words},
    {"target", &field_ascii, AT(target), FIELD_REQUIRED, 1, 128, NULL},
    {"reason", &field_line, AT(reason), FIELD_REQUIRED, 1, 300, NULL},
    {"until", &block_until, AT(until), FIELD_NULLABLE, 0, 0, NULL},
    {"by", &block_by, AT(user), FIELD_FIXED, 0, 0, NULL},
    {"created_at", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {"updated_at", &field_time, AT(updated_at), FIELD_READ_AT, 0, 0, NULL},
    {.name = NULL},
};

static const struct store_refusal refusals[] = {
    {STORE_EXISTS, 409, "exists", "There is a block for this already: change it"},
    {STORE_LIMIT, 409, "limit_reached", "There are too many blocks"},
    {.status = 0},
};

static bool
block_is_range(struct slice target)
{
	struct network range;

	return network_parse(target, &range) == NETWORK_OK &&
	    (range.address.len == 4 || range.bits <= IPV6_BITS_MAX);
}

/* That of a widget's visitor begins with "~". */
static bool
block_is_session(struct slice target)
{
	if (target.p[0] == '~')
		target = (struct slice){target.p + 1, target.len - 1};
	return client_id_is_valid(target);
}

static void
block_check(struct fields *in, const void *object, const struct settings *settings)
{
	const struct msg_block_record *r = object;
	struct id id;

	(void)settings;
	if (fields_has(in, "until") && r->until != 0 && r->until <= clock_wall_ms())
		fields_refuse(in, "until", REASON_BLOCK_UNTIL);
	if (r->target.len == 0)
		return;
	if (r->kind == BLOCK_SESSION && !block_is_session(r->target))
		fields_refuse(in, "target", REASON_BLOCK_SESSION);
	if (r->kind == BLOCK_CONTACT && id_parse(r->target, &id) == -1)
		fields_refuse(in, "target", REASON_BLOCK_CONTACT);
	if (r->kind == BLOCK_RANGE && !block_is_range(r->target))
		fields_refuse(in, "target", REASON_BLOCK_RANGE);
}

static void
block_make(void *object, const struct id *id, const struct id *org)
{
	*(struct msg_block_record *)object =
	    (struct msg_block_record){.v = RECORD_VERSION, .id = *id, .org = *org};
}

/* Whoever has created it stays. */
static void
block_store(struct resource_query *q)
{
	struct msg_block_record *r = q->object;

	if (q->fresh && id_parse(slice_str(q->by), &r->user) == -1)
		r->user = (struct id){0};
	resource_put(q);
}

static const struct resource blocks = {
    .many = "blocks",
    .wrong_id = "Invalid blockId",
    .missing = "Block not found",
    .refusals = refusals,
    .fields = block_fields,
    .size = sizeof(struct msg_block_record),
    .record = MSG_BLOCK_RECORD,
    .log_id = "id",
    .created = "block_created",
    .changed = "block_changed",
    .deleted = "block_deleted",
    .check = block_check,
    .make = block_make,
    .store = block_store,
};

RESOURCE_LIST_HANDLERS(blocks)
RESOURCE_ITEM_HANDLERS(blocks)
