/*
 * Static files: the replies, with codings and entity tags, and what is loaded.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/workerd/http/http_rig.h"
#include "workerd/http/static_files.h"

static char dir[] = "/tmp/banter-assets-XXXXXX";
static struct static_file *file; /* what the server sends */

static const char *
path_of(const char *name)
{
	static char path[128];

	assert_true((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path));
	return path;
}

static void
write_file(const char *name, const char *content)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_true(fputs(content, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static const struct {
	const char *name, *content;
} files[] = {
    {"all.js", "the script"},
    {"all.js.gz", "gzipped"},
    {"all.js.br", "brotli"},
    {"bare.txt", ""},
    {"half.css", "style"},
    {"half.css.gz", "small style"},
};

static int
make_files(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		write_file(files[i].name, files[i].content);
	return 0;
}

static int
remove_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		assert_int_equal(remove(path_of(files[i].name)), 0);
	return rmdir(dir);
}

static void
serve(struct http_exchange *x)
{
	if (slice_eq_str(x->req->path, "/page")) {
		reply_start(x, static_file_status(x, file));
		reply_header_str(x, "X-More", "yes");
		static_file_reply_body(x, file, "no-store");
	} else if (slice_eq_str(x->req->path, "/missing")) {
		reply_start(x, 404);
		static_file_reply_body(x, file, "no-store");
	} else {
		static_file_reply(x, file, "public, max-age=300");
	}
}

static int
set_up(void **state)
{
	rig_set_up(state);
	rig.handle = serve;
	rig.minimal = true;
	rig_start();
	return 0;
}

static int
tear_down(void **state)
{
	rig_tear_down(state); /* before the file that it may still send */
	static_file_free(file);
	file = NULL;
	return 0;
}

#define FILE_TEST(name) TEST_WITH(name, set_up, tear_down)

static void
load(const char *name, const char *content_type)
{
	static_file_free(file);
	file = static_file_load(dir, name, content_type);
	assert_non_null(file);
}

/* Asks for the file, with these further header lines; waits for the whole response. */
static void
ask(const char *method_and_path, const char *lines)
{
	char text[1024];

	cl = client_open();
	(void)snprintf(text, sizeof(text),
	    "%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n", method_and_path, lines);
	client_send(cl, text);
	WAIT_FOR_END(cl);
}

#define assert_has(text)     assert_true(client_has(cl, (text)))
#define assert_has_not(text) assert_false(client_has(cl, (text)))
#define assert_starts(text)  assert_true(client_begins_with(cl, (text)))
#define assert_body(text)    assert_true(client_ends_with(cl, "\r\n\r\n" text))

/* Copies the entity tag of a reply. */
static void
tag_of(char tag[64])
{
	const char *p = memmem(buf_data(&cl->in), buf_len(&cl->in), "ETag: ", strlen("ETag: "));

	assert_non_null(p);
	assert_int_equal(sscanf(p, "ETag: %63s", tag), 1);
}

FILE_TEST(each_coding_is_sent_with_its_own_tag)
{
	char plain[64], gz[64], br[64], want[64];

	load("all.js", "application/javascript");
	assert_true(slice_eq_str(static_file_content(file), "the script"));
	ask("GET /", "");
	assert_starts("HTTP/1.1 200 OK\r\n");
	assert_has("\r\nContent-Type: application/javascript\r\n");
	assert_has("\r\nContent-Length: 10\r\n");
	assert_has("\r\nVary: Accept-Encoding\r\n");
	assert_has("\r\nCache-Control: public, max-age=300\r\n");
	assert_has_not("Content-Encoding");
	assert_body("the script");
	tag_of(plain);
	assert_int_equal(strlen(plain), 18);

	ask("GET /", "Accept-Encoding: gzip, br\r\n");
	assert_has("\r\nContent-Encoding: br\r\n");
	assert_has("\r\nVary: Accept-Encoding\r\n");
	assert_body("brotli");
	tag_of(br);
	(void)snprintf(want, sizeof(want), "%.17s-br\"", plain);
	assert_string_equal(br, want);

	ask("GET /", "Accept-Encoding: gzip\r\n");
	assert_has("\r\nContent-Encoding: gzip\r\n");
	assert_body("gzipped");
	tag_of(gz);
	(void)snprintf(want, sizeof(want), "%.17s-gz\"", plain);
	assert_string_equal(gz, want);

	ask("HEAD /", "Accept-Encoding: gzip\r\n");
	assert_has("\r\nContent-Length: 7\r\n");
	assert_body("");
}

FILE_TEST(a_client_with_the_current_etag_gets_304)
{
	char plain[64], lines[256];

	load("all.js", "application/javascript");
	ask("GET /", "");
	tag_of(plain);
	(void)snprintf(lines, sizeof(lines), "If-None-Match: \"x\", W/%s\r\n", plain);
	ask("GET /", lines);
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
	ask("GET /", lines);
	assert_starts("HTTP/1.1 200 OK\r\n");
	assert_body("brotli");
	ask("GET /", "If-None-Match: *\r\n");
	assert_starts("HTTP/1.1 304 ");
}

FILE_TEST(a_page_can_add_headers_and_an_error_page_its_status)
{
	load("half.css", "text/css");
	ask("GET /page", "Accept-Encoding: br, gzip\r\n");
	assert_starts("HTTP/1.1 200 OK\r\n");
	assert_has("\r\nX-More: yes\r\n");
	assert_has("\r\nContent-Encoding: gzip\r\n");
	assert_body("small style");
	ask("GET /page", "If-None-Match: *\r\n");
	assert_starts("HTTP/1.1 304 ");
	assert_has("\r\nX-More: yes\r\n");
	ask("GET /missing", "If-None-Match: *\r\n");
	assert_starts("HTTP/1.1 404 Not Found\r\n");
	assert_body("style");
}

FILE_TEST(different_content_has_a_different_etag)
{
	char script[64], style[64];

	load("all.js", "x");
	ask("GET /", "");
	tag_of(script);
	load("half.css", "x");
	ask("GET /", "");
	tag_of(style);
	assert_string_not_equal(script, style);
}

FILE_TEST(an_empty_file_is_sent)
{
	load("bare.txt", "text/plain");
	ask("GET /", "Accept-Encoding: br\r\n");
	assert_has("\r\nContent-Length: 0\r\n");
	assert_has_not("Content-Encoding");
}

FILE_TEST(a_file_is_read_once_at_load)
{
	write_file("gone.js", "was here");
	load("gone.js", "x");
	assert_int_equal(remove(path_of("gone.js")), 0);
	ask("GET /", "");
	assert_body("was here");
}

static void
assert_not_loaded(const char *in, const char *name, int error)
{
	assert_null(static_file_load(in, name, "x"));
	assert_int_equal(errno, error);
}

TEST(missing_files_directories_and_files_over_the_limit_are_refused)
{
	assert_not_loaded(dir, "nothing.js", ENOENT);
	assert_not_loaded("/", "tmp", EISDIR);
	write_file("huge.bin", "x");
	assert_int_equal(truncate(path_of("huge.bin"), (off_t)STATIC_FILE_MAX + 1), 0);
	assert_not_loaded(dir, "huge.bin", EFBIG);
	assert_int_equal(remove(path_of("huge.bin")), 0);
}

TEST_MAIN(make_files, remove_files)
