/*
 * The head of an upload (PUT /v1/admin/sources/{id}/content). What is kept of its Content-Type is a line of text within the
 * bound, begins with one of the types that crawld reads, and reads to the same again; the URL and the title are within
 * theirs.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/api/content/content_type.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/http/message/http_parse.h"

#define HEAD_MAX  16384
#define TITLE_MAX 600

static void
check_type(struct slice value)
{
	struct content_type type, again;

	memset(&type, 'x', sizeof(type));
	if (!content_type_read(value, &type)) {
		must(type.text[0] == 'x' && type.text[CONTENT_TYPE_MAX] == 'x');
		return;
	}
	must(memchr(type.text, '\0', sizeof(type.text)) != NULL);
	must(utf8_valid(slice_str(type.text)) && utf8_is_line(slice_str(type.text)));
	must(strncasecmp(type.text, "text/", 5) == 0 ||
	    strncasecmp(type.text, "application/", 12) == 0);
	must(content_type_read(slice_str(type.text), &again));
	must(strcmp(type.text, again.text) == 0);
}

FUZZ(upload_headers)
{
	struct http_header headers[HTTP_HEADERS_MAX];
	struct http_request req = {.headers = headers};
	uint8_t title[TITLE_MAX];
	struct http_parser parser;
	size_t consumed;
	int status;

	http_parser_init(&parser, HEAD_MAX);
	if (http_parse(&parser, in, &req, &consumed, &status) == HTTP_OK) {
		uint8_t *value = fuzz_copy(http_header(&req, "content-type"));

		check_type((struct slice){value, http_header(&req, "content-type").len});
		must(parameter_read_form(req.query, "title", title, sizeof(title)).len <=
		    sizeof(title));
		free(value);
	} else {
		check_type(in);
	}
}
