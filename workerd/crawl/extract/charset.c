#include "workerd/crawl/extract/charset.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

#define HEAD_MAX    4096 /* bytes in which a document names its encoding */
#define LABEL_MAX   32
#define REPLACEMENT "\xef\xbf\xbd"

/* Labels of the standard, and iconv's name for what they mean. The first group needs no conversion. */
static const struct charset_label {
	const char *label, *name;
} charset_labels[] = {
    {"utf-8", "UTF-8"},
    {"utf8", "UTF-8"},
    {"unicode-1-1-utf-8", "UTF-8"},
    {"us-ascii", "CP1252"},
    {"ascii", "CP1252"},
    {"iso-8859-1", "CP1252"},
    {"iso8859-1", "CP1252"},
    {"iso_8859-1", "CP1252"},
    {"latin1", "CP1252"},
    {"l1", "CP1252"},
    {"windows-1252", "CP1252"},
    {"cp1252", "CP1252"},
    {"x-cp1252", "CP1252"},
    {"iso-8859-2", "ISO-8859-2"},
    {"latin2", "ISO-8859-2"},
    {"iso-8859-3", "ISO-8859-3"},
    {"iso-8859-4", "ISO-8859-4"},
    {"iso-8859-5", "ISO-8859-5"},
    {"iso-8859-6", "ISO-8859-6"},
    {"iso-8859-7", "ISO-8859-7"},
    {"iso-8859-8", "ISO-8859-8"},
    {"iso-8859-9", "CP1254"},
    {"iso-8859-10", "ISO-8859-10"},
    {"iso-8859-11", "CP874"},
    {"iso-8859-13", "ISO-8859-13"},
    {"iso-8859-14", "ISO-8859-14"},
    {"iso-8859-15", "ISO-8859-15"},
    {"latin9", "ISO-8859-15"},
    {"iso-8859-16", "ISO-8859-16"},
    {"windows-874", "CP874"},
    {"tis-620", "CP874"},
    {"windows-1250", "CP1250"},
    {"windows-1251", "CP1251"},
    {"cp1251", "CP1251"},
    {"windows-1253", "CP1253"},
    {"windows-1254", "CP1254"},
    {"windows-1255", "CP1255"},
    {"windows-1256", "CP1256"},
    {"windows-1257", "CP1257"},
    {"windows-1258", "CP1258"},
    {"koi8-r", "KOI8-R"},
    {"koi8-u", "KOI8-U"},
    {"ibm866", "CP866"},
    {"cp866", "CP866"},
    {"macintosh", "MACINTOSH"},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"gb18030", "GB18030"},
    {"x-gbk", "GB18030"},
    {"big5", "BIG5-HKSCS"},
    {"big5-hkscs", "BIG5-HKSCS"},
    {"euc-jp", "EUC-JP"},
    {"x-euc-jp", "EUC-JP"},
    {"shift_jis", "CP932"},
    {"shift-jis", "CP932"},
    {"sjis", "CP932"},
    {"windows-31j", "CP932"},
    {"iso-2022-jp", "ISO-2022-JP"},
    {"euc-kr", "UHC"},
    {"ks_c_5601-1987", "UHC"},
    {"windows-949", "UHC"},
    {"utf-16", "UTF-16LE"},
    {"utf-16le", "UTF-16LE"},
    {"utf-16be", "UTF-16BE"},
};

/* NULL: unknown. */
static const char *
charset_name(struct slice label)
{
	label = utf8_trim(utf8_valid(label) ? label : slice_str(""));
	for (size_t i = 0; i < ARRAY_LEN(charset_labels); i++)
		if (strlen(charset_labels[i].label) == label.len &&
		    strncasecmp(charset_labels[i].label, (const char *)label.p, label.len) == 0)
			return charset_labels[i].name;
	return NULL;
}

static const char *
charset_by_mark(struct slice bytes)
{
	if (bytes.len >= 3 && memcmp(bytes.p, "\xef\xbb\xbf", 3) == 0)
		return "UTF-8";
	if (bytes.len >= 2 && memcmp(bytes.p, "\xfe\xff", 2) == 0)
		return "UTF-16BE";
	if (bytes.len >= 2 && memcmp(bytes.p, "\xff\xfe", 2) == 0)
		return "UTF-16LE";
	return NULL;
}

static bool
charset_is_label_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_';
}

/* The label behind a word such as charset= or encoding=, in quotes or without. */
static struct slice
charset_label_behind(const char *head, const char *word)
{
	struct slice label = {(const uint8_t *)"", 0};
	const char *at = strcasestr(head, word);

	if (at == NULL)
		return label;
	at += strlen(word);
	at += strspn(at, " \t\r\n");
	if (*at++ != '=')
		return label;
	at += strspn(at, " \t\r\n\"'");
	label.p = (const uint8_t *)at;
	while (charset_is_label_char(label.p[label.len]))
		label.len++;
	return label;
}

static const char *
charset_by_head(struct slice bytes)
{
	size_t n = bytes.len < HEAD_MAX ? bytes.len : HEAD_MAX;
	char head[HEAD_MAX + 1];
	const char *name = NULL;

	for (size_t i = 0; i < n; i++)
		head[i] = bytes.p[i] == 0 ? ' ' : (char)bytes.p[i];
	head[n] = '\0';
	if (strcasestr(head, "<meta") != NULL)
		name = charset_name(charset_label_behind(head, "charset"));
	if (name == NULL && strncasecmp(head, "<?xml", 5) == 0)
		name = charset_name(charset_label_behind(head, "encoding"));
	/* A document whose beginning is readable byte by byte is not in UTF-16. */
	if (name != NULL && strncmp(name, "UTF-16", 6) == 0)
		name = "UTF-8";
	return name;
}

/* UTF-8 unless more bytes are not. */
static const char *
charset_by_bytes(struct slice bytes)
{
	size_t good = 0, bad = 0;

	while (bytes.len > 0) {
		size_t n = utf8_char(bytes);

		good += n > 1;
		bad += n == 0;
		n = n > 0 ? n : 1;
		bytes.p += n;
		bytes.len -= n;
	}
	return good >= bad ? "UTF-8" : "CP1252";
}

void
charset_open(struct charset *c, struct slice bytes, struct slice declared)
{
	const char *name = charset_by_mark(bytes);

	if (name == NULL)
		name = charset_name(declared);
	if (name == NULL)
		name = charset_by_head(bytes);
	if (name == NULL)
		name = charset_by_bytes(bytes);
	c->utf8 = strcmp(name, "UTF-8") == 0;
	if (c->utf8)
		return;
	c->unit = strncmp(name, "UTF-16", 6) == 0 ? 2 : 1;
	c->converter = iconv_open("UTF-8", name);
	if (c->converter == (iconv_t)-1)
		c->utf8 = true;
}

void
charset_close(struct charset *c)
{
	if (!c->utf8)
		(void)iconv_close(c->converter);
	c->utf8 = true;
}

/* Valid text without zero bytes and byte order mark. */
static int
charset_repair(struct slice text, struct buf *out)
{
	if (text.len >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) {
		text.p += 3;
		text.len -= 3;
	}
	while (text.len > 0) {
		const uint8_t *zero = memchr(text.p, 0, text.len);
		size_t n = zero != NULL ? (size_t)(zero - text.p) : text.len;

		if (utf8_repair(out, (struct slice){text.p, n}) == -1)
			return -1;
		n += zero != NULL;
		text.p += n;
		text.len -= n;
	}
	return 0;
}

/* Skips what iconv refuses. */
static int
charset_skip(const struct charset *c, char **in, size_t *left, struct buf *out)
{
	size_t n = *left < c->unit ? *left : c->unit;

	if (errno != EILSEQ && errno != EINVAL)
		return 0;
	*in += n;
	*left -= n;
	return buf_append_str(out, REPLACEMENT);
}

static int
charset_convert(struct charset *c, struct slice bytes, struct buf *out)
{
	char *in = (char *)(uintptr_t)bytes.p;
	size_t left = bytes.len;

	while (left > 0) {
		char piece[16384], *to = piece;
		size_t room = sizeof(piece), failed;

		failed = iconv(c->converter, &in, &left, &to, &room);
		if (buf_append(out, piece, sizeof(piece) - room) == -1)
			return -1;
		if (failed == (size_t)-1 && charset_skip(c, &in, &left, out) == -1)
			return -1;
	}
	return 0;
}

int
charset_decode(struct charset *c, struct slice bytes, struct buf *out)
{
	struct buf text;
	int r = -1;

	if (c->utf8)
		return charset_repair(bytes, out);
	buf_init(&text, CHARSET_TEXT_MAX);
	if (charset_convert(c, bytes, &text) == 0)
		r = charset_repair(buf_slice(&text), out);
	buf_clear(&text);
	return r;
}
