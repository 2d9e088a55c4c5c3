#include "tests/stub/answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/http/date.h"

static void
answer_add_head(struct buf *out, int status, const char *type, const struct answer_about *about)
{
	static struct date date;

	putf(out, "HTTP/1.1 %d %s\r\n%scontent-type: %s\r\n", status,
	    status == 200 ? "OK" : "Error", date_line(&date), type);
	if (about->id != 0)
		putf(out, "x-request-id: req_stub%016" PRIx64 "\r\n", about->id);
	if (about->retry_after != UINT32_MAX)
		putf(out, "retry-after: %" PRIu32 "\r\n", about->retry_after);
	if (about->allow != NULL)
		putf(out, "allow: %s\r\n", about->allow);
	if (about->fields != NULL)
		put_str(out, about->fields);
	putf(out, "connection: %s\r\n", about->close ? "close" : "keep-alive");
}

void
answer_stream(struct buf *out, const struct answer_about *about)
{
	answer_add_head(out, 200, "text/event-stream; charset=utf-8", about);
	put_str(out, "cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n");
}

void
answer_text(struct buf *out, int status, const char *type, struct slice body,
    const struct answer_about *about)
{
	answer_add_head(out, status, type, about);
	putf(out, "content-length: %zu\r\n\r\n", body.len);
	put_slice(out, body);
}

void
answer_json(struct buf *out, int status, json_t *body, const struct answer_about *about)
{
	char *text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);

	must(text != NULL);
	answer_text(out, status, "application/json", slice_str(text), about);
	free(text);
	json_decref(body);
}

/* The message may contain a part of the request that was cut inside a character. */
json_t *
answer_error_body(const struct api_error *error)
{
	struct buf message = put_start();
	json_t *body;

	must(utf8_repair(&message, slice_str(error->message)) == 0);
	body = json_pack("{s:{s:s%,s:s,s:s?,s:s?}}", "error", "message", buf_data(&message),
	    buf_len(&message), "type", error->type, "param", error->param, "code", error->code);
	must(body != NULL);
	buf_clear(&message);
	return body;
}

void
answer_error(struct buf *out, const struct api_error *error, const struct answer_about *about)
{
	answer_json(out, error->status, answer_error_body(error), about);
}

int
api_error(struct api_error *error, int status, const char *param, const char *message, ...)
{
	va_list ap;

	*error = (struct api_error){
	    .status = status, .type = "invalid_request_error", .param = param};
	va_start(ap, message);
	vsnprintf(error->message, sizeof(error->message), message, ap);
	va_end(ap);
	return -1;
}

/* By hand, as a stream at full speed has 100,000 chunks a second. */
void
answer_chunk(struct buf *out, struct slice content)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t *at = put_reserve(out, content.len + 20);
	unsigned digits = 1;

	while (content.len >> (4 * digits) != 0)
		digits++;
	for (unsigned i = digits; i-- > 0;)
		*at++ = (uint8_t)hex[content.len >> (4 * i) & 15];
	at = mempcpy(at, "\r\n", 2);
	at = mempcpy(at, content.p, content.len);
	memcpy(at, "\r\n", 2);
	buf_commit(out, digits + content.len + 4);
}
