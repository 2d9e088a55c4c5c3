/*
 * Static files: the choice of a coding, entity tags, and the replies.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/unit/unit.h"
#include "workerd/http/http_server.h"
#include "workerd/http/message/negotiate.h"
#include "workerd/http/static_files.h"

TEST(the_higher_weight_wins_then_br_before_gzip_before_identity)
{
	enum { I = 1 << CODING_IDENTITY, G = 1 << CODING_GZIP, B = 1 << CODING_BR };
	static const struct {
		const char *accept; /* NULL: no header */
		unsigned available;
		enum http_coding choice;
	} table[] = {
	    {NULL, I | G | B, CODING_IDENTITY},
	    {"", I | G | B, CODING_IDENTITY},
	    {"gzip, deflate, br", I | G | B, CODING_BR},
	    {"gzip, deflate, br", I | G, CODING_GZIP},
	    {"gzip, deflate, br", I, CODING_IDENTITY},
	    {"gzip, deflate, br", 0, CODING_IDENTITY},
	    {"gzip", I | G | B, CODING_GZIP},
	    {"GZIP", I | G | B, CODING_GZIP},
	    {"x-gzip", I | G | B, CODING_GZIP},
	    {"deflate", I | G | B, CODING_IDENTITY},
	    {"gzip;q=1.0, br;q=0.5", I | G | B, CODING_GZIP},
	    {"gzip;q=0.5, br;q=0.501", I | G | B, CODING_BR},
	    {"gzip ; q=0.9 , br ; Q=0.8", I | G | B, CODING_GZIP},
	    {"gzip;q=0.1", I | G | B, CODING_GZIP},
	    {"gzip;q=0", I | G | B, CODING_IDENTITY},
	    {"gzip;q=0.000, br;q=0", I | G | B, CODING_IDENTITY},
	    {"identity, gzip;q=0.5", I | G | B, CODING_IDENTITY},
	    {"identity, gzip", I | G | B, CODING_GZIP},
	    {"*", I | G | B, CODING_BR},
	    {"*;q=0.3, gzip", I | G | B, CODING_GZIP},
	    {"br;q=0, *", I | G | B, CODING_GZIP},
	    {"*;q=0", I | G | B, CODING_IDENTITY},
	    {"gzip;q=1.1", I | G | B, CODING_IDENTITY},
	    {"gzip;q=2", I | G | B, CODING_IDENTITY},
	    {"gzip;q=0.1234", I | G | B, CODING_IDENTITY},
	    {"gzip;q=", I | G | B, CODING_IDENTITY},
	    {"gzip;q=a", I | G | B, CODING_IDENTITY},
	    {"gzip;q=0,5", I | G | B, CODING_IDENTITY},
	    {"gzip;x=1", I | G | B, CODING_IDENTITY},
	    {"gzip;", I | G | B, CODING_IDENTITY},
	    {",,gzip,,", I | G | B, CODING_GZIP},
	    {";", I | G | B, CODING_IDENTITY},
	    {"br;q=-1", I | G | B, CODING_IDENTITY},
	    {"gzip;q=0.001, br;q=0", I | G | B, CODING_GZIP},
	    /* No acceptable coding: the identity is better than a 406. */
	    {"identity;q=0", I | G | B, CODING_IDENTITY},
	    {"identity;q=0, *;q=0", I | G | B, CODING_IDENTITY},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct slice accept = {NULL, 0};
		enum http_coding choice;

		if (table[i].accept != NULL)
			accept = slice_str(table[i].accept);
		choice = negotiate_coding(accept, table[i].available);
		if (choice != table[i].choice)
			print_error("Accept-Encoding: %s\n", table[i].accept);
		assert_int_equal(choice, table[i].choice);
	}
}

TEST(a_media_type_is_preferred_when_named_with_a_higher_weight)
{
	static const struct {
		const char *accept; /* NULL: no header */
		bool preferred;
	} table[] = {
	    {NULL, false},
	    {"", false},
	    {"*/*", false},
	    {"text/*", false},
	    {"application/json", false},
	    {"text/event-stream", true},
	    {"Text/Event-Stream", true},
	    {"text/event-streams", false},
	    {"text/event-stream, */*", true},
	    {"*/*, text/event-stream;q=0.1", true},
	    {"text/event-stream;q=0", false},
	    {"text/event-stream;q=0.000", false},
	    {"text/event-stream; charset=utf-8", true},
	    {"text/event-stream ; charset=utf-8 ; Q=0.0", false},
	    {"text/event-stream;q=1.1", false},
	    {"text/event-stream;q", true},
	    {"text/event-stream;", true},
	    {";text/event-stream", false},
	    {"application/x-ndjson, text/event-stream", false},
	    {"text/event-stream, application/x-ndjson", false},
	    {"application/x-ndjson;q=0.5, text/event-stream", true},
	    {"application/x-ndjson;q=0.5, text/event-stream;q=0.4", false},
	    {"application/x-ndjson;q=0, text/event-stream;q=0.4", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct slice accept =
		    table[i].accept == NULL ? (struct slice){0} : slice_str(table[i].accept);

		if (negotiate_prefers_type(accept, "text/event-stream",
			"application/x-ndjson") != table[i].preferred)
			fail_msg("%s", table[i].accept);
	}
}

TEST(a_tag_is_found_in_lists_weak_or_strong)
{
	static const struct {
		const char *list;
		bool found;
	} table[] = {
	    {"\"a1\"", true},
	    {"W/\"a1\"", true},
	    {"*", true},
	    {" * ", true},
	    {"\"b\", \"a1\"", true},
	    {"W/\"b\" , W/\"a1\"", true},
	    {"\"b\",\"c\",,\"a1\",\"d\"", true},
	    {"\"x,y\", \"a1\"", true},
	    {"\"\", \"a1\"", true},
	    {"\"a1\", garbage", true},
	    {"", false},
	    {"\"b\"", false},
	    {"\"a\"", false},
	    {"\"a11\"", false},
	    {"\"A1\"", false},
	    {"a1", false},
	    {"\"a1", false},
	    {"w/\"a1\"", false},
	    {"W/", false},
	    {"garbage, \"a1\"", false},
	    {"\"x, \"a1\"", false},
	    {"*, \"b\"", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		bool found =
		    negotiate_etag_matches(slice_str(table[i].list), slice_str("\"a1\""));

		if (found != table[i].found)
			print_error("If-None-Match: %s\n", table[i].list);
		assert_int_equal(found, table[i].found);
	}
}

static char dir[] = "/tmp/banter-assets-XXXXXX";

static void
path_of(char *path, size_t size, const char *name)
{
	assert_true((size_t)snprintf(path, size, "%s/%s", dir, name) < size);
}

static void
write_file(const char *name, const char *content)
{
	char path[128];
	FILE *f;

	path_of(path, sizeof(path), name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(content, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
remove_file(const char *name)
{
	char path[128];

	path_of(path, sizeof(path), name);
	assert_int_equal(remove(path), 0);
}

static int
make_files(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	write_file("all.js", "the script");
	write_file("all.js.gz", "gzipped");
	write_file("all.js.br", "brotli");
	write_file("bare.txt", "");
	write_file("half.css", "style");
	write_file("half.css.gz", "small style");
	return 0;
}

static int
remove_files(void **state)
{
	static const char *const names[] = {
	    "all.js", "all.js.gz", "all.js.br", "bare.txt", "half.css", "half.css.gz"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		remove_file(names[i]);
	return rmdir(dir);
}

static struct static_file *served;
static char answer[2048]; /* to the last ask() */

static void
serve(struct http_exchange *x, void *ctx)
{
	(void)ctx;
	if (slice_eq_str(x->req->path, "/page")) {
		reply_start(x, static_file_status(x, served));
		reply_header_str(x, "X-More", "yes");
		static_file_reply_body(x, served, "no-store");
	} else if (slice_eq_str(x->req->path, "/missing")) {
		reply_start(x, 404);
		static_file_reply_body(x, served, "no-store");
	} else {
		static_file_reply(x, served, "public, max-age=300");
	}
}

/* Asks a server of its own for path, with these further header lines. */
static void
ask(struct static_file *a, const char *method_and_path, const char *lines)
{
	struct event_base *base = event_base_new();
	struct http_server_config config = {
	    .base = base, .limits = http_limits_default, .handle = serve};
	struct http_server *server = http_server_new(&config);
	struct http_peer peer = {.address = {(const uint8_t *)"\x7f\0\0\1", 4}};
	uint64_t until = clock_mono_ms() + 60000;
	size_t got = 0;
	char text[1024];
	int fds[2], n;

	served = a;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(http_server_adopt(server, fds[1], 1, &peer), 0);
	n = snprintf(text, sizeof(text),
	    "%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n", method_and_path, lines);
	assert_int_equal(send(fds[0], text, (size_t)n, 0), n);
	for (;;) {
		ssize_t r = recv(fds[0], answer + got, sizeof(answer) - 1 - got, 0);

		if (r == 0)
			break;
		got += r > 0 ? (size_t)r : 0;
		assert_true(clock_mono_ms() < until);
		event_base_loop(base, EVLOOP_NONBLOCK);
		http_server_turn_end(server);
	}
	answer[got] = '\0';
	http_server_free(server);
	event_base_free(base);
	close(fds[0]);
}

#define assert_has(text)     assert_non_null(strstr((answer), (text)))
#define assert_has_not(text) assert_null(strstr((answer), (text)))
#define assert_starts(text)  assert_ptr_equal(strstr((answer), (text)), (answer))
#define assert_body(text)    assert_string_equal(strstr((answer), "\r\n\r\n") + 4, (text))

/* Copies the entity tag of a reply. */
static void
tag_of(char tag[64])
{
	const char *p = strstr(answer, "ETag: ");

	assert_non_null(p);
	assert_int_equal(sscanf(p, "ETag: %63s", tag), 1);
}

TEST(each_coding_is_sent_with_its_own_tag)
{
	struct static_file *a = static_file_load(dir, "all.js", "application/javascript");
	char plain[64], gz[64], br[64], want[64];

	assert_non_null(a);
	assert_true(slice_eq_str(static_file_content(a), "the script"));
	ask(a, "GET /", "");
	assert_starts("HTTP/1.1 200 OK\r\n");
	assert_has("\r\nContent-Type: application/javascript\r\n");
	assert_has("\r\nContent-Length: 10\r\n");
	assert_has("\r\nVary: Accept-Encoding\r\n");
	assert_has("\r\nCache-Control: public, max-age=300\r\n");
	assert_has_not("Content-Encoding");
	assert_body("the script");
	tag_of(plain);
	assert_int_equal(strlen(plain), 18);

	ask(a, "GET /", "Accept-Encoding: gzip, br\r\n");
	assert_has("\r\nContent-Encoding: br\r\n");
	assert_has("\r\nVary: Accept-Encoding\r\n");
	assert_body("brotli");
	tag_of(br);

	ask(a, "GET /", "Accept-Encoding: gzip\r\n");
	assert_has("\r\nContent-Encoding: gzip\r\n");
	assert_body("gzipped");
	tag_of(gz);

	(void)snprintf(want, sizeof(want), "%.17s-br\"", plain);
	assert_string_equal(br, want);
	(void)snprintf(want, sizeof(want), "%.17s-gz\"", plain);
	assert_string_equal(gz, want);

	ask(a, "HEAD /", "Accept-Encoding: gzip\r\n");
	assert_has("\r\nContent-Length: 7\r\n");
	assert_body("");
	static_file_free(a);
}

TEST(a_client_with_the_current_etag_gets_304)
{
	struct static_file *a = static_file_load(dir, "all.js", "application/javascript");
	char plain[64], lines[256];

	assert_non_null(a);
	ask(a, "GET /", "");
	tag_of(plain);
	(void)snprintf(lines, sizeof(lines), "If-None-Match: \"x\", W/%s\r\n", plain);
	ask(a, "GET /", lines);
	assert_starts("HTTP/1.1 304 Not Modified\r\n");
	assert_has(plain);
	assert_has("\r\nVary: Accept-Encoding\r\n");
	assert_has("\r\nCache-Control: public, max-age=300\r\n");
	assert_has_not("Content-Length");
	assert_has_not("Content-Type");
	assert_body("");

	/* The tag of one coding does not match another. */
	(void)snprintf(
	    lines, sizeof(lines), "Accept-Encoding: br\r\nIf-None-Match: %s\r\n", plain);
	ask(a, "GET /", lines);
	assert_starts("HTTP/1.1 200 OK\r\n");
	assert_body("brotli");
	ask(a, "GET /", "If-None-Match: *\r\n");
	assert_starts("HTTP/1.1 304 ");
	static_file_free(a);
}

TEST(a_page_can_add_headers_and_an_error_page_its_status)
{
	struct static_file *a = static_file_load(dir, "half.css", "text/css");

	assert_non_null(a);
	ask(a, "GET /page", "Accept-Encoding: br, gzip\r\n");
	assert_starts("HTTP/1.1 200 OK\r\n");
	assert_has("\r\nX-More: yes\r\n");
	assert_has("\r\nContent-Encoding: gzip\r\n");
	assert_body("small style");
	ask(a, "GET /page", "If-None-Match: *\r\n");
	assert_starts("HTTP/1.1 304 ");
	assert_has("\r\nX-More: yes\r\n");
	ask(a, "GET /missing", "If-None-Match: *\r\n");
	assert_starts("HTTP/1.1 404 Not Found\r\n");
	assert_body("style");
	static_file_free(a);
}

TEST(different_content_has_a_different_etag)
{
	struct static_file *a = static_file_load(dir, "all.js", "x"),
			   *b = static_file_load(dir, "half.css", "x");
	char tag_a[64], tag_b[64];

	assert_non_null(a);
	assert_non_null(b);
	ask(a, "GET /", "");
	tag_of(tag_a);
	ask(b, "GET /", "");
	tag_of(tag_b);
	assert_string_not_equal(tag_a, tag_b);
	static_file_free(a);
	static_file_free(b);
}

TEST(files_are_read_at_load_or_refused)
{
	struct static_file *a;

	a = static_file_load(dir, "bare.txt", "text/plain");
	assert_non_null(a);
	ask(a, "GET /", "Accept-Encoding: br\r\n");
	assert_has("\r\nContent-Length: 0\r\n");
	assert_has_not("Content-Encoding");
	static_file_free(a);

	assert_null(static_file_load(dir, "nothing.js", "x"));
	assert_int_equal(errno, ENOENT);
	assert_null(static_file_load("/", "tmp", "x"));
	assert_int_equal(errno, EISDIR);
	static_file_free(NULL);

	/* Later changes on disk have no effect. */
	write_file("gone.js", "was here");
	a = static_file_load(dir, "gone.js", "x");
	assert_non_null(a);
	remove_file("gone.js");
	ask(a, "GET /", "");
	assert_body("was here");
	static_file_free(a);
}

TEST(a_file_over_the_limit_is_refused)
{
	char path[128];

	write_file("huge.bin", "x");
	path_of(path, sizeof(path), "huge.bin");
	assert_int_equal(truncate(path, (off_t)STATIC_FILE_MAX + 1), 0);
	assert_null(static_file_load(dir, "huge.bin", "x"));
	assert_int_equal(errno, EFBIG);
	remove_file("huge.bin");
}

TEST_MAIN(make_files, remove_files)
