/*
 * Which address the host of a URL has is checked for each connection (workerd/webhooks/webhook_post.h).
 */
#include "workerd/api/webhooks/webhook_fields.h"

#include <jansson.h>

#include "proto/base/basics.h"
#include "proto/ipc/change_names.h"
#include "proto/ipc/messages.h"
#include "workerd/webhooks/webhook_notice.h"

#define AT(member) offsetof(struct msg_webhook_record, member)

/* A crawl changes thousands of pages, each of which would be a delivery: only the change feed has them. */
static bool
webhook_fields_has_kind(enum change_kind kind)
{
	return kind != CHANGE_KINDS && kind != CHANGE_FEED && kind != CHANGE_PAGE;
}

/* The bit of a kind of events; 0: there is none with this name. */
static uint32_t
webhook_fields_kind_bit(const json_t *value)
{
	enum change_kind kind;

	if (!json_is_string(value))
		return 0;
	kind = change_kind_of((struct slice){
	    (const uint8_t *)json_string_value(value), json_string_length(value)});
	return webhook_fields_has_kind(kind) ? UINT32_C(1) << kind : 0;
}

static bool
webhook_fields_read_kinds(const struct field *f, json_t *value, struct fields *in, void *at)
{
	uint32_t kinds = 0;

	(void)f;
	(void)in;
	if (!json_is_array(value))
		return false;
	for (size_t i = 0; i < json_array_size(value); i++) {
		uint32_t bit = webhook_fields_kind_bit(json_array_get(value, i));

		if (bit == 0)
			return false;
		kinds |= bit;
	}
	*(uint32_t *)at = kinds;
	return true;
}

static void
webhook_fields_write_kinds(const struct field *f, const void *at, struct json_writer *j)
{
	uint32_t kinds = *(const uint32_t *)at;

	json_write_open(j, f->name, '[');
	for (enum change_kind kind = CHANGE_FEED + 1; kind < CHANGE_KINDS; kind++)
		if (kinds & UINT32_C(1) << kind)
			json_write_str(j, NULL, slice_str(change_kind_name((uint8_t)kind)));
	json_write_close(j, ']');
}

static void
webhook_fields_bound_kinds(const struct field *f, struct field_refusal *refusal)
{
	static const char *names[CHANGE_KINDS + 1];
	size_t n = 0;

	(void)f;
	for (enum change_kind kind = CHANGE_FEED + 1; kind < CHANGE_KINDS; kind++)
		if (webhook_fields_has_kind(kind))
			names[n++] = change_kind_name((uint8_t)kind);
	refusal->choices = names;
}

static const struct field_kind kinds_kind = {sizeof(uint32_t), webhook_fields_read_kinds,
    REASON_KINDS, webhook_fields_write_kinds, webhook_fields_bound_kinds};

static void
webhook_fields_write_notice(const struct field *f, const void *at, struct json_writer *j)
{
	const struct slice *notice = at;

	if (notice->len == 0)
		json_write_null(j, f->name);
	else
		json_write_str(j, f->name, *notice);
}

static const struct field_kind notice_kind = {
    sizeof(struct slice), NULL, REASON_FIXED, webhook_fields_write_notice, NULL};

static void
webhook_fields_write_notice_code(const struct field *f, const void *at, struct json_writer *j)
{
	const char *code = webhook_notice_code(*(const struct slice *)at);

	if (code == NULL)
		json_write_null(j, f->name);
	else
		json_write_str(j, f->name, slice_str(code));
}

static const struct field_kind notice_code_kind = {
    sizeof(struct slice), NULL, REASON_FIXED, webhook_fields_write_notice_code, NULL};

const struct field webhook_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"organization_id", &field_id, AT(org), FIELD_FIXED, 0, 0, NULL},
    {"url", &field_url, AT(url), FIELD_REQUIRED, 1, 2048, NULL},
    {"kinds", &kinds_kind, AT(kinds), FIELD_OPTIONAL, 0, 0, NULL},
    {"format", &field_choice, AT(format), FIELD_OPTIONAL, 0, 0, webhook_format_words},
    {"widget_id", &field_id, AT(widget), FIELD_NULLABLE, 0, 0, NULL},
    {"enabled", &field_flag, AT(enabled), FIELD_OPTIONAL, 0, 1, NULL},
    {"notice", &notice_kind, AT(notice), FIELD_FIXED, 0, 0, NULL},
    {"notice_code", &notice_code_kind, AT(notice), FIELD_FIXED, 0, 0, NULL},
    {"old_secret_until", &field_moment, AT(old_until), FIELD_FIXED, 0, 0, NULL},
    {"created_at", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {"updated_at", &field_time, AT(updated_at), FIELD_READ_AT, 0, 0, NULL},
    {.name = NULL},
};

void
webhook_fields_check(struct fields *in, const void *record)
{
	const struct msg_webhook_record *r = record;

	if (r->format == WEBHOOK_JSON && r->kinds == 0)
		fields_refuse(in, "kinds", REASON_KINDS_NONE);
	if ((r->format == WEBHOOK_CHANNEL) == id_is_zero(&r->widget))
		fields_refuse(in, "widget_id", REASON_CHANNEL_WIDGET);
}
