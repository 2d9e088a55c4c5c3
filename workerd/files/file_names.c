#include "workerd/files/file_names.h"

#include <ctype.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

/* Bytes of an extension with its dot that a shortened name keeps. */
#define EXTENSION_MAX 16u

/* Bytes of the UTF-8 sequence that s begins with. */
static size_t
file_name_sequence(struct slice s)
{
	size_t n = 1;

	while (n < s.len && (s.p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* Whether a character controls a device or the direction of text. */
static bool
file_name_is_control(struct slice c)
{
	/* U+061C; U+200B to U+200F, U+2028 to U+202E, U+2060 to U+206F; U+FEFF; U+0080 to U+009F. */
	if (c.len == 1)
		return c.p[0] < ' ' || c.p[0] == 0x7f;
	if (c.len == 2)
		return (c.p[0] == 0xd8 && c.p[1] == 0x9c) || (c.p[0] == 0xc2 && c.p[1] < 0xa0);
	if (c.len != 3)
		return false;
	if (c.p[0] == 0xef)
		return c.p[1] == 0xbb && c.p[2] == 0xbf;
	if (c.p[0] != 0xe2)
		return false;
	return (c.p[1] == 0x80 &&
		   ((c.p[2] >= 0x8b && c.p[2] <= 0x8f) ||
		       (c.p[2] >= 0xa8 && c.p[2] <= 0xae))) ||
	    (c.p[1] == 0x81 && c.p[2] >= 0xa0 && c.p[2] <= 0xaf);
}

/* Whether a character is left out of a name. */
static bool
file_name_drops(struct slice c)
{
	return (c.len == 1 && c.p[0] != '\0' && strchr("/\\:*?\"<>|", c.p[0]) != NULL) ||
	    file_name_is_control(c);
}

/* The part behind the last slash of either kind. */
static struct slice
file_name_last(struct slice path)
{
	for (size_t i = path.len; i > 0; i--)
		if (path.p[i - 1] == '/' || path.p[i - 1] == '\\')
			return (struct slice){path.p + i, path.len - i};
	return path;
}

/* The last bytes of a name that its shortened form keeps. */
static struct slice
file_name_extension(struct slice name)
{
	const uint8_t *dot = memrchr(name.p, '.', name.len);
	const size_t n = dot == NULL ? 0 : name.len - (size_t)(dot - name.p);

	return n == 0 || n > EXTENSION_MAX ? (struct slice){name.p + name.len, 0}
					   : (struct slice){dot, n};
}

/* Shortens a name to what fits. */
static void
file_name_fit(struct slice name, char out[FILE_NAME_SIZE])
{
	const struct slice extension = file_name_extension(name);
	size_t n = name.len - extension.len;

	if (name.len >= FILE_NAME_SIZE) {
		n = FILE_NAME_SIZE - 1 - extension.len;
		while (n > 0 && (name.p[n] & 0xc0) == 0x80)
			n--;
	}
	must(slice_copy((struct slice){name.p, n}, out, n) &&
	    slice_copy_text(extension, out + n, FILE_NAME_SIZE - n));
}

void
file_name_clean(struct slice name, char out[FILE_NAME_SIZE])
{
	struct slice rest = file_name_last(name), kept;
	struct buf clean;

	buf_init(&clean, rest.len + 1);
	while (rest.len > 0) {
		const struct slice c = {rest.p, file_name_sequence(rest)};

		if (!file_name_drops(c))
			must(buf_append(&clean, c.p, c.len) == 0);
		rest = (struct slice){rest.p + c.len, rest.len - c.len};
	}
	kept = utf8_trim(buf_slice(&clean));
	/* Hidden files, and the folders . and .. */
	while (kept.len > 0 && (kept.p[0] == '.' || kept.p[0] == ' '))
		kept = (struct slice){kept.p + 1, kept.len - 1};
	file_name_fit(kept.len == 0 ? slice_str("file") : kept, out);
	buf_clear(&clean);
}

void
file_description_clean(struct slice text, struct buf *out)
{
	buf_reset(out);
	while (text.len > 0) {
		const struct slice c = {text.p, file_name_sequence(text)};

		if (!file_name_is_control(c))
			must(buf_append(out, c.p, c.len) == 0);
		text = (struct slice){text.p + c.len, text.len - c.len};
	}
}

/* Appends a part of a value (RFC 8187, section 3.2.1). */
static void
file_name_escape(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.p[i];

		if (isalnum(c) || strchr("-._~", c) != NULL)
			must(buf_append(out, &c, 1) == 0);
		else
			must(buf_printf(out, "%%%02X", c) == 0);
	}
}

void
file_name_disposition(struct slice name, enum file_kind kind, struct buf *out)
{
	const bool shown = kind < FILE_KINDS;

	if (shown)
		name.len -= file_name_extension(name).len;
	must(buf_append_str(out, shown ? "inline" : "attachment") == 0 &&
	    buf_append_str(out, "; filename*=UTF-8''") == 0);
	file_name_escape(name, out);
	if (shown)
		file_name_escape(slice_str(file_kind_extension(kind)), out);
}
