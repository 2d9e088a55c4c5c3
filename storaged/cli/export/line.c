/*
 * Writes and parses lines of an export.
 */
#include "storaged/cli/export/line.h"

#include <inttypes.h>

#include "proto/base/basics.h"

static const struct kind {
	const char *kind;
	enum msg_type type;   /* the request */
	enum msg_type record; /* the record of an IMPORT_RECORD; else 0 */
} kinds[] = {
#define KIND(kind, REQUEST)  {#kind, MSG_##REQUEST, (enum msg_type)0},
#define RECORD(kind, RECORD) {#kind, MSG_IMPORT_RECORD, MSG_##RECORD},
#include "storaged/cli/export/line_kinds.def"
};

int
line_write_head(struct buf *out)
{
	return buf_printf(out, "{\"kind\":\"banter\",\"format\":%d}\n", LINE_FORMAT);
}

int
line_write_end(struct buf *out, uint64_t lines, const char *sum)
{
	return buf_printf(
	    out, "{\"kind\":\"end\",\"lines\":%" PRIu64 ",\"xxh3\":\"%s\"}\n", lines, sum);
}

static const char *
line_find_kind(enum msg_type type, enum msg_type record)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].type == type && kinds[i].record == record)
			return kinds[i].kind;
	never("no kind of line");
}

static int
line_write_record(struct buf *out, const struct msg_import_record *request)
{
	enum msg_type type = (enum msg_type)request->type;

	if (buf_printf(out, "{\"kind\":\"%s\"", line_find_kind(MSG_IMPORT_RECORD, type)) == -1)
		return -1;
	return message_json_write_record(out, type, request->record);
}

static int
line_write_request(struct buf *out, enum msg_type type, const void *request)
{
	if (buf_printf(out, "{\"kind\":\"%s\"", line_find_kind(type, (enum msg_type)0)) == -1)
		return -1;
	return message_json_write(out, type, request);
}

int
line_write(struct buf *out, enum msg_type type, const void *request)
{
	int rc = type == MSG_IMPORT_RECORD ? line_write_record(out, request)
					   : line_write_request(out, type, request);

	return rc == -1 ? -1 : buf_append_str(out, "}\n");
}

void
line_init(struct line *line)
{
	*line = (struct line){.kind = LINE_HEAD, .format = LINE_FORMAT};
	buf_init(&line->record, WIRE_FRAME_MAX);
}

void
line_clear(struct line *line)
{
	json_decref(line->json);
	line->json = NULL;
	buf_clear(&line->record);
}

static bool
line_read_number(const json_t *object, const char *name, uint64_t *n)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*n = (uint64_t)json_integer_value(value);
	return true;
}

static int
line_read_head(struct line *line, struct message_json_error *error)
{
	uint64_t format;

	line->kind = LINE_HEAD;
	if (!line_read_number(line->json, "format", &format) ||
	    json_object_size(line->json) != 2)
		return message_json_fail(
		    error, "the first line must have only \"kind\" and \"format\", a number");
	if (format >= LINE_FORMAT_OLD && format <= LINE_FORMAT) {
		line->format = format;
		return 0;
	}
	return message_json_fail(error,
	    "the export has format %" PRIu64
	    ", and this banter reads formats up to %d: use the banter "
	    "version that wrote it",
	    format, LINE_FORMAT);
}

static int
line_read_end(struct line *line, struct message_json_error *error)
{
	const json_t *sum = json_object_get(line->json, "xxh3");
	bool summed = line->format != LINE_FORMAT_OLD;

	line->kind = LINE_END;
	line->sum = (struct slice){0};
	if (!line_read_number(line->json, "lines", &line->lines) ||
	    json_is_string(sum) != summed || json_object_size(line->json) != (summed ? 3 : 2))
		return message_json_fail(error,
		    "the last line must have only \"kind\", \"lines\", a number, and \"xxh3\", "
		    "the checksum (not in format 1)");
	if (summed)
		line->sum = (struct slice){
		    (const uint8_t *)json_string_value(sum), json_string_length(sum)};
	return 0;
}

static int
line_read_request(struct line *line, const struct kind *kind, struct message_json_error *error)
{
	struct msg_import_record *request = &line->request.import_record;

	line->kind = LINE_RECORD;
	line->type = kind->type;
	if (kind->record == (enum msg_type)0)
		return message_json_read(
		    line->json, line->type, &line->request, &line->record, error);
	*request = (struct msg_import_record){.type = (uint16_t)kind->record};
	return message_json_read_record(
	    line->json, kind->record, &request->record, &line->record, error);
}

static int
line_read_object(struct line *line, struct slice kind, struct message_json_error *error)
{
	if (slice_eq_str(kind, "banter"))
		return line_read_head(line, error);
	if (slice_eq_str(kind, "end"))
		return line_read_end(line, error);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (slice_eq_str(kind, kinds[i].kind))
			return line_read_request(line, &kinds[i], error);
	return message_json_fail(error, "unknown kind %.64s", (const char *)kind.p);
}

int
line_read(struct line *line, struct slice text, struct message_json_error *error)
{
	json_error_t json_error;
	const json_t *kind;

	json_decref(line->json);
	line->json = json_loadb((const char *)text.p, text.len,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &json_error);
	if (line->json == NULL)
		return message_json_fail(error, "invalid JSON: %s", json_error.text);
	kind = json_object_get(line->json, "kind");
	if (!json_is_string(kind))
		return message_json_fail(error, "not an object with a \"kind\"");
	return line_read_object(line,
	    (struct slice){(const uint8_t *)json_string_value(kind), json_string_length(kind)},
	    error);
}

void
line_sum_add(struct file_sum *sum, struct slice text)
{
	file_sum_add(sum, text.p, text.len);
	file_sum_add(sum, "\n", 1);
}

bool
line_sum_matches(const struct line *line, const struct file_sum *sum)
{
	return line->format == LINE_FORMAT_OLD || slice_eq_str(line->sum, file_sum_text(sum).s);
}
