/*
 * DOCX files, made here with libzip.
 */
#include <zip.h>

#include "proto/ipc/messages.h"
#include "tests/unit/workerd/crawl/extract/outcome_text.h"
#include "workerd/crawl/extract/docx/docx.h"

#define W      "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'"
#define RUN(t) "<w:r><w:t>" t "</w:t></w:r>"
#define P(t)   "<w:p>" RUN(t) "</w:p>"

static struct outcome out;
static struct buf archive;

FIXTURE(set_up)
{
	outcome_init(&out);
	buf_init(&archive, 1024 * 1024);
	docx_load();
}

FIXTURE(tear_down)
{
	outcome_clear(&out);
	buf_clear(&archive);
}

struct part {
	const char *name;
	struct slice bytes;
};

static void
add_part(zip_t *zip, const struct part *part, const char *password)
{
	zip_source_t *source = zip_source_buffer(zip, part->bytes.p, part->bytes.len, 0);
	zip_int64_t index = zip_file_add(zip, part->name, source, 0);

	assert_true(index >= 0);
	if (password != NULL)
		assert_int_equal(
		    zip_file_set_encryption(zip, (zip_uint64_t)index, ZIP_EM_AES_256, password),
		    0);
}

/* Fills archive with the parts. */
static void
make(const struct part *parts, size_t n, const char *password)
{
	zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, NULL);
	zip_stat_t about;
	uint8_t *to;

	assert_non_null(zip);
	zip_source_keep(source);
	for (size_t i = 0; i < n; i++)
		add_part(zip, &parts[i], password);
	assert_int_equal(zip_close(zip), 0);
	assert_int_equal(zip_source_stat(source, &about), 0);
	assert_int_equal(zip_source_open(source), 0);
	to = buf_reserve(&archive, (size_t)about.size);
	assert_non_null(to);
	assert_int_equal(zip_source_read(source, to, about.size), about.size);
	buf_commit(&archive, (size_t)about.size);
	assert_int_equal(zip_source_close(source), 0);
	zip_source_free(source);
}

static void
read_document(const char *xml)
{
	const struct part part = {"word/document.xml", slice_str(xml)};

	make(&part, 1, NULL);
	docx_read(&out, buf_slice(&archive));
}

FIXTURE_TEST(a_document_becomes_blocks_by_its_styles)
{
	static const char styles[] =
	    "<w:styles " W "><w:style w:styleId='berschrift1'><w:name w:val='heading 1'/>"
	    "</w:style><w:style w:styleId='T'><w:name w:val='Title'/></w:style></w:styles>";
	static const char xml[] =
	    "<w:document " W "><w:body>"
	    "<w:p><w:pPr><w:pStyle w:val='berschrift1'/></w:pPr>" RUN("Prei") RUN(
		"se") "</w:p>"
		      "<w:p><w:r><w:t>Ab "
		      "</w:t><w:t>5</w:t><w:tab/><w:t>EUR</w:t><w:br/><w:t>pro "
		      "Tag</w:t></w:r></w:p>"
		      "<w:p><w:pPr><w:outlineLvl w:val='2'/></w:pPr>" RUN(
			  "Tief") "</w:p>"
				  "<w:tbl><w:tr><w:tc>" P("Tarif") "</w:tc><w:tc>" P(
				      "Preis") "</w:tc></w:tr><w:tr><w:tc>"
					       "<w:tbl><w:tr><w:tc>" P(
						   "innen") "</w:tc></w:tr></w:tbl></"
							    "w:tc><w:tc>" P("5") P(
								"6") "</w:tc></w:tr></w:tbl>"
								     "<w:p><w:pPr><w:numPr><"
								     "w:ilvl "
								     "w:val='1'/></w:numPr></"
								     "w:pPr>" RUN(
									 "Punkt") "</w:p>"
										  "<Alternate"
										  "Content><"
										  "Choice>" P("einmal") "</Choice><Fallback>" P(
										      "zweima"
										      "l") "<"
											   "/"
											   "F"
											   "a"
											   "l"
											   "l"
											   "b"
											   "a"
											   "c"
											   "k"
											   ">"
											   "<"
											   "/"
											   "A"
											   "l"
											   "t"
											   "e"
											   "r"
											   "n"
											   "a"
											   "t"
											   "e"
											   "C"
											   "o"
											   "n"
											   "t"
											   "e"
											   "n"
											   "t"
											   ">"
											   "<"
											   "/"
											   "w"
											   ":"
											   "b"
											   "o"
											   "d"
											   "y"
											   ">"
											   "<"
											   "/"
											   "w"
											   ":"
											   "d"
											   "o"
											   "c"
											   "u"
											   "m"
											   "e"
											   "n"
											   "t"
											   ">";
	static const char core[] = "<c xmlns:dc='d'><dc:title>Preisliste</dc:title></c>";
	const struct part parts[] = {{"word/document.xml", slice_str(xml)},
	    {"word/styles.xml", slice_str(styles)}, {"docProps/core.xml", slice_str(core)}};

	make(parts, ARRAY_LEN(parts), NULL);
	docx_read(&out, buf_slice(&archive));
	assert_int_equal(out.reason, REASON_NONE);
	assert_string_equal(outcome_text(&out),
	    "H1 Preise\nP Ab 5 EUR/pro Tag\nH3 Tief\nB Tarif | Preis/innen | 5 6\nI   - "
	    "Punkt\nP einmal\n");
	assert_true(slice_eq_str(buf_slice(&out.title), "Preisliste"));
}

FIXTURE_TEST(a_document_that_is_not_well_formed_is_damaged)
{
	read_document("<w:document " W "><w:body>" P("text") "</w:body>");
	assert_int_equal(out.reason, REASON_DAMAGED);
}

FIXTURE_TEST(files_of_the_machine_are_not_read_as_entities)
{
	read_document("<!DOCTYPE w [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><w:document " W
		      ">" P("a&e;b") "</w:document>");
	assert_string_equal(
	    outcome_text(&out), out.reason == REASON_NONE ? "P ab\n" : outcome_text(&out));
	assert_null(strstr(outcome_text(&out), "root"));
}

FIXTURE_TEST(entities_do_not_multiply)
{
	read_document("<!DOCTYPE w [<!ENTITY a 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'>"
		      "<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
		      "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>"
		      "<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'>"
		      "<!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>"
		      "<!ENTITY f '&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;'>"
		      "]><w:document " W ">" P("&f;") "</w:document>");
	assert_true(buf_len(&out.writer.blocks) < 100000);
}

FIXTURE_TEST(an_archive_that_unpacks_to_too_much_is_damaged)
{
	size_t size = DOCX_PART_MAX + 1;
	uint8_t *spaces = malloc(size);
	struct part part = {"word/document.xml", {spaces, size}};

	assert_non_null(spaces);
	memset(spaces, ' ', size);
	make(&part, 1, NULL);
	free(spaces);
	assert_true(buf_len(&archive) < 100000);
	docx_read(&out, buf_slice(&archive));
	assert_int_equal(out.reason, REASON_DAMAGED);
}

FIXTURE_TEST(an_encrypted_file_is_reported)
{
	static const char compound[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more";
	const struct part part = {"word/document.xml", slice_str("<x/>")};

	make(&part, 1, "secret");
	docx_read(&out, buf_slice(&archive));
	assert_int_equal(out.reason, REASON_ENCRYPTED);
	out.reason = REASON_NONE;
	docx_read(&out, slice_str(compound));
	assert_int_equal(out.reason, REASON_ENCRYPTED);
}

FIXTURE_TEST(other_archives_and_other_bytes_are_damaged)
{
	const struct part part = {"word/other.xml", slice_str("<x/>")};

	make(&part, 1, NULL);
	docx_read(&out, buf_slice(&archive));
	assert_int_equal(out.reason, REASON_DAMAGED);
	out.reason = REASON_NONE;
	docx_read(&out, slice_str("PK\x03\x04 no archive"));
	assert_int_equal(out.reason, REASON_DAMAGED);
	out.reason = REASON_NONE;
	docx_read(&out, slice_str(""));
	assert_int_equal(out.reason, REASON_DAMAGED);
}

TEST_MAIN(NULL, NULL)
