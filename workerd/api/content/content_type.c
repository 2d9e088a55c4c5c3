/*
 * The Content-Type of an upload (RFC 9110, section 8.3.1).
 */
#include "workerd/api/content/content_type.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/http/message/header_fields.h"

static const char *const readable[] = {"text/html", "text/plain", "text/markdown",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document"};

/* The type without its parameters. */
static struct slice
content_type_media(struct slice value)
{
	const uint8_t *end = memchr(value.p, ';', value.len);

	return header_trim(
	    (struct slice){value.p, end == NULL ? value.len : (size_t)(end - value.p)});
}

static bool
content_type_is_readable(struct slice media)
{
	for (size_t i = 0; i < ARRAY_LEN(readable); i++)
		if (header_equals(media, readable[i]))
			return true;
	return false;
}

bool
content_type_read(struct slice value, struct content_type *out)
{
	struct slice media;

	if (value.len == 0)
		return false;
	value = header_trim(value);
	media = content_type_media(value);
	if (!content_type_is_readable(media))
		return false;
	if (!utf8_valid(value) || !utf8_is_line(value) ||
	    !slice_copy_text(value, out->text, sizeof(out->text)))
		must(slice_copy_text(media, out->text, sizeof(out->text)));
	return true;
}
