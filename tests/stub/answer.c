#include "tests/stub/answer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Nearly all events have 256 to 4095 bytes; for other sizes chunk_end() moves the body. */
#define SIZE_DIGITS 3

static const char *
answer_reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} known[] = {{200, "OK"}, {400, "Bad Request"}, {401, "Unauthorized"},
	    {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
	    {413, "Content Too Large"}, {429, "Too Many Requests"},
	    {431, "Request Header Fields Too Large"}, {500, "Internal Server Error"},
	    {501, "Not Implemented"}, {502, "Bad Gateway"}, {503, "Service Unavailable"},
	    {504, "Gateway Timeout"}, {505, "HTTP Version Not Supported"}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].status == status)
			return known[i].reason;
	}
	return "Error";
}

#define DATE_SIZE 32

/* Formats a time for HTTP (RFC 9110, 5.6.7). */
static void
answer_write_date(char text[static DATE_SIZE], time_t when)
{
	struct tm tm;

	if (gmtime_r(&when, &tm) != NULL)
		strftime(text, DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

/* The Date header's value (RFC 9110, 6.6.1), updated once a second. */
static const char *
answer_http_date(void)
{
	static char text[DATE_SIZE];
	static time_t made;
	time_t now = time(NULL);

	if (now != made) {
		answer_write_date(text, now);
		made = now;
	}
	return text;
}

static void
answer_add_retry_after(struct bytes *out, const struct answer_about *about)
{
	char date[DATE_SIZE] = "";

	if (about->retry_after == UINT32_MAX)
		return;
	if (about->retry_date) {
		answer_write_date(date, time(NULL) + about->retry_after);
		bytes_addf(out, "retry-after: %s\r\n", date);
	} else {
		bytes_addf(out, "retry-after: %" PRIu32 "\r\n", about->retry_after);
	}
}

static void
answer_add_head(
    struct bytes *out, int status, const char *type, const struct answer_about *about)
{
	bytes_addf(out, "HTTP/1.1 %d %s\r\ndate: %s\r\ncontent-type: %s\r\n", status,
	    answer_reason_of(status), answer_http_date(), type);
	if (about->id != 0)
		bytes_addf(out, "x-request-id: req_stub%016" PRIx64 "\r\n", about->id);
	answer_add_retry_after(out, about);
	if (about->allow != NULL)
		bytes_addf(out, "allow: %s\r\n", about->allow);
	bytes_addf(out, "connection: %s\r\n", about->close ? "close" : "keep-alive");
}

void
answer_stream(struct bytes *out, const char *type, const struct answer_about *about)
{
	answer_add_head(out, 200, type, about);
	bytes_add_str(out, "cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n");
}

void
answer_json(struct bytes *out, int status, struct span body, const struct answer_about *about)
{
	answer_add_head(out, status, "application/json", about);
	bytes_addf(out, "content-length: %zu\r\n\r\n", body.len);
	bytes_add_span(out, body);
}

static void
answer_add_string_or_null(struct bytes *out, const char *name, const char *value)
{
	bytes_addf(out, ",\"%s\":", name);
	if (value == NULL) {
		bytes_add_str(out, "null");
		return;
	}
	bytes_add_str(out, "\"");
	bytes_add_json(out, span_str(value));
	bytes_add_str(out, "\"");
}

void
answer_error_body(struct bytes *out, const struct api_error *error)
{
	bytes_add_str(out, "{\"error\":{\"message\":\"");
	/* The message may contain a truncated part of the request; ASCII is valid wherever it was
	 * cut. */
	bytes_add_json_ascii(out, span_str(error->message));
	bytes_add_str(out, "\"");
	answer_add_string_or_null(out, "type", error->type);
	answer_add_string_or_null(out, "param", error->param);
	answer_add_string_or_null(out, "code", error->code);
	bytes_add_str(out, "}}");
}

void
answer_error(struct bytes *out, const struct api_error *error, const struct answer_about *about)
{
	struct bytes body = {0};

	answer_error_body(&body, error);
	answer_json(out, error->status, bytes_span(&body), about);
	bytes_clear(&body);
}

void
api_error_set(struct api_error *error, int status, const char *message, ...)
{
	va_list ap;

	*error = (struct api_error){.status = status, .type = "invalid_request_error"};
	va_start(ap, message);
	vsnprintf(error->message, sizeof(error->message), message, ap);
	va_end(ap);
}

size_t
chunk_begin(struct bytes *out)
{
	size_t mark = out->len;

	bytes_reserve(out, SIZE_DIGITS + 2);
	out->len += SIZE_DIGITS + 2;
	return mark;
}

void
chunk_end(struct bytes *out, size_t mark)
{
	static const char hex[] = "0123456789abcdef";
	size_t body = mark + SIZE_DIGITS + 2, size = out->len - body, digits = 1;
	char *at;

	for (size_t n = size; (n >>= 4) != 0;)
		digits++;
	if (digits != SIZE_DIGITS) {
		bytes_reserve(out, digits);
		memmove(out->p + mark + digits + 2, out->p + body, size);
		out->len = mark + digits + 2 + size;
	}
	at = out->p + mark;
	for (size_t i = 0; i < digits; i++)
		at[digits - 1 - i] = hex[(size >> (4 * i)) & 15];
	memcpy(at + digits, "\r\n", 2);
	bytes_add(out, "\r\n", 2);
}

void
chunk_last(struct bytes *out)
{
	bytes_add_str(out, "0\r\n\r\n");
}
