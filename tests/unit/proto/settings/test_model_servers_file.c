/*
 * MODEL_SERVERS_FILE: what is not exactly right is refused with the place and what would be right, and without a text
 * that may be a key.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/settings/model_servers_file.h"
#include "proto/settings/settings_servers.h"
#include "tests/unit/unit.h"

#define SERVER  "{\"name\":\"a\",\"url\":\"http://x\""
#define A(rest) "[" SERVER rest "}]"

static struct model_servers_file file;
static char why[SETTING_WHY_MAX];

static int
parse(const char *text)
{
	model_servers_file_clear(&file);
	file.path = xstrdup("/nowhere/model-servers.json");
	why[0] = '\0';
	return model_servers_file_parse(slice_str(text), &file, why);
}

TEST(an_array_or_an_object_with_servers_is_read_with_all_members)
{
	static const char servers[] =
	    "[{\"name\":\"azure-1\",\"url\":\"https://x.example/openai/chat/completions/"
	    "?api-version=1\","
	    "\"api\":\"responses\",\"headers\":{\"api-key\":\"k 1\",\"X-Title\":\"Shop & "
	    "Co\"}},"
	    "{\"name\":\"b_2\",\"url\":\"http://127.0.0.1:1/v1/\",\"key\":\"sk=1\"}]";

	for (int as_object = 0; as_object < 2; as_object++) {
		char text[512];

		snprintf(text, sizeof(text), as_object ? "\xef\xbb\xbf{\"servers\":%s}" : "%s",
		    servers);
		assert_int_equal(parse(text), 0);
		assert_int_equal(file.n, 2);
		assert_string_equal(file.at[0].name, "azure-1");
		assert_string_equal(file.at[0].url, "https://x.example/openai?api-version=1");
		assert_true(file.at[0].repaired);
		assert_int_equal(file.at[0].api, MODEL_API_RESPONSES);
		assert_null(file.at[0].key);
		assert_int_equal(file.at[0].headers_n, 2);
		assert_string_equal(file.at[0].headers[0].name, "api-key");
		assert_string_equal(file.at[0].headers[0].value, "k 1");
		assert_string_equal(file.at[0].headers[1].value, "Shop & Co");
		assert_string_equal(file.at[1].url, "http://127.0.0.1:1/v1");
		assert_string_equal(file.at[1].key, "sk=1");
		assert_int_equal(file.at[1].api, MODEL_API_AUTO);
		assert_false(file.at[1].repaired);
		assert_true(file.has_secrets);
	}
	assert_int_equal(parse("[]"), 0);
	assert_int_equal(file.n, 0);
	assert_int_equal(parse(A("")), 0);
	assert_false(file.has_secrets);
}

TEST(each_mistake_is_refused_with_its_place)
{
	static const char unknown[] =
	    "is unknown; the members are name, url, api, headers, key and keyFile";
	static const char own[] = "must be left out: banter sets this header itself";
	static const char text[] =
	    "must be a text of visible ASCII characters, without spaces at its ends";
	static const struct {
		const char *json, *place, *rule;
	} cases[] = {
	    {"", "line 1, column 0:", "must be valid JSON"},
	    {"[{]", "line 1, column 3:", "must be valid JSON"},
	    {"[\n hush]", "line 2, column 5:", "must be valid JSON"},
	    {"[{\"name\":\"a\\u0000\"}]", "line 1, column 18:", "must be valid JSON"},
	    {A(",\"url\":\"http://y\""),
		"line 1, column 35:", "a member is given twice in one object"},
	    {"{}", "must be an array of servers,",
		"or an object whose only member is servers, an array"},
	    {"{\"servers\":{}}", "must be an array of servers,",
		"or an object whose only member is servers, an array"},
	    {"{\"servers\":[],\"x\":1}", "must be an array of servers,",
		"or an object whose only member is servers, an array"},
	    {"[1]", "[0]", "must be an object with name and url"},
	    {"{\"servers\":[[]]}", "servers[0]", "must be an object with name and url"},
	    {"[{\"url\":\"http://x\"}]", "[0].name", "is missing; name and url are required"},
	    {"[{\"name\":\"a\"}]", "[0].url", "is missing; name and url are required"},
	    {"[{\"name\":1,\"url\":\"http://x\"}]", "[0].name", "must be a text"},
	    {"[{\"name\":\"A\",\"url\":\"http://x\"}]", "[0].name",
		"must be 1 to 64 of a-z, 0-9, - and _"},
	    {"[{\"name\":\"\",\"url\":\"http://x\"}]", "[0].name",
		"must be 1 to 64 of a-z, 0-9, - and _"},
	    {"[" SERVER "}," SERVER "}]", "[1].name",
		"must not repeat the name of another server"},
	    {"[{\"name\":\"a\",\"url\":\"ftp://x\"}]", "[0].url",
		"must be an http:// or https:// URL with a valid host and port, for example "
		"https://api.openai.com/v1"},
	    {"[{\"name\":\"a\",\"url\":\"http://x/\\u0001\"}]", "[0].url",
		"must be at most 2048 bytes, without control characters"},
	    {A(",\"api\":\"both\""), "[0].api", "must be auto, chat or responses"},
	    {A(",\"api\":null"), "[0].api", "must be a text"},
	    {A(",\"Key\":\"hush\""), "[0].Key", unknown},
	    {A(",\"model\":\"m\""), "[0].model", unknown},
	    {A(",\"n\\u00e4\\n\":1"), "[0].n???", unknown},
	    {A(",\"key\":\"\""), "[0].key",
		"must be 1 to 4096 bytes, without control characters or line breaks"},
	    {A(",\"key\":\"hush\\nX: y\""), "[0].key",
		"must be 1 to 4096 bytes, without control characters or line breaks"},
	    {A(",\"key\":5"), "[0].key", "must be a text"},
	    {A(",\"key\":\"hush\",\"keyFile\":\"f\""), "[0].keyFile",
		"and key exclude each other"},
	    {A(",\"keyFile\":\"hush/none\""), "[0].keyFile",
		"must name a readable file with a key: No such file or directory"},
	    {A(",\"headers\":[]"), "[0].headers", "must be an object of names and texts"},
	    {A(",\"headers\":{\"\":\"x\"}"), "[0].headers.",
		"must be the name of a header: letters, digits and !#$%&'*+-.^_`|~"},
	    {A(",\"headers\":{\"X Y\":\"x\"}"), "[0].headers.X Y",
		"must be the name of a header: letters, digits and !#$%&'*+-.^_`|~"},
	    {A(",\"headers\":{\"X:\":\"x\"}"), "[0].headers.X:",
		"must be the name of a header: letters, digits and !#$%&'*+-.^_`|~"},
	    {A(",\"headers\":{\"X\\r\\nHost\":\"x\"}"), "[0].headers.X??Host",
		"must be the name of a header: letters, digits and !#$%&'*+-.^_`|~"},
	    {A(",\"headers\":{\"host\":\"x\"}"), "[0].headers.host", own},
	    {A(",\"headers\":{\"Content-Length\":\"1\"}"), "[0].headers.Content-Length", own},
	    {A(",\"headers\":{\"TRANSFER-ENCODING\":\"chunked\"}"),
		"[0].headers.TRANSFER-ENCODING", own},
	    {A(",\"headers\":{\"Connection\":\"close\"}"), "[0].headers.Connection", own},
	    {A(",\"headers\":{\"Proxy-Authorization\":\"hush\"}"),
		"[0].headers.Proxy-Authorization", own},
	    {A(",\"headers\":{\"TE\":\"trailers\"}"), "[0].headers.TE", own},
	    {A(",\"headers\":{\"X\":\"hush\\r\\nHost: y\"}"), "[0].headers.X", text},
	    {A(",\"headers\":{\"X\":\"\"}"), "[0].headers.X", text},
	    {A(",\"headers\":{\"X\":\" hush\"}"), "[0].headers.X", text},
	    {A(",\"headers\":{\"X\":\"hush\\u00e9\"}"), "[0].headers.X", text},
	    {A(",\"headers\":{\"X\":1}"), "[0].headers.X", text},
	    {A(",\"headers\":{\"X-a\":\"1\",\"x-A\":\"2\"}"), "[0].headers.x-A",
		"must not repeat a header, in upper or lower case"},
	    {A(",\"key\":\"hush\",\"headers\":{\"authorization\":\"hush\"}"),
		"[0].headers.Authorization",
		"and a key exclude each other: the key is sent as Authorization: Bearer"},
	};
	char expected[SETTING_WHY_MAX + 64];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(parse(cases[i].json), -1);
		snprintf(expected, sizeof(expected), "%s %s", cases[i].place, cases[i].rule);
		assert_string_equal(why, expected);
		assert_int_equal(file.n, 0);
		if (strstr(cases[i].place, "hush") == NULL)
			assert_null(strstr(why, "hush"));
	}
}

/* n servers, or one with n headers whose values have `bytes` bytes. */
static int
parse_many(int servers, int headers, int bytes)
{
	struct buf text;
	int result;

	buf_init(&text, 1 << 20);
	assert_int_equal(buf_append_str(&text, "["), 0);
	for (int i = 0; i < servers; i++) {
		assert_int_equal(
		    buf_printf(&text, "%s{\"name\":\"s%d\",\"url\":\"http://x\",\"headers\":{",
			i == 0 ? "" : ",", i),
		    0);
		for (int k = 0; k < headers; k++)
			assert_int_equal(buf_printf(&text, "%s\"X%02d\":\"%0*d\"",
					     k == 0 ? "" : ",", k, bytes, 1),
			    0);
		assert_int_equal(buf_append_str(&text, "}}"), 0);
	}
	assert_int_equal(buf_append(&text, "]", 2), 0);
	result = parse((const char *)buf_data(&text));
	buf_clear(&text);
	return result;
}

TEST(servers_headers_and_their_bytes_have_limits)
{
	assert_int_equal(parse_many(16, 16, 253), 0);
	assert_int_equal(file.n, 16);
	assert_int_equal(file.at[15].headers_n, 16);
	assert_int_equal(parse_many(17, 0, 1), -1);
	assert_string_equal(why, "[16] exceeds the maximum of 16 servers");
	assert_int_equal(parse_many(1, 17, 1), -1);
	assert_string_equal(why, "[0].headers must be at most 16 headers");
	assert_int_equal(parse_many(1, 16, 254), -1);
	assert_string_equal(
	    why, "[0].headers must be at most 4096 bytes, with all names and values");
}

static char dir[] = "/tmp/banter-test-XXXXXX";

/* Creates dir/name; returns its path, valid until the next call. */
static const char *
write_file(const char *name, const char *text, mode_t mode)
{
	static char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

TEST(a_key_is_the_first_line_of_a_file_beside_it)
{
	char path[64];

	assert_non_null(mkdtemp(dir));
	write_file("key", "sk-1\r\nmore\n", 0600);
	strcpy(path, write_file("servers.json", A(",\"keyFile\":\"key\""), 0644));
	model_servers_file_clear(&file);
	assert_int_equal(model_servers_file_read(path, &file, why), 0);
	assert_string_equal(file.at[0].key, "sk-1");
	assert_string_equal(file.path, path);
	assert_null(file.exposed); /* everybody may read the servers, but not the key */
	write_file("key", "\nsk-1\n", 0600);
	model_servers_file_clear(&file);
	assert_int_equal(model_servers_file_read(path, &file, why), -1);
	assert_string_equal(
	    why, "[0].keyFile must name a file whose first line is a key of 1 to 4096 bytes");
}

TEST(a_file_with_keys_that_everyone_can_read_is_noted)
{
	char path[64];

	write_file("key", "sk-1\n", 0644);
	strcpy(path, write_file("servers.json", A(",\"keyFile\":\"key\""), 0600));
	model_servers_file_clear(&file);
	assert_int_equal(model_servers_file_read(path, &file, why), 0);
	assert_string_equal(file.exposed + strlen(file.exposed) - 4, "/key");
	for (int i = 0; i < 2; i++) {
		write_file("servers.json",
		    i == 0 ? A(",\"key\":\"sk-1\"") : A(",\"headers\":{\"X\":\"y\"}"), 0644);
		model_servers_file_clear(&file);
		assert_int_equal(model_servers_file_read(path, &file, why), 0);
		assert_string_equal(file.exposed, path);
	}
	model_servers_file_clear(&file);
	assert_int_equal(model_servers_file_read(dir, &file, why), -1);
	assert_string_equal(
	    why, "must be a readable file of at most 65536 bytes: Invalid argument");
	assert_int_equal(remove(path), 0);
	write_file("key", "", 0600);
	assert_int_equal(remove(write_file("key", "", 0600)), 0);
	assert_int_equal(rmdir(dir), 0);
	model_servers_file_clear(&file);
}

TEST(headers_may_take_the_place_of_a_key)
{
	const struct model_header other[] = {{(char[]){"X-Title"}, (char[]){"a"}}};
	const struct model_header azure[] = {
	    {(char[]){"X"}, (char[]){"a"}}, {(char[]){"Api-Key"}, (char[]){"k"}}};
	const struct model_header bearer[] = {{(char[]){"authorization"}, (char[]){"k"}}};

	assert_false(settings_servers_authorize(NULL, 0));
	assert_false(settings_servers_authorize(other, 1));
	assert_true(settings_servers_authorize(azure, 2));
	assert_true(settings_servers_authorize(bearer, 1));
}

TEST_MAIN(NULL, NULL)
