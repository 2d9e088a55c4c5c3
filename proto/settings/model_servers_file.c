/*
 * Each member has a row in a table with its reader. The first problem ends the parse.
 */
#include "proto/settings/model_servers_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/settings/setting_kinds.h"

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-_"

/* token of RFC 9110, section 5.6.2. */
#define TOKEN_SIGNS "!#$%&'*+-.^_`|~"

#define URL_MAX     2048 /* bytes */
#define KEY_MAX     4096 /* bytes, as of OPENAI_API_KEY */
#define SHOWN_MAX   48   /* bytes of a member's name in a message */
#define BEFORE_SIZE 160  /* of "servers[15].headers["…"]" */

/* Headers that banter or HTTP sets (RFC 9110, section 7.6.1; RFC 9113, section 8.2.2): a second one, or another value,
 * would change where the request ends or what the reply is. */
static const char *const own_headers[] = {"accept", "accept-encoding", "connection",
    "content-encoding", "content-length", "content-type", "expect", "host", "http2-settings",
    "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
    "trailer", "transfer-encoding", "upgrade", "user-agent"};

/* Where the parser is in the file. */
struct model_servers_parse {
	struct model_servers_file *out;
	struct model_server_entry *entry; /* the present one */
	char *why;
	const char *list; /* "servers", or "" for an array alone */
};

/* A name for a message: only what a terminal and a log can show. */
static const char *
model_servers_shown(const char *name, char out[static SHOWN_MAX + 1])
{
	strlcpy(out, name, SHOWN_MAX + 1);
	for (char *c = out; *c != '\0'; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
	return out;
}

/* member: of the present server; part: of that member; both may be NULL. Returns -1. */
static int
model_servers_refuse(
    struct model_servers_parse *p, const char *member, const char *part, const char *rule)
{
	char name[SHOWN_MAX + 1], place[BEFORE_SIZE];
	int n = snprintf(place, sizeof(place), "%s[%zu]", p->list, p->out->n);

	if (member != NULL)
		n += snprintf(place + n, sizeof(place) - (size_t)n, ".%s",
		    model_servers_shown(member, name));
	if (part != NULL)
		snprintf(place + n, sizeof(place) - (size_t)n, ".%s",
		    model_servers_shown(part, name));
	snprintf(p->why, SETTING_WHY_MAX, "%s %s", place, rule);
	return -1;
}

/* The same for a member whose rule is that of a kind of setting. */
static int
model_servers_refuse_kind(struct model_servers_parse *p, const char *member)
{
	char rule[SETTING_WHY_MAX];

	strlcpy(rule, p->why, sizeof(rule));
	return model_servers_refuse(p, member, NULL, rule);
}

static bool
model_servers_has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if (iscntrl((unsigned char)*text))
			return true;
	return false;
}

static int
model_servers_read_name(struct model_servers_parse *p, const json_t *value)
{
	const char *name = json_string_value(value);
	size_t len = strlen(name);

	if (len == 0 || len > MODEL_SERVER_NAME_MAX || strspn(name, NAME_LETTERS) != len)
		return model_servers_refuse(
		    p, "name", NULL, "must be 1 to 64 of a-z, 0-9, - and _");
	for (size_t i = 0; i < p->out->n; i++)
		if (strcmp(p->out->at[i].name, name) == 0)
			return model_servers_refuse(
			    p, "name", NULL, "must not repeat the name of another server");
	p->entry->name = xstrdup(name);
	return 0;
}

static int
model_servers_read_url(struct model_servers_parse *p, const json_t *value)
{
	const char *url = json_string_value(value);

	if (strlen(url) > URL_MAX || model_servers_has_control(url))
		return model_servers_refuse(
		    p, "url", NULL, "must be at most 2048 bytes, without control characters");
	if (setting_parse_URL(NULL, url, &p->entry->url, p->why) == -1)
		return model_servers_refuse_kind(p, "url");
	p->entry->repaired = strstr(url, SETTING_URL_ADDED) != NULL;
	return 0;
}

static int
model_servers_read_api(struct model_servers_parse *p, const json_t *value)
{
	if (setting_parse_API(NULL, json_string_value(value), &p->entry->api, p->why) == -1)
		return model_servers_refuse_kind(p, "api");
	return 0;
}

static bool
model_servers_is_key(const char *key)
{
	size_t len = strlen(key);

	return len > 0 && len <= KEY_MAX && !model_servers_has_control(key);
}

static int
model_servers_read_key(struct model_servers_parse *p, const json_t *value)
{
	const char *key = json_string_value(value);

	if (p->entry->key != NULL)
		return model_servers_refuse(p, "key", NULL, "and keyFile exclude each other");
	if (!model_servers_is_key(key))
		return model_servers_refuse(p, "key", NULL,
		    "must be 1 to 4096 bytes, without control characters or line breaks");
	p->entry->key = xstrdup(key);
	p->out->has_secrets = true;
	return 0;
}

/* Reads a whole file. NULL: it is none, or longer than max bytes (EFBIG), or cannot be read; errno says which. Notes
 * in *everyone whether every user of the system can read it. The caller frees the text. */
static char *
model_servers_read_file(const char *path, size_t max, size_t *len, bool *everyone)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error = 0;
	char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd == -1)
		return NULL;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		error = EINVAL;
		goto out;
	}
	*everyone = (st.st_mode & S_IROTH) != 0;
	*len = 0;
	text = xcalloc(1, max + 2);
	while ((n = read(fd, text + *len, max + 1 - *len)) > 0)
		*len += (size_t)n;
	if (n == -1 || *len > max) {
		error = n == -1 ? errno : EFBIG;
		explicit_bzero(text, max);
		free(text);
		text = NULL;
	}
out:
	closefd(&fd);
	errno = error;
	return text;
}

static void
model_servers_free_text(char *text, size_t len)
{
	explicit_bzero(text, len);
	free(text);
}

/* A relative path starts in the folder of MODEL_SERVERS_FILE. The caller frees the result. */
static char *
model_servers_path(const struct model_servers_file *file, const char *path)
{
	const char *slash = strrchr(file->path, '/');
	char *whole;

	if (*path == '/' || slash == NULL)
		return xstrdup(path);
	must(asprintf(&whole, "%.*s/%s", (int)(slash - file->path), file->path, path) != -1);
	return whole;
}

static int
model_servers_read_key_file(struct model_servers_parse *p, const json_t *value)
{
	char *path = model_servers_path(p->out, json_string_value(value)), *key;
	char rule[SETTING_WHY_MAX];
	bool everyone = false;
	size_t len = 0;
	int result = -1;

	if (p->entry->key != NULL) {
		free(path);
		return model_servers_refuse(p, "keyFile", NULL, "and key exclude each other");
	}
	key = model_servers_read_file(path, KEY_MAX + 2, &len, &everyone);
	if (key == NULL) {
		snprintf(rule, sizeof(rule), "must name a readable file with a key: %s",
		    strerror(errno));
		(void)model_servers_refuse(p, "keyFile", NULL, rule);
		goto out;
	}
	key[strcspn(key, "\r\n")] = '\0';
	if (!model_servers_is_key(key)) {
		(void)model_servers_refuse(p, "keyFile", NULL,
		    "must name a file whose first line is a key of 1 to 4096 bytes");
		goto out;
	}
	p->entry->key = xstrdup(key);
	if (everyone && p->out->exposed == NULL)
		p->out->exposed = xstrdup(path);
	result = 0;
out:
	if (key != NULL)
		model_servers_free_text(key, len);
	free(path);
	return result;
}

static bool
model_servers_is_token(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr(TOKEN_SIGNS, *c) == NULL)
			return false;
	return *name != '\0';
}

/* Visible ASCII characters, with spaces between them (RFC 9110, section 5.5). */
static bool
model_servers_is_value(const char *value)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++)
		if (value[i] < ' ' || value[i] > '~')
			return false;
	return len > 0 && value[0] != ' ' && value[len - 1] != ' ';
}

/* What is wrong with a header; NULL: nothing. */
static const char *
model_servers_header_rule(
    const struct model_server_entry *entry, const char *name, const json_t *value)
{
	if (!model_servers_is_token(name))
		return "must be the name of a header: letters, digits and " TOKEN_SIGNS;
	for (size_t i = 0; i < ARRAY_LEN(own_headers); i++)
		if (strcasecmp(name, own_headers[i]) == 0)
			return "must be left out: banter sets this header itself";
	for (size_t i = 0; i < entry->headers_n; i++)
		if (strcasecmp(name, entry->headers[i].name) == 0)
			return "must not repeat a header, in upper or lower case";
	if (!json_is_string(value) || !model_servers_is_value(json_string_value(value)))
		return "must be a text of visible ASCII characters, without spaces at its ends";
	return NULL;
}

static int
model_servers_read_headers(struct model_servers_parse *p, const json_t *headers)
{
	struct model_server_entry *entry = p->entry;
	size_t bytes = 0;
	const char *name;
	json_t *value;

	if (json_object_size(headers) > MODEL_HEADERS_MAX)
		return model_servers_refuse(p, "headers", NULL, "must be at most 16 headers");
	entry->headers = xcalloc(MODEL_HEADERS_MAX, sizeof(entry->headers[0]));
	json_object_foreach ((json_t *)(uintptr_t)headers, name, value) {
		const char *rule = model_servers_header_rule(entry, name, value);

		if (rule != NULL)
			return model_servers_refuse(p, "headers", name, rule);
		bytes += strlen(name) + json_string_length(value);
		if (bytes > MODEL_HEADERS_BYTES_MAX)
			return model_servers_refuse(p, "headers", NULL,
			    "must be at most 4096 bytes, with all names and values");
		entry->headers[entry->headers_n++] = (struct model_header){
		    .name = xstrdup(name), .value = xstrdup(json_string_value(value))};
		p->out->has_secrets = true;
	}
	return 0;
}

/* The members of a server. */
static const struct {
	const char *name;
	json_type type;
	bool required;
	int (*read)(struct model_servers_parse *p, const json_t *value);
} members[] = {
    {"name", JSON_STRING, true, model_servers_read_name},
    {"url", JSON_STRING, true, model_servers_read_url},
    {"api", JSON_STRING, false, model_servers_read_api},
    {"key", JSON_STRING, false, model_servers_read_key},
    {"keyFile", JSON_STRING, false, model_servers_read_key_file},
    {"headers", JSON_OBJECT, false, model_servers_read_headers},
};

static bool
model_servers_is_member(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (strcmp(members[i].name, name) == 0)
			return true;
	return false;
}

static bool
model_servers_has_header(const struct model_server_entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->headers_n; i++)
		if (strcasecmp(entry->headers[i].name, name) == 0)
			return true;
	return false;
}

/* A server, whose members are known. */
static int
model_servers_read_members(struct model_servers_parse *p, const json_t *server)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const json_t *value = json_object_get(server, members[i].name);

		if (value == NULL && members[i].required)
			return model_servers_refuse(
			    p, members[i].name, NULL, "is missing; name and url are required");
		if (value == NULL)
			continue;
		if (json_typeof(value) != members[i].type)
			return model_servers_refuse(p, members[i].name, NULL,
			    members[i].type == JSON_OBJECT
				? "must be an object of names and texts"
				: "must be a text");
		if (members[i].read(p, value) == -1)
			return -1;
	}
	if (p->entry->key != NULL && model_servers_has_header(p->entry, "authorization"))
		return model_servers_refuse(p, "headers", "Authorization",
		    "and a key exclude each other: the key is sent as Authorization: Bearer");
	return 0;
}

static int
model_servers_read_server(struct model_servers_parse *p, const json_t *server)
{
	const char *name;
	json_t *value;

	if (p->out->n == SETTINGS_NAMED_MAX)
		return model_servers_refuse(p, NULL, NULL, "exceeds the maximum of 16 servers");
	if (!json_is_object(server))
		return model_servers_refuse(
		    p, NULL, NULL, "must be an object with name and url");
	json_object_foreach ((json_t *)(uintptr_t)server, name, value)
		if (!model_servers_is_member(name))
			return model_servers_refuse(p, name, NULL,
			    "is unknown; the members are name, url, api, headers, key and "
			    "keyFile");
	p->entry = &p->out->at[p->out->n];
	return model_servers_read_members(p, server);
}

/* The array of servers; NULL: the JSON has another form. */
static const json_t *
model_servers_list(struct model_servers_parse *p, const json_t *root)
{
	const json_t *list = root;

	p->list = "";
	if (json_is_object(root)) {
		p->list = "servers";
		list = json_object_size(root) == 1 ? json_object_get(root, "servers") : NULL;
	}
	return json_is_array(list) ? list : NULL;
}

static int
model_servers_read_root(struct model_servers_parse *p, const json_t *root)
{
	const json_t *list = model_servers_list(p, root), *server;
	size_t i;

	if (list == NULL) {
		snprintf(p->why, SETTING_WHY_MAX,
		    "must be an array of servers, or an object whose only member is servers, "
		    "an array");
		return -1;
	}
	json_array_foreach (list, i, server) {
		if (model_servers_read_server(p, server) == -1)
			return -1;
		p->out->n++;
	}
	return 0;
}

/* Without jansson's text, which quotes the file. */
static void
model_servers_refuse_json(const json_error_t *error, char *why)
{
	snprintf(why, SETTING_WHY_MAX, "line %d, column %d: %s", error->line, error->column,
	    json_error_code(error) == json_error_duplicate_key
		? "a member is given twice in one object"
		: "must be valid JSON");
}

static void
model_servers_clear_entry(struct model_server_entry *entry)
{
	for (size_t i = 0; i < entry->headers_n; i++) {
		free(entry->headers[i].name);
		free(entry->headers[i].value);
	}
	free(entry->headers);
	free(entry->name);
	free(entry->url);
	free(entry->key);
}

/* All servers, also one that was refused when it had some of its members. */
static void
model_servers_clear_entries(struct model_servers_file *file)
{
	for (size_t i = 0; i < ARRAY_LEN(file->at); i++) {
		model_servers_clear_entry(&file->at[i]);
		file->at[i] = (struct model_server_entry){0};
	}
	file->n = 0;
}

int
model_servers_file_parse(struct slice text, struct model_servers_file *out, char *why)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct model_servers_parse p = {.out = out, .why = why};
	json_error_t error;
	json_t *root;
	int result;

	if (text.len >= 3 && memcmp(text.p, bom, 3) == 0)
		text = (struct slice){text.p + 3, text.len - 3};
	root = json_loadb((const char *)text.p, text.len, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		model_servers_refuse_json(&error, why);
		return -1;
	}
	result = model_servers_read_root(&p, root);
	json_decref(root);
	if (result == -1)
		model_servers_clear_entries(out);
	return result;
}

int
model_servers_file_read(const char *path, struct model_servers_file *out, char *why)
{
	bool everyone = false;
	size_t len = 0;
	char *text = model_servers_read_file(path, MODEL_SERVERS_FILE_MAX, &len, &everyone);
	int result;

	if (text == NULL) {
		snprintf(why, SETTING_WHY_MAX,
		    "must be a readable file of at most 65536 bytes: %s", strerror(errno));
		return -1;
	}
	out->path = xstrdup(path);
	result = model_servers_file_parse((struct slice){(uint8_t *)text, len}, out, why);
	if (everyone && out->has_secrets && out->exposed == NULL)
		out->exposed = xstrdup(path);
	model_servers_free_text(text, len);
	return result;
}

void
model_servers_file_clear(struct model_servers_file *file)
{
	model_servers_clear_entries(file);
	free(file->path);
	free(file->exposed);
	*file = (struct model_servers_file){0};
}

int
setting_parse_SERVERS_FILE(const struct setting *d, const char *text, void *field, char *why)
{
	(void)d;
	return model_servers_file_read(text, field, why);
}

void
setting_clear_SERVERS_FILE(void *field)
{
	model_servers_file_clear(field);
}
