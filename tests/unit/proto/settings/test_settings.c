/*
 * Settings: every invalid value is reported, all at once, with what would be valid; secrets are
 * never shown.
 */
#include <bsd/string.h>

#include "proto/settings/settings.h"
#include "proto/settings/settings_file.h"
#include "tests/unit/unit.h"

static char *problems, *warnings;
static struct settings s; /* of the last load() */

/* Loads the settings from exactly these NAME=value pairs; returns the number of problems. */
static size_t
load(unsigned owners, const char *const pairs[])
{
	size_t len, n;
	FILE *p, *w;

	settings_clear(&s);
	free(problems);
	free(warnings);
	clearenv();
	for (; *pairs != NULL; pairs++) {
		char *name = xstrdup(*pairs);
		size_t len_of_name = strcspn(name, "=");

		name[len_of_name] = '\0';
		assert_int_equal(setenv(name, name + len_of_name + 1, 1), 0);
		free(name);
	}
	p = open_memstream(&problems, &len);
	w = open_memstream(&warnings, &len);
	n = settings_load(&s, owners, p, w);
	fclose(p);
	fclose(w);
	return n;
}

#define LOAD(...) load(OWNER_ALL, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

TEST(defaults_match_the_contract)
{
	assert_int_equal(LOAD(), 0);
	assert_int_equal(s.port, 4000);
	assert_int_equal(s.app_env, APP_ENV_DEVELOPMENT);
	assert_int_equal(s.max_history_messages, 30);
	assert_int_equal(s.max_history_tokens, 8000);
	assert_int_equal(s.rate_limit_window_ms, 60000);
	assert_int_equal(s.rate_limit_max_requests, 30);
	assert_int_equal(s.store_max_bytes, 64ull << 30);
	assert_string_equal(s.openai_base_url, "https://api.openai.com/v1");
	assert_string_equal(s.openai_model, "gpt-4.1-mini");
	assert_string_equal(s.store_socket, "./data/store.sock");
	assert_true(s.cors_origin.any);
	assert_null(s.admin_api_key);
}

TEST(values_are_parsed_and_normalized)
{
	assert_int_equal(
	    LOAD("NODE_ENV=test", "PORT=8080", "OPENAI_BASE_URL=http://localhost:11434/v1/",
		"CORS_ORIGIN= https://Example.com:443 ,http://localhost:3000",
		"LISTEN=127.0.0.1:80, [::1]:81", "STORE_MAX_BYTES=2g", "DATA_DIR=/d",
		"WORKERS="),
	    0);
	assert_int_equal(s.app_env, APP_ENV_TEST);
	assert_int_equal(s.port, 8080);
	assert_string_equal(s.openai_base_url, "http://localhost:11434/v1");
	assert_false(s.cors_origin.any);
	assert_true(origin_list_has(&s.cors_origin, slice_str("https://example.com")));
	assert_true(origin_list_has(&s.cors_origin, slice_str("http://localhost:3000")));
	assert_false(origin_list_has(&s.cors_origin, slice_str("http://localhost:3001")));
	assert_false(origin_list_has(&s.cors_origin, slice_str("https://EXAMPLE.com")));
	assert_false(origin_list_has(&s.cors_origin, slice_str("null")));
	assert_int_equal(s.listen.n, 2);
	assert_int_equal(s.listen.at[0].sa.ss_family, AF_INET);
	assert_int_equal(s.listen.at[1].sa.ss_family, AF_INET6);
	assert_int_equal(s.store_max_bytes, 2ull << 30);
	assert_string_equal(s.store_socket, "/d/store.sock");
	assert_int_equal(s.workers, 0);
	assert_false(s.openai_temperature.given);
}

TEST(a_decimal_has_up_to_three_decimal_places)
{
	static const struct {
		const char *line;
		uint32_t thousandths;
	} cases[] = {{"OPENAI_TEMPERATURE=0", 0}, {"OPENAI_TEMPERATURE=0.0", 0},
	    {"OPENAI_TEMPERATURE=0.7", 700}, {"OPENAI_TEMPERATURE=1.25", 1250},
	    {"OPENAI_TEMPERATURE=0.005", 5}, {"OPENAI_TEMPERATURE=002", 2000}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(LOAD(cases[i].line), 0);
		assert_true(s.openai_temperature.given);
		assert_int_equal(s.openai_temperature.thousandths, cases[i].thousandths);
	}
}

TEST(a_proxy_is_a_url_without_path)
{
	static const char *const cases[] = {"OPENAI_PROXY=http://proxy",
	    "OPENAI_PROXY=https://proxy:3128", "OPENAI_PROXY=socks5://user:p@ss@[::1]:1080",
	    "OPENAI_PROXY=socks5h://127.0.0.1:1"};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(LOAD(cases[i]), 0);
		assert_string_equal(s.openai_proxy, strchr(cases[i], '=') + 1);
	}
}

TEST(the_hang_limit_is_0_or_at_least_a_second)
{
	assert_int_equal(LOAD("WORKER_HANG_MS=0"), 0);
	assert_int_equal(LOAD("WORKER_HANG_MS=1"), 1);
	assert_int_equal(LOAD("WORKER_HANG_MS=1000"), 0);
	assert_int_equal(LOAD("WORKER_HANG_MS=3600000"), 0);
}

TEST(an_alias_is_read_unless_the_name_is_set)
{
	assert_int_equal(LOAD("NODE_ENV=test", "APP_ENV=development"), 0);
	assert_int_equal(s.app_env, APP_ENV_DEVELOPMENT);
	/* The variable that OpenSSL's own programs read. */
	assert_int_equal(LOAD("SSL_CERT_FILE=/dev/null"), 0);
	assert_string_equal(s.openai_ca_bundle, "/dev/null");
}

/* What an answer to `banter setup` would cause. */
TEST(the_problem_of_one_setting_is_its_rule_without_the_value)
{
	static const struct {
		const char *name, *value, *rule; /* NULL: no problem */
	} cases[] = {
	    {"PORT", "80", NULL}, {"PORT", "0: x", "must be a whole number from 1 to 65535"},
	    {"OPENAI_API_KEY", "sk-1", NULL}, {"OPENAI_API_KEY", "", "required in production"},
	    {"OPENAI_API_KEY", "a\tb", "must not have control characters or line breaks"},
	    {"CORS_ORIGIN", "*",
		"production requires the exact origins of your sites, for example "
		"https://example.com,https://www.example.com"},
	    {"CORS_ORIGIN", "https://a.example", NULL},
	    {"CORS", "*", NULL}, /* only a part of a name */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *problem;

		(void)LOAD("APP_ENV=production");
		assert_int_equal(setenv(cases[i].name, cases[i].value, 1), 0);
		problem = settings_problem(cases[i].name, OWNER_ALL);
		if (cases[i].rule == NULL)
			assert_null(problem);
		else
			assert_string_equal(problem, cases[i].rule);
		free(problem);
	}
}

TEST(each_wrong_value_is_refused_by_name)
{
	static const char long_name[] =
	    "MODEL_SERVERS="
	    "a123456789b123456789c123456789d123456789e123456789f123456789g1234=http://x";
	static const char *const cases[] = {"PORT=0", "PORT=65536", "PORT=80x", "PORT=40 00",
	    "PORT=-1", "WORKERS=0", "WORKERS=257", "WORKER_HANG_MS=999",
	    "WORKER_HANG_MS=3600001",
	    /* addresses */
	    "LISTEN=4000", "LISTEN=::1:4000", "LISTEN=localhost", "LISTEN=[::1]4000",
	    "LISTEN=300.0.0.1:80", "LISTEN=127.0.0.1:99999", "TRUSTED_PROXIES=proxy.example",
	    "TRUSTED_PROXIES=10.0.0.0/8 10.0.0.1", "TRUSTED_PROXIES=10.0.0.0/8,,::1",
	    "TRUSTED_PROXIES=10.0.0.0/33", "TRUSTED_PROXIES=*",
	    /* URLs and origins */
	    "OPENAI_BASE_URL=api.openai.com", "OPENAI_BASE_URL=ftp://x",
	    "OPENAI_BASE_URL=http://", "OPENAI_BASE_URL=http://x/#a",
	    "OPENAI_BASE_URL=http://x:99999", "OPENAI_BASE_URL=http://x:0/v1",
	    "OPENAI_BASE_URL=http://u@:80", "OPENAI_PROXY=http://proxy:65536",
	    "CORS_ORIGIN=https://example.com:65536", "OPENAI_PROXY=proxy:3128",
	    "OPENAI_PROXY=ftp://proxy:3128", "OPENAI_PROXY=http://",
	    "OPENAI_PROXY=http://proxy:port", "OPENAI_PROXY=http://proxy:3128/path",
	    "OPENAI_PROXY=http://us er@proxy:3128", "OPENAI_PROXY=http://user:pass@",
	    "OPENAI_PROXY=http://user\x01@proxy:3128", "CORS_ORIGIN=example.com",
	    "CORS_ORIGIN=https://example.com/path", "CORS_ORIGIN=https://*.example.com",
	    /* numbers */
	    "OPENAI_TEMPERATURE=-1", "OPENAI_TEMPERATURE=2.001", "OPENAI_TEMPERATURE=3",
	    "OPENAI_TEMPERATURE=0.1234", "OPENAI_TEMPERATURE=1.", "OPENAI_TEMPERATURE=.5",
	    "OPENAI_TEMPERATURE=1,5", "OPENAI_TEMPERATURE=1e0",
	    "OPENAI_TEMPERATURE=99999999999999999999", "OPENAI_MAX_COMPLETION_TOKENS=0",
	    "OPENAI_BREAKER_OPEN_MS=0", "RATE_LIMIT_WINDOW_MS=1e3", "MAX_HISTORY_MESSAGES=0",
	    "MAX_HISTORY_MESSAGES=1001", "STORE_MAX_BYTES=10x", "STORE_MAX_BYTES=1K",
	    "STORE_MAX_BYTES=99999999999999999999",
	    /* texts and files */
	    "OPENAI_CA_BUNDLE=/nowhere/ca.pem", "OPENAI_CA_BUNDLE=/dev",
	    "WIDGET_BUNDLE_PATH=/nowhere", "ASSET_DIR=/nowhere", "ASSET_DIR=/dev/null",
	    "DATA_DIR=/nowhere/data", "DATA_DIR=/dev/null", "ADMIN_API_KEY=short",
	    "ADMIN_API_KEY=only-twenty-three-chars",
	    "ADMIN_API_KEY_OLD=only-twenty-three-chars",
	    "WIDGET_API_KEY_OLD=only-twenty-three-chars", "LOG_LEVEL=loud",
	    "OPENAI_API_KEY=sk\nX-Evil: 1", "SYSTEM_PROMPT=\xff",
	    /* named servers */
	    "MODEL_SERVERS=local", "MODEL_SERVERS==http://x", "MODEL_SERVERS=Local=http://x",
	    "MODEL_SERVERS=a b=http://x", "MODEL_SERVERS=a=http://x,",
	    "MODEL_SERVERS=a=ftp://x", "MODEL_SERVERS=a=http://x:65536", long_name,
	    "MODEL_SERVER_KEYS=a="};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char name[64];

		if (LOAD(cases[i]) != 1)
			fail_msg("%s was accepted", cases[i]);
		snprintf(name, sizeof(name), "  %.*s", (int)strcspn(cases[i], "="), cases[i]);
		assert_int_equal(strncmp(problems, name, strlen(name)), 0);
	}
}

/* "hush" is a secret in each case, which no message may show. */
TEST(all_problems_are_explained_at_once)
{
	static const struct {
		const char *pairs[5];
		size_t problems;
		const char *messages[5];
	} cases[] = {
	    {{"PORT=x", "APP_ENV=production", "ADMIN_API_KEY=hush", "WIDGET_API_KEY=hush"}, 5,
		{"PORT=x", "OPENAI_API_KEY is not set", "WIDGET_API_KEY", "ADMIN_API_KEY",
		    "CORS_ORIGIN=*"}},
	    /* An unknown environment has no rules of its own: other problems are still reported. */
	    {{"APP_ENV=produktion"}, 1, {"APP_ENV=produktion: must be"}},
	    {{"NODE_ENV=prod", "DASHBOARD_PASSWORD=hush"}, 1, {"APP_ENV=prod: must be"}},
	    {{"APP_ENV=prod", "OPENAI_API_KEY=a\nhush", "PORT=x"}, 3,
		{"APP_ENV=prod: must be", "OPENAI_API_KEY", "PORT=x"}},
	    /* Only production refuses a short key of widgets. */
	    {{"APP_ENV=production", "OPENAI_API_KEY=sk-1",
		 "WIDGET_API_KEY=only-twenty-three-chars", "CORS_ORIGIN=https://example.com"},
		1, {"WIDGET_API_KEY"}},
	    {{"TLS_CERT=/c.pem"}, 1, {"TLS_KEY is not set: TLS_CERT is"}},
	    {{"TLS_KEY=/k.pem"}, 1, {"TLS_CERT is not set: TLS_KEY is"}},
	    {{"OPENAI_PROXY=http://user:hush@"}, 1, {"OPENAI_PROXY"}},
	    {{"WORKER_HANG_MS=999"}, 1, {"WORKER_HANG_MS=999"}},
	    {{"RUN_AS_USER=nobody here"}, 1,
		{"RUN_AS_USER=nobody here: must be the name of a user of this system"}},
	    {{"RUN_AS_USER=root"}, 1, {"must be a user without root's privileges"}},
	    {{"TRUSTED_PROXIES=::1, 10.1.2.3/8"}, 1,
		{"10.1.2.3/8 has bits set after its prefix; use 10.0.0.0/8"}},
	    {{"TRUSTED_PROXIES=0.0.0.0/0"}, 1, {"would match every address"}},
	    {{"TRUSTED_PROXIES=nginx"}, 1, {"\"nginx\" is not an address or network"}},
	    {{"PROXY_LISTEN=10.0.0.5:5000"}, 1,
		{"TRUSTED_PROXIES is not set: PROXY_LISTEN is set, and needs"}},
	    {{"PROXY_LISTEN=10.0.0.5:5000", "TRUSTED_PROXIES=nginx"}, 1,
		{"\"nginx\" is not an address"}},
	    {{"PROXY_LISTEN=[::1]:4000", "TRUSTED_PROXIES=10.0.0.0/8"}, 1,
		{"PROXY_LISTEN=[::1]:4000: port 4000 is also that of PORT"}},
	    {{"PROXY_LISTEN=127.0.0.1:7,127.0.0.1:8", "LISTEN=[::1]:7,127.0.0.1:8",
		 "TRUSTED_PROXIES=10.0.0.0/8"},
		1, {"port 8 is also that of LISTEN"}},
	    {{"PROXY_LISTEN=[::]:7", "LISTEN=127.0.0.1:7", "TRUSTED_PROXIES=10.0.0.0/8"}, 1,
		{"use another port"}},
	    {{"PROXY_LISTEN=127.0.0.1:7", "LISTEN=0.0.0.0:7", "TRUSTED_PROXIES=10.0.0.0/8"}, 1,
		{"use another port"}},
	    {{"PROXY_LISTEN=127.0.0.1:7", "LISTEN=127.0.0.1", "TRUSTED_PROXIES=10.0.0.0/8"}, 1,
		{"LISTEN=127.0.0.1: must be"}},
	    {{"PROXY_LISTEN=127.0.0.1:4000,[::1]:4000", "LISTEN=127.0.0.2:4000",
		 "TRUSTED_PROXIES=10.0.0.0/8"},
		0, {NULL}},
	    {{"MODEL_SERVERS=a=http://x,b=y"}, 1, {"item 2 must be an http:// or https://"}},
	    {{"MODEL_SERVERS=http://x"}, 1, {"item 1 must be name=value"}},
	    {{"MODEL_SERVERS=a=http://x,a=http://y"}, 1, {"item 2 must not repeat a name"}},
	    {{"MODEL_SERVERS=a=http://x", "MODEL_SERVER_KEYS=a=k,hush=k"}, 1,
		{"item 2 must have the name of one of MODEL_SERVERS (a)"}},
	    {{"MODEL_SERVER_KEYS=hush=k"}, 1,
		{"item 1 must have the name of one of MODEL_SERVERS (which is not set)"}},
	    {{"MODEL_SERVERS=a=http://x", "MODEL_SERVER_KEYS=hush"}, 1,
		{"item 1 must be name=value"}},
	    {{"MODEL_SERVERS=a=http://x", "MODEL_SERVER_KEYS=a=hush\x01"}, 1,
		{"item 1 must not have control"}},
	    {{"MODEL_SERVERS=a=x", "MODEL_SERVER_KEYS=a=k"}, 1, {"MODEL_SERVERS=a=x"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(load(OWNER_ALL, cases[i].pairs), cases[i].problems);
		for (size_t k = 0; k < 5 && cases[i].messages[k] != NULL; k++)
			if (strstr(problems, cases[i].messages[k]) == NULL)
				fail_msg("%s: %s", cases[i].messages[k], problems);
		assert_null(strstr(problems, "hush"));
	}
}

TEST(an_invalid_value_is_not_also_reported_as_missing)
{
	assert_int_equal(LOAD("APP_ENV=production", "OPENAI_API_KEY=a\nb"), 3);
	assert_null(strstr(problems, "OPENAI_API_KEY is not set"));
}

TEST(trusted_proxies_are_networks)
{
	char many[16 * (NETWORKS_MAX + 1) + 32] = "TRUSTED_PROXIES=127.0.0.1";

	assert_int_equal(LOAD(), 0);
	assert_int_equal(s.trusted_proxies.n, 0);
	assert_int_equal(LOAD("TRUSTED_PROXIES= 127.0.0.1 ,10.0.0.0/8, fd00::/8"), 0);
	assert_int_equal(s.trusted_proxies.n, 3);
	assert_int_equal(s.trusted_proxies.at[0].bits, 32);
	assert_int_equal(s.trusted_proxies.at[2].bits, 8);
	for (int i = 0; i < NETWORKS_MAX; i++)
		assert_true(strlcat(many, ",127.0.0.1", sizeof(many)) < sizeof(many));
	assert_int_equal(LOAD(many), 1);
	assert_non_null(strstr(problems, "at most 64 networks"));
}

TEST(the_address_of_a_model_server_is_repaired)
{
	static const char *const cases[][3] = {
	    {"http://x/v1", "http://x/v1", "http://x/v1/chat/completions"},
	    {"http://x/v1//", "http://x/v1", "http://x/v1/chat/completions"},
	    {"http://x", "http://x", "http://x/chat/completions"},
	    {"http://x/chat/completions", "http://x", "http://x/chat/completions"},
	    {"http://x/v1/chat/completions/", "http://x/v1", "http://x/v1/chat/completions"},
	    {"http://x/v1/?api-version=1", "http://x/v1?api-version=1",
		"http://x/v1/chat/completions?api-version=1"},
	    {"http://x/d/m/chat/completions?a=/b/&c", "http://x/d/m?a=/b/&c",
		"http://x/d/m/chat/completions?a=/b/&c"},
	    {"http://x?a=1", "http://x?a=1", "http://x/chat/completions?a=1"},
	    {"http://x:8080/chat/completions?a", "http://x:8080?a",
		"http://x:8080/chat/completions?a"},
	    {"http://x/v1/chat/completions/chat/completions/", "http://x/v1",
		"http://x/v1/chat/completions"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[256], *url;

		snprintf(text, sizeof(text), "OPENAI_BASE_URL=%s", cases[i][0]);
		assert_int_equal(LOAD("NODE_ENV=test", text), 0);
		assert_string_equal(s.openai_base_url, cases[i][1]);
		url = setting_url_join(s.openai_base_url, SETTING_URL_ADDED);
		assert_string_equal(url, cases[i][2]);
		free(url);
	}
}

TEST(model_servers_have_names_and_some_of_them_keys)
{
	assert_int_equal(LOAD(), 0);
	assert_int_equal(s.model_servers.n + s.model_server_keys.n, 0);
	assert_int_equal(
	    LOAD("MODEL_SERVERS= local=http://127.0.0.1:11434/v1/ ,big_2=https://x.example/v1",
		"MODEL_SERVER_KEYS=big_2=sk=with=signs=="),
	    0);
	assert_int_equal(s.model_servers.n, 2);
	assert_string_equal(
	    named_list_find(&s.model_servers, slice_str("local")), "http://127.0.0.1:11434/v1");
	assert_string_equal(
	    named_list_find(&s.model_server_keys, slice_str("big_2")), "sk=with=signs==");
	assert_null(named_list_find(&s.model_server_keys, slice_str("local")));
	assert_null(named_list_find(&s.model_servers, slice_str("")));
}

/* Outside production, what production refuses is a warning. */
TEST(production_refuses_public_secrets_and_short_passwords)
{
#define PUBLIC_KEY "0123456789abcdef01234567"
	static const struct {
		const char *line, *message; /* NULL: accepted */
	} cases[] = {
	    {"ADMIN_API_KEY=0123456789abcdef01234568", NULL},
	    {"ADMIN_API_KEY=" PUBLIC_KEY, "  ADMIN_API_KEY=(24 characters, not shown): "},
	    {"ADMIN_API_KEY_OLD=" PUBLIC_KEY, "  ADMIN_API_KEY_OLD=(24 characters"},
	    {"OPENAI_API_KEY=" PUBLIC_KEY, "  OPENAI_API_KEY=(24 characters"},
	    {"DASHBOARD_PASSWORD=" PUBLIC_KEY, "  DASHBOARD_PASSWORD=(24 characters"},
	    {"DASHBOARD_PASSWORD=11 letters!", "requires at least 12 characters"},
	    {"DASHBOARD_PASSWORD=11 letters\u00e4", "requires at least 12 characters"},
	    {"DASHBOARD_PASSWORD=12 letters!!", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *message = cases[i].message;

		assert_int_equal(LOAD("APP_ENV=production", "OPENAI_API_KEY=sk-1",
				     "CORS_ORIGIN=https://example.com",
				     "WIDGET_API_KEY=" PUBLIC_KEY, cases[i].line),
		    message != NULL);
		assert_string_equal(warnings, "");
		assert_true(message == NULL || strstr(problems, message) != NULL);
		assert_int_equal(LOAD("WIDGET_API_KEY=" PUBLIC_KEY, cases[i].line), 0);
		assert_true(
		    message == NULL ? *warnings == '\0' : strstr(warnings, message) != NULL);
	}
	assert_int_equal(
	    LOAD("APP_ENV=production", "OPENAI_API_KEY=sk-1", "CORS_ORIGIN=https://example.com",
		"WIDGET_API_KEY=the-next-key-of-the-widget", "WIDGET_API_KEY_OLD=" PUBLIC_KEY,
		"ADMIN_API_KEY=" PUBLIC_KEY),
	    1);
}

TEST(a_remote_model_server_without_tls_is_a_warning)
{
	static const struct {
		const char *line;
		bool warns;
	} cases[] = {
	    {"OPENAI_BASE_URL=https://model.example/v1", false},
	    {"OPENAI_BASE_URL=http://localhost:11434/v1", false},
	    {"OPENAI_BASE_URL=http://LOCALHOST/v1", false},
	    {"OPENAI_BASE_URL=http://127.0.0.2", false},
	    {"OPENAI_BASE_URL=http://user@[::1]:80/v1", false},
	    {"OPENAI_BASE_URL=http://model.example/v1", true},
	    {"OPENAI_BASE_URL=http://10.0.0.1", true},
	    {"OPENAI_BASE_URL=http://[fd00::1]:80", true},
	    {"OPENAI_BASE_URL=http://localhost@model.example", true},
	    {"OPENAI_BASE_URL=http://localhost.example", true},
	    {"MODEL_SERVERS=a=http://127.0.0.1,b=http://model.example", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(LOAD("WIDGET_API_KEY=" PUBLIC_KEY, cases[i].line), 0);
		if ((strstr(warnings, "unencrypted") != NULL) != cases[i].warns)
			fail_msg("%s: %s", cases[i].line, warnings);
	}
}

TEST(variables_of_other_systems_are_reported_as_unused)
{
	assert_int_equal(LOAD("CONVEX_URL=https://x", "NEXT_PUBLIC_BACKEND_URL=y"), 0);
	assert_non_null(strstr(warnings, "CONVEX_URL: not used"));
	assert_non_null(strstr(warnings, "NEXT_PUBLIC_BACKEND_URL: not used"));
}

static char credentials[] = "/tmp/banter-test-XXXXXX";
static char credentials_env[64]; /* names the directory, for LOAD() */

/* Creates the directory of credentials with a file; path gets its name. */
static void
write_credential(const char *name, const char *text, char path[static 64])
{
	FILE *f;

	if (credentials_env[0] == '\0')
		assert_non_null(mkdtemp(credentials));
	snprintf(
	    credentials_env, sizeof(credentials_env), "CREDENTIALS_DIRECTORY=%s", credentials);
	snprintf(path, 64, "%s/%s", credentials, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

TEST(a_secret_may_come_as_a_file)
{
	char path[64];

	write_credential("OPENAI_API_KEY", "sk-from-file\n", path);
	assert_int_equal(LOAD(credentials_env), 0);
	assert_string_equal(s.openai_api_key, "sk-from-file");
	assert_int_equal(remove(path), 0);
}

TEST(an_empty_file_leaves_its_secret_unset)
{
	static const struct {
		const char *text;
		size_t problems;
	} cases[] = {
	    {"", 0}, {"\n", 0}, {"\r\n", 0}, {"\n\n", 0}, {"\nsecret\n", 1}, {" \n", 1}};
	char path[64];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_credential("ADMIN_API_KEY", cases[i].text, path);
		assert_int_equal(LOAD(credentials_env), cases[i].problems);
		assert_null(s.admin_api_key);
	}
	assert_int_equal(remove(path), 0);
}

TEST(the_path_of_a_file_may_come_from_the_credentials)
{
	char path[64];

	write_credential("TLS_KEY", "", path);
	assert_int_equal(LOAD(credentials_env), 0);
	assert_null(s.tls_key);
	write_credential("TLS_KEY", "PEM", path);
	assert_int_equal(LOAD(credentials_env, "TLS_CERT=/c.pem"), 0);
	assert_string_equal(s.tls_cert, "/c.pem");
	assert_string_equal(s.tls_key, path);
	assert_int_equal(LOAD(credentials_env, "TLS_CERT=/c.pem", "TLS_KEY=/k.pem"), 0);
	assert_string_equal(s.tls_key, "/k.pem");
	assert_int_equal(remove(path), 0);
}

static void
check_file(const char *path)
{
	size_t len;
	FILE *w;

	free(warnings);
	w = open_memstream(&warnings, &len);
	settings_check_file(path, w);
	fclose(w);
}

TEST(lines_of_the_settings_file_without_effect_are_warnings)
{
	static const struct {
		const char *text, *warning; /* the warning without the path; NULL: none */
	} cases[] = {
	    {"# hush\n\n; hush\n  PORT = 1\nNODE_ENV=x\nhttps_proxy=y\nCONVEX_URL=z\n", NULL},
	    {"SYSTEM_PROMPT=\"two\nlines\"\nPORT=1\n", NULL},
	    {"SYSTEM_PROMPT=one \\\nline\nPORT=1", NULL},
	    {"SYSTEM_PROMPT=\"one\"\nhush", "2: ignored, because it is not NAME=value"},
	    {"PORT=1\r\nexport PORT=1", "2: ignored, because it is not NAME=value"},
	    {"1PORT=hush", "1: ignored, because it is not NAME=value"},
	    {"OPENAI_API_KE=hush",
		"1: OPENAI_API_KE is not a setting of banter; did you mean OPENAI_API_KEY?"},
	    {"worker=hush", "1: worker is not a setting of banter"},
	    {"WORKER=2", "1: WORKER is not a setting of banter; did you mean WORKERS?"},
	};
	char path[64], expected[256];

	clearenv();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_credential("banter.env", cases[i].text, path);
		check_file(path);
		snprintf(expected, sizeof(expected), "  %s, line %s\n", path, cases[i].warning);
		assert_string_equal(warnings, cases[i].warning == NULL ? "" : expected);
		assert_int_equal(remove(path), 0);
	}
	check_file(path);
	assert_string_equal(warnings, "");
}

TEST(the_store_needs_no_keys)
{
	assert_int_equal(
	    load(OWNER_STORE, (const char *const[]){"APP_ENV=production", NULL}), 0);
}

/* Returns a printer's output; the caller frees it. */
static char *
printed(void (*print)(FILE *out))
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	print(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

TEST(every_setting_is_in_the_man_page)
{
	char *text = printed(settings_print_mdoc);

#define SETTING(NAME, alias, KIND, field, def, min, max, owners, secret, help) \
	assert_non_null(strstr(text, ".It Ev " #NAME));
#include "proto/settings/settings.def"
	assert_non_null(strstr(text, ".It Ev APP_ENV Pq or Ev NODE_ENV\n"));
	assert_non_null(strstr(text, "A number from 1 to 65535.\nDefault:\n\\(lq4000\\(rq.\n"));
	free(text);
}

/* A heading whose first setting was renamed would not be printed, and nothing above it is without one. */
TEST(the_man_page_has_its_settings_below_headings)
{
	char *text = printed(settings_print_mdoc);
	size_t found = 0;

	assert_memory_equal(text, ".Ss ", 4);
	for (const char *at = text; (at = strstr(at, ".Ss ")) != NULL; at++)
		found++;
	assert_int_equal(found, 18); /* as many as in settings_print.c */
	free(text);
}

static bool
is_set_by_units(const char *name)
{
	static const char *const names[] = {"DATA_DIR", "STORE_SOCKET", "STORE_GROUP",
	    "FRONT_USER", "SEARCH_DIR", "SEARCH_SOCKET", "SEARCH_USER", "CRAWL_USER",
	    "MAIL_USER", "MEDIA_USER", "SETTINGS_FILE"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void
base_url_is_shown_as(void *expected, const struct setting_shown *shown)
{
	if (strcmp(shown->name, "OPENAI_BASE_URL") == 0)
		assert_string_equal(shown->value, (const char *)expected);
}

TEST(users_and_passwords_of_urls_are_masked_when_shown)
{
	static const struct {
		const char *pair;
		char shown[40];
	} rows[] = {
	    {"OPENAI_BASE_URL=http://proxy:3128", "http://proxy:3128"},
	    {"OPENAI_BASE_URL=http://user:hush@proxy:3128", "http://*********@proxy:3128"},
	    {"OPENAI_BASE_URL=http://user:hu,sh@proxy:3128", "http://**********@proxy:3128"},
	    {"OPENAI_BASE_URL=http://user:h@sh@proxy:3128", "http://*********@proxy:3128"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)LOAD(rows[i].pair);
		settings_show(
		    OWNER_WORKER, base_url_is_shown_as, (void *)(uintptr_t)rows[i].shown);
	}
}

TEST(a_file_of_settings_has_all_but_secrets_and_what_units_set)
{
	char *text = printed(settings_print_env);

#define SETTING(NAME, alias, KIND, field, def, min, max, owners, secret, help) \
	assert_int_equal(                                                      \
	    strstr(text, "\n#" #NAME "=") != NULL, !(secret) && !is_set_by_units(#NAME));
#include "proto/settings/settings.def"
	assert_non_null(strstr(text, "\n#PORT=4000\n"));
	free(text);
}

int
main(void)
{
	int failed = UNIT_RUN(NULL, NULL);

	settings_clear(&s);
	free(problems);
	free(warnings);
	if (credentials_env[0] != '\0')
		assert_int_equal(remove(credentials), 0);
	return failed;
}
