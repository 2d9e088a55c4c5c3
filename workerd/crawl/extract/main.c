/*
 * crawl-extract: takes one document apart. crawld runs it for each document, with this document as standard input:
 *
 *	crawl-extract TYPE [CHARSET [URL]]
 *
 * TYPE is the media type; CHARSET (of the Content-Type) and URL (for relative links) may be empty. Writes the document
 * (document.h) to standard output. Exit status: 0; 64: wrong arguments; 74: the input cannot be read or the result not
 * be written. What the document itself does wrong is part of the result, unless it exceeds the limits of the process,
 * which kill it.
 */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "proto/ipc/messages.h"
#include "workerd/children/sandbox.h"
#include "workerd/crawl/document/formats.h"
#include "workerd/crawl/extract/charset.h"
#include "workerd/crawl/extract/docx/docx.h"
#include "workerd/crawl/extract/html/html.h"
#include "workerd/crawl/extract/markdown.h"
#include "workerd/crawl/extract/pdf.h"
#include "workerd/crawl/extract/plain.h"

#define INPUT_MAX (20u * 1024 * 1024 + 1)

struct request {
	enum format format;
	struct slice charset, url;
};

/* 0, or -1: longer than INPUT_MAX, or unreadable. */
static int
extract_input(struct buf *in)
{
	ssize_t n;

	do {
		uint8_t *to = buf_reserve(in, 65536);

		if (to == NULL)
			return -1;
		n = read(STDIN_FILENO, to, 65536);
		if (n > 0)
			buf_commit(in, (size_t)n);
	} while (n > 0);
	return n == 0 ? 0 : -1;
}

static int
extract_output(struct outcome *out)
{
	struct buf bytes;
	int r;

	buf_init(&bytes, DOCUMENT_MAX);
	r = outcome_encode(out, &bytes);
	while (r == 0 && buf_len(&bytes) > 0) {
		ssize_t n = write(STDOUT_FILENO, buf_data(&bytes), buf_len(&bytes));

		if (n <= 0)
			r = -1;
		else
			buf_consume(&bytes, (size_t)n);
	}
	buf_clear(&bytes);
	return r;
}

static void
extract_text(const struct request *r, struct outcome *out, struct slice bytes)
{
	struct charset charset;
	struct buf text;

	buf_init(&text, CHARSET_TEXT_MAX);
	charset_open(&charset, bytes, r->charset);
	if (r->format == FORMAT_HTML)
		html_load();
	sandbox_enter(CALLS_EXTRACT);
	if (charset_decode(&charset, bytes, &text) == -1)
		outcome_fail(out, REASON_SIZE, "too much text");
	else if (r->format == FORMAT_HTML)
		html_read(out, buf_slice(&text), r->url);
	else if (r->format == FORMAT_MARKDOWN)
		markdown_read(out, buf_slice(&text));
	else
		plain_read(out, buf_slice(&text));
	charset_close(&charset);
	buf_clear(&text);
}

/* The three ways to read: each restricts the process as soon as it has what it needs. 0, or -1. */
static int
extract_pdf(struct outcome *out)
{
	struct pdf pdf;

	if (pdf_start(&pdf) == -1)
		return -1;
	sandbox_enter(CALLS_EXTRACT);
	pdf_read(&pdf, out);
	return 0;
}

static void
extract_docx(struct outcome *out, struct slice bytes)
{
	docx_load();
	sandbox_enter(CALLS_EXTRACT);
	docx_read(out, bytes);
}

static int
extract_document(const struct request *r, struct outcome *out)
{
	struct buf in;
	int result;

	if (r->format == FORMAT_PDF)
		return extract_pdf(out);
	buf_init(&in, INPUT_MAX);
	result = extract_input(&in);
	if (result == 0 && r->format == FORMAT_DOCX)
		extract_docx(out, buf_slice(&in));
	else if (result == 0)
		extract_text(r, out, buf_slice(&in));
	buf_clear(&in);
	return result;
}

static int
extract_run(const struct request *r)
{
	struct outcome out;
	int result;

	outcome_init(&out);
	result = extract_document(r, &out);
	if (result == 0)
		result = extract_output(&out);
	outcome_clear(&out);
	return result == 0 ? 0 : EX_IOERR;
}

int
main(int argc, char **argv)
{
	struct request r;

	log_open("crawl-extract", LOG_NOTICE);
	if (argc < 2 || argc > 4)
		return EX_USAGE;
	r.format = formats_of_type(slice_str(argv[1]));
	r.charset = slice_str(argc > 2 ? argv[2] : "");
	r.url = slice_str(argc > 3 ? argv[3] : "");
	if (r.format == FORMAT_NONE)
		return EX_USAGE;
	sandbox_limit();
	/* Without the search for leaks of sanitizers, which waits for calls that the filter refuses. */
	_exit(extract_run(&r));
}
