#include "workerd/crawl/extract/docx/docx.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zip.h>

#include "proto/base/basics.h"
#include "proto/ipc/messages.h"
#include "workerd/crawl/extract/docx/docx_body.h"
#include "workerd/crawl/extract/docx/docx_xml.h"

#define PIECE 65536

/* Office programs encrypt the whole file, in a container that is no archive: MS-CFB, section 2.2. */
static const uint8_t compound_file[] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};

enum docx_part { PART_READ, PART_MISSING, PART_TOO_LARGE, PART_ENCRYPTED, PART_DAMAGED };

void
docx_load(void)
{
	xmlInitParser();
	/* libzip converts times: the C library must know the time zone, which is a file. */
	must(setenv("TZ", "UTC0", 1) == 0);
	tzset();
}

/* NULL: it is no archive. */
static zip_t *
docx_open(struct slice bytes)
{
	zip_error_t error;
	zip_source_t *source;
	zip_t *archive;

	zip_error_init(&error);
	source = zip_source_buffer_create(bytes.p, bytes.len, 0, &error);
	if (source == NULL)
		return NULL;
	archive = zip_open_from_source(source, ZIP_RDONLY, &error);
	if (archive == NULL)
		zip_source_free(source);
	zip_error_fini(&error);
	return archive;
}

/* Reads up to the limit, whatever size the archive states. */
static enum docx_part
docx_unpack(zip_file_t *file, struct buf *out)
{
	zip_int64_t n;

	do {
		uint8_t *to = buf_reserve(out, PIECE);

		if (to == NULL)
			return PART_TOO_LARGE;
		n = zip_fread(file, to, PIECE);
		if (n > 0)
			buf_commit(out, (size_t)n);
	} while (n > 0);
	return n == 0 ? PART_READ : PART_DAMAGED;
}

static enum docx_part
docx_read_part(zip_t *archive, const char *name, struct buf *out)
{
	enum docx_part result;
	zip_file_t *file;
	zip_stat_t about;

	if (zip_stat(archive, name, 0, &about) == -1)
		return PART_MISSING;
	if ((about.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 &&
	    about.encryption_method != ZIP_EM_NONE)
		return PART_ENCRYPTED;
	if ((about.valid & ZIP_STAT_SIZE) != 0 && about.size > DOCX_PART_MAX)
		return PART_TOO_LARGE;
	file = zip_fopen(archive, name, 0);
	if (file == NULL)
		return PART_DAMAGED;
	result = docx_unpack(file, out);
	(void)zip_fclose(file);
	return result;
}

static void
docx_on_property(void *arg, const struct docx_xml *xml)
{
	if (xml->event == DOCX_TEXT && strcmp(xml->name, "title") == 0)
		outcome_title(arg, xml->text);
}

/* The title of docProps/core.xml, if there is one. */
static void
docx_read_title(struct outcome *out, zip_t *archive)
{
	struct buf part;

	buf_init(&part, 1024 * 1024);
	if (docx_read_part(archive, "docProps/core.xml", &part) == PART_READ &&
	    docx_xml_read(buf_slice(&part), docx_on_property, out) == -1)
		buf_reset(&out->title);
	buf_clear(&part);
}

static void
docx_read_styles(struct docx_styles *styles, zip_t *archive)
{
	struct buf part;

	buf_init(&part, DOCX_PART_MAX / 4);
	if (docx_read_part(archive, "word/styles.xml", &part) == PART_READ)
		docx_styles_read(styles, buf_slice(&part));
	buf_clear(&part);
}

static void
docx_fail(struct outcome *out, enum docx_part result)
{
	if (result == PART_ENCRYPTED)
		outcome_fail(out, REASON_ENCRYPTED, "");
	else if (result == PART_TOO_LARGE)
		outcome_fail(out, REASON_DAMAGED, "it unpacks to more than 64 MB");
	else if (result != PART_READ)
		outcome_fail(out, REASON_DAMAGED, "it is no valid DOCX file");
}

static void
docx_read_archive(struct outcome *out, zip_t *archive)
{
	struct docx_styles *styles = xcalloc(1, sizeof(*styles));
	enum docx_part result;
	struct buf part;

	buf_init(&part, DOCX_PART_MAX);
	docx_read_title(out, archive);
	docx_read_styles(styles, archive);
	result = docx_read_part(archive, "word/document.xml", &part);
	if (result == PART_READ && docx_body_read(out, styles, buf_slice(&part)) == -1)
		result = PART_DAMAGED;
	docx_fail(out, result);
	buf_clear(&part);
	free(styles);
}

void
docx_read(struct outcome *out, struct slice bytes)
{
	zip_t *archive = docx_open(bytes);

	if (archive != NULL) {
		docx_read_archive(out, archive);
		zip_discard(archive);
	} else if (bytes.len >= sizeof(compound_file) &&
	    memcmp(bytes.p, compound_file, sizeof(compound_file)) == 0) {
		outcome_fail(out, REASON_ENCRYPTED, "");
	} else {
		docx_fail(out, PART_DAMAGED);
	}
}
