#include "workerd/api/attached/files_json.h"

#include <jansson.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/files/file_links.h"

bool
files_json_add(const json_t *value, struct files_json_ids *ids)
{
	const char *text = json_string_value(value);
	struct id id;

	if (text == NULL || id_parse(slice_str(text), &id) == -1 || id_is_zero(&id) ||
	    ids->len + sizeof(id.b) > sizeof(ids->b))
		return false;
	memcpy(ids->b + ids->len, id.b, sizeof(id.b));
	ids->len += sizeof(id.b);
	return true;
}

const char *
files_json_read(const json_t *value, struct files_json_ids *ids)
{
	ids->len = 0;
	if (value == NULL || json_is_null(value))
		return NULL;
	if (!json_is_array(value) || json_array_size(value) > FILES_JSON_IDS_MAX)
		return "files must be an array of at most 10 ids";
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!files_json_add(json_array_get(value, i), ids))
			return "files must be an array of ids";
	return NULL;
}

const char *
files_json_fit(const struct settings *settings, struct slice ids)
{
	return ids.len / sizeof(struct id) > settings->files_per_message
	    ? "files has more ids than a message may have (FILES_PER_MESSAGE)"
	    : NULL;
}

void
files_json_write(struct json_writer *j, struct slice list)
{
	const uint64_t now = clock_wall_ms();
	struct msg_file_item file;
	char link[FILE_LINK_SIZE];
	struct slice item;

	if (list.len == 0)
		return;
	json_write_open(j, "files", '[');
	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_FILE_ITEM, &file) == WIRE_OK);
		json_write_open(j, NULL, '{');
		json_write_id(j, "id", &file.id);
		json_write_str(j, "name", file.name);
		json_write_str(j, "type", file.type);
		json_write_uint(j, "bytes", file.bytes);
		if (file_link_make(&file.id, now, link))
			json_write_str(j, "url", slice_str(link));
		else
			json_write_null(j, "url");
		if (file.description.len > 0)
			json_write_str(j, "description", file.description);
		json_write_close(j, '}');
	}
	json_write_close(j, ']');
}
