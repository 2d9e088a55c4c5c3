/*
 * The content of MODEL_SERVERS_FILE. What is accepted can be sent in a request without a further check: no header can
 * end its line, or repeat one of the client's. Written as JSON again, it is accepted with the same result.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/settings/model_servers_file.h"
#include "proto/settings/settings_servers.h"
#include "tests/fuzz/fuzz.h"

static void
check_header(const struct model_server_entry *server, size_t i)
{
	const struct model_header *header = &server->headers[i];

	must(*header->name != '\0' &&
	    strpbrk(header->name, ":()<>@,;\\\"/[]?={} \t\r\n") == NULL);
	must(strcasecmp(header->name, "host") != 0 &&
	    strcasecmp(header->name, "content-length") != 0 &&
	    strcasecmp(header->name, "transfer-encoding") != 0);
	must(*header->value > ' ');
	for (const char *c = header->value; *c != '\0'; c++)
		must(*c >= ' ' && *c <= '~');
	for (size_t k = 0; k < i; k++)
		must(strcasecmp(header->name, server->headers[k].name) != 0);
}

static void
check_server(const struct model_servers_file *file, size_t i)
{
	const struct model_server_entry *server = &file->at[i];
	size_t bytes = 0;

	must(*server->name != '\0' && strlen(server->name) <= MODEL_SERVER_NAME_MAX);
	must(strncmp(server->url, "http", 4) == 0 && strpbrk(server->url, " \t\r\n#") == NULL);
	must(server->key == NULL ||
	    (*server->key != '\0' && strpbrk(server->key, "\r\n") == NULL));
	must(server->headers_n <= MODEL_HEADERS_MAX);
	for (size_t k = 0; k < server->headers_n; k++) {
		check_header(server, k);
		bytes += strlen(server->headers[k].name) + strlen(server->headers[k].value);
	}
	must(bytes <= MODEL_HEADERS_BYTES_MAX);
	for (size_t k = 0; k < i; k++)
		must(strcmp(server->name, file->at[k].name) != 0);
}

static json_t *
write_server(const struct model_server_entry *server)
{
	static const char *const apis[] = {"auto", "chat", "responses"};
	json_t *headers = json_object();
	json_t *out = json_pack("{s:s, s:s, s:s, s:s*}", "name", server->name, "url",
	    server->url, "api", apis[server->api], "key", server->key);

	must(out != NULL && headers != NULL);
	for (size_t k = 0; k < server->headers_n; k++)
		must(json_object_set_new(headers, server->headers[k].name,
			 json_string(server->headers[k].value)) == 0);
	must(json_object_set_new(out, "headers", headers) == 0);
	return out;
}

/* The text of a file with the same servers; the caller frees it. */
static char *
write_file(const struct model_servers_file *file)
{
	json_t *list = json_array();
	char *text;

	must(list != NULL);
	for (size_t i = 0; i < file->n; i++)
		must(json_array_append_new(list, write_server(&file->at[i])) == 0);
	text = json_dumps(list, JSON_COMPACT);
	must(text != NULL);
	json_decref(list);
	return text;
}

FUZZ(model_servers)
{
	struct model_servers_file file = {.path = xstrdup("/nowhere/model-servers.json")};
	struct model_servers_file again = {.path = xstrdup("/nowhere/model-servers.json")};
	char why[SETTING_WHY_MAX] = "", *text, *other;

	if (in.len > MODEL_SERVERS_FILE_MAX || model_servers_file_parse(in, &file, why) == -1) {
		must(in.len > MODEL_SERVERS_FILE_MAX || why[0] != '\0');
		for (const char *c = why; *c != '\0'; c++)
			must(*c >= ' ' && *c <= '~');
	} else {
		for (size_t i = 0; i < file.n; i++)
			check_server(&file, i);
		text = write_file(&file);
		must(model_servers_file_parse(slice_str(text), &again, why) == 0);
		other = write_file(&again);
		must(strcmp(text, other) == 0);
		free(text);
		free(other);
	}
	model_servers_file_clear(&file);
	model_servers_file_clear(&again);
}
