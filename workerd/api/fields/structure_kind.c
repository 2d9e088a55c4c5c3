/*
 * The type of members that hold the structure of a message.
 */
#include <jansson.h>
#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/settings/settings.h"
#include "workerd/api/attached/structure_json.h"
#include "workerd/api/fields/fields.h"
#include "workerd/structure/structure_read.h"

/* Which hosts pictures may be of is a setting: fields_check_pictures(). */
static const struct origin_list any_origin = {.any = true};

static void
structure_kind_refuse(
    const struct field *f, struct fields *in, const struct structure_fault *fault)
{
	const char *choices[] = {fault->should, NULL};
	char name[STRUCTURE_AT_MAX + 32];

	(void)snprintf(
	    name, sizeof(name), "%s%s%s", f->name, *fault->at == '\0' ? "" : ".", fault->at);
	fields_refuse_for(
	    in, name, &(struct field_refusal){.reason = REASON_STRUCTURE, .choices = choices});
}

/* Refuses each member that is wrong, so that the whole is not refused, too. */
static bool
structure_kind_read(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct structure_faults faults;

	buf_reset(&in->json_made);
	if (structure_read(value, &any_origin, &in->json_made, &faults)) {
		*(struct slice *)at = buf_slice(&in->json_made);
		return true;
	}
	for (size_t i = 0; i < faults.n; i++)
		structure_kind_refuse(f, in, &faults.items[i]);
	return true;
}

static void
structure_kind_write(const struct field *f, const void *at, struct json_writer *j)
{
	const struct slice *parts = at;

	if (parts->len == 0) {
		json_write_null(j, f->name);
		return;
	}
	json_write_open(j, f->name, '{');
	structure_json_write_members(j, *parts);
	json_write_close(j, '}');
}

const struct field_kind field_structure = {
    sizeof(struct slice), structure_kind_read, REASON_OBJECT, structure_kind_write, NULL};

void
fields_check_pictures(
    struct fields *in, const char *name, struct slice parts, const struct settings *settings)
{
	static const char *const choices[] = {
	    "must have pictures of the origins in PICTURE_ORIGINS alone", NULL};

	if (!structure_read_allows(parts, &settings->picture_origins))
		fields_refuse_for(in, name,
		    &(struct field_refusal){.reason = REASON_STRUCTURE, .choices = choices});
}
