/*
 * A page, from its bytes on: its encoding is found, and what is read is a valid document.
 */
#include "tests/fuzz/documents.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/crawl/extract/charset.h"
#include "workerd/crawl/extract/html/html.h"

FUZZ(html)
{
	struct charset charset;
	struct outcome out;
	struct buf text;

	html_load();
	buf_init(&text, 16 * in.len + 16);
	charset_open(&charset, in, slice_str(""));
	must(charset_decode(&charset, in, &text) == 0 && utf8_valid(buf_slice(&text)));
	charset_close(&charset);
	outcome_init(&out);
	html_read(&out, buf_slice(&text), slice_str("https://site.example/a/b?c"));
	document_free(documents_pass(&out));
	outcome_clear(&out);
	buf_clear(&text);
}
