/*
 * The signatures: JPEG (ITU-T T.81, B.1.1.3), PNG (RFC 2083, 12.11), WebP (RFC 9649, 2.4), GIF87a and GIF89a, PDF
 * (ISO 32000-1, 7.5.2). A DOCX or XLSX file is a ZIP archive (ECMA-376, part 2) with a part below word/ or xl/.
 */
#include "workerd/files/file_kinds.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

/* Bytes of the local header of a ZIP file before the name, and where the lengths of the name and of what follows are
 * (APPNOTE.TXT, 4.3.7). */
#define ZIP_HEADER  30u
#define ZIP_NAME_AT 26u

static const struct {
	const char *name, *type, *extension;
} kinds[] = {
#define KIND(NAME, name, type, extension) {name, type, extension},
#include "workerd/files/file_kinds.def"
};

const char *
file_kind_name(enum file_kind kind)
{
	return kinds[kind].name;
}

const char *
file_kind_type(enum file_kind kind)
{
	return kinds[kind].type;
}

const char *
file_kind_extension(enum file_kind kind)
{
	return kinds[kind].extension;
}

enum file_kind
file_kind_typed(struct slice type)
{
	for (enum file_kind k = 0; k < FILE_KINDS; k++)
		if (slice_eq_str(type, kinds[k].type))
			return k;
	return FILE_KINDS;
}

enum file_kind
file_kind_named(struct slice name)
{
	for (enum file_kind k = 0; k < FILE_KINDS; k++)
		if (slice_eq_str(name, kinds[k].name))
			return k;
	return FILE_KINDS;
}

static bool
file_kind_begins(struct slice s, const char *with, size_t n)
{
	return s.len >= n && memcmp(s.p, with, n) == 0;
}

#define BEGINS(s, with) file_kind_begins(s, with, sizeof(with) - 1)

/* Whether the archive has a part below this folder, by the local headers within these bytes. */
static bool
file_kind_has_part(struct slice s, const char *folder)
{
	static const char header[] = "PK\3\4";
	const size_t n = strlen(folder);

	for (;;) {
		const uint8_t *at = memmem(s.p, s.len, header, sizeof(header) - 1);
		struct slice name;

		if (at == NULL)
			return false;
		s = (struct slice){at, s.len - (size_t)(at - s.p)};
		if (s.len < ZIP_HEADER)
			return false;
		name = (struct slice){s.p + ZIP_HEADER, s.len - ZIP_HEADER};
		if (s.p[ZIP_NAME_AT] + 256u * s.p[ZIP_NAME_AT + 1] > n &&
		    file_kind_begins(name, folder, n))
			return true;
		s = (struct slice){s.p + 4, s.len - 4};
	}
}

static enum file_kind
file_kind_of_archive(struct slice s)
{
	if (!file_kind_has_part(s, "[Content_Types].xml") && !file_kind_has_part(s, "_rels/"))
		return FILE_KINDS;
	if (file_kind_has_part(s, "word/"))
		return FILE_DOCX;
	return file_kind_has_part(s, "xl/") ? FILE_XLSX : FILE_KINDS;
}

/* What a browser could take for a page: text that begins like HTML, XML or a program. */
static bool
file_kind_is_markup(struct slice s)
{
	while (s.len > 0 && strchr(" \t\r\n", s.p[0]) != NULL && s.p[0] != '\0')
		s = (struct slice){s.p + 1, s.len - 1};
	return s.len > 0 && s.p[0] == '<';
}

/* UTF-8 without control characters; the last character may be cut unless these bytes are all. */
static bool
file_kind_is_text(struct slice s, bool whole)
{
	if (BEGINS(s, "\xef\xbb\xbf"))
		s = (struct slice){s.p + 3, s.len - 3};
	for (unsigned cut = 0; !whole && cut < 3 && s.len > 0 && !utf8_valid(s); cut++)
		s.len--;
	return utf8_valid(s) && !utf8_has_control(s, "\t\n\r\f") && !file_kind_is_markup(s) &&
	    !BEGINS(s, "#!");
}

enum file_kind
file_kind_of(struct slice start, bool whole)
{
	if (BEGINS(start, "\xff\xd8\xff"))
		return FILE_JPEG;
	if (BEGINS(start, "\x89PNG\r\n\x1a\n"))
		return FILE_PNG;
	if (BEGINS(start, "RIFF") && start.len >= 12 && memcmp(start.p + 8, "WEBP", 4) == 0)
		return FILE_WEBP;
	if (BEGINS(start, "GIF87a") || BEGINS(start, "GIF89a"))
		return FILE_GIF;
	if (BEGINS(start, "%PDF-"))
		return FILE_PDF;
	if (BEGINS(start, "PK\3\4"))
		return file_kind_of_archive(start);
	return start.len > 0 && file_kind_is_text(start, whole) ? FILE_TEXT : FILE_KINDS;
}
