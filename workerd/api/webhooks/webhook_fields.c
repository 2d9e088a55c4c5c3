/*
 * A URL is what libcurl and a person read alike: ASCII, with a host and without a user. Which address the host has is
 * checked for each connection (workerd/webhooks/webhook_post.h).
 */
#include "workerd/api/webhooks/webhook_fields.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/ipc/change_names.h"
#include "proto/ipc/messages.h"
#include "proto/settings/setting_values.h"

#define AT(member) offsetof(struct msg_webhook_record, member)

#define URL_MAX 2048 /* bytes, as in WEBHOOK_RECORD */

/* Whether all characters are printable ASCII, without those that must be escaped in a URL (RFC 3986). */
static bool
webhook_fields_has_url_characters(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`{|}#", *c) != NULL)
			return false;
	return true;
}

static bool
webhook_fields_has_host(const char *text)
{
	char *host = strndup(text, strcspn(text, "/?"));
	bool valid;

	must(host != NULL);
	valid = origin_is_authority(host);
	free(host);
	return valid;
}

static bool
webhook_fields_is_url(const char *text)
{
	size_t scheme = strncmp(text, "https://", 8) == 0 ? 8
	    : strncmp(text, "http://", 7) == 0            ? 7
							  : 0;

	return scheme != 0 && webhook_fields_has_url_characters(text) &&
	    webhook_fields_has_host(text + scheme);
}

static bool
webhook_fields_read_url(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice text;

	(void)f;
	(void)in;
	if (!json_is_string(value))
		return false;
	text = (struct slice){
	    (const uint8_t *)json_string_value(value), json_string_length(value)};
	if (text.len > URL_MAX || memchr(text.p, '\0', text.len) != NULL ||
	    !webhook_fields_is_url(json_string_value(value)))
		return false;
	*(struct slice *)at = text;
	return true;
}

static void
webhook_fields_write_url(const struct field *f, const void *at, struct json_writer *j)
{
	json_write_str(j, f->name, *(const struct slice *)at);
}

static void
webhook_fields_bound_url(const struct field *f, struct field_refusal *refusal)
{
	(void)f;
	refusal->max = URL_MAX;
}

static const struct field_kind url_kind = {sizeof(struct slice), webhook_fields_read_url,
    REASON_URL, webhook_fields_write_url, webhook_fields_bound_url};

/* The bit of a kind of events; 0: there is none with this name. */
static uint32_t
webhook_fields_kind_bit(const json_t *value)
{
	enum change_kind kind;

	if (!json_is_string(value))
		return 0;
	kind = change_kind_of((struct slice){
	    (const uint8_t *)json_string_value(value), json_string_length(value)});
	return kind == CHANGE_KINDS || kind == CHANGE_FEED ? 0 : UINT32_C(1) << kind;
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

	(void)f;
	for (unsigned kind = CHANGE_FEED + 1; kind < CHANGE_KINDS; kind++)
		names[kind - CHANGE_FEED - 1] = change_kind_name((uint8_t)kind);
	refusal->choices = names;
}

static const struct field_kind kinds_kind = {sizeof(uint32_t), webhook_fields_read_kinds,
    REASON_KINDS, webhook_fields_write_kinds, webhook_fields_bound_kinds};

static const char *const formats[] = {
    [WEBHOOK_JSON] = "json", [WEBHOOK_SLACK] = "slack", [WEBHOOK_DISCORD] = "discord", NULL};

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

const struct field webhook_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"organization_id", &field_id, AT(org), FIELD_FIXED, 0, 0, NULL},
    {"url", &url_kind, AT(url), FIELD_REQUIRED, 0, 0, NULL},
    {"kinds", &kinds_kind, AT(kinds), FIELD_OPTIONAL, 0, 0, NULL},
    {"format", &field_choice, AT(format), FIELD_OPTIONAL, 0, 0, formats},
    {"enabled", &field_flag, AT(enabled), FIELD_OPTIONAL, 0, 1, NULL},
    {"notice", &notice_kind, AT(notice), FIELD_FIXED, 0, 0, NULL},
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
}
