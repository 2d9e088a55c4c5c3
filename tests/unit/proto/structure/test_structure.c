/*
 * What structures and answers are valid, and what they say in words.
 */
#include "proto/structure/answer_parts.h"
#include "tests/unit/unit.h"

#define TEXT(literal)                                           \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}

static void
add(struct buf *parts, const struct msg_structure_part *part)
{
	assert_int_equal(record_add(parts, MSG_STRUCTURE_PART, part), 0);
}

static void
add_button(struct buf *parts, const char *name)
{
	add(parts,
	    &(struct msg_structure_part){
		.kind = PART_BUTTON, .name = slice_str(name), .label = TEXT("A")});
}

/* Whether a single part is valid. */
static bool
is_good(struct msg_structure_part part)
{
	const char *member;
	struct buf parts;
	bool good;

	buf_init(&parts, STRUCTURE_PARTS_MAX);
	add(&parts, &part);
	good = structure_wrong(buf_slice(&parts)) == NULL;
	assert_int_equal(good, structure_part_wrong(&part, &member) == NULL);
	buf_clear(&parts);
	return good;
}

TEST(a_part_has_what_its_kind_needs)
{
	const struct msg_structure_part button = {
	    .kind = PART_BUTTON, .name = TEXT("a"), .label = TEXT("A")};
	const struct msg_structure_part card = {.kind = PART_CARD, .label = TEXT("A")};
	struct msg_structure_part part;

	assert_true(is_good(button));
	part = button;
	part.name = slice_str("A");
	assert_false(is_good(part));
	part.name = slice_str("");
	assert_false(is_good(part));
	part.name = slice_str("a23456789012345678901234");
	assert_true(is_good(part));
	part = button;
	part.label = slice_str(" A");
	assert_false(is_good(part));
	part.label = slice_str("A\nB");
	assert_false(is_good(part));
	part = button;
	part.required = 1;
	assert_false(is_good(part));
	part = card;
	part.url = slice_str("https://example.com/a.png");
	assert_true(is_good(part));
	part.url = slice_str("http://example.com/a.png");
	assert_false(is_good(part));
	part.url = slice_str("https://user@example.com/a.png");
	assert_false(is_good(part));
	part = card;
	part.name = slice_str("a");
	assert_false(is_good(part));
	part = button;
	part.kind = PART_CHOICE;
	part.text = slice_str("S\nM");
	assert_true(is_good(part));
	part.text = slice_str("S\nS");
	assert_false(is_good(part));
	part.text = slice_str("S");
	assert_false(is_good(part));
	part.text = slice_str("S\nM\n");
	assert_false(is_good(part));
}

TEST(an_address_is_of_the_web)
{
	static const char *const good[] = {
	    "https://example.com", "http://example.com:80/a?b#c", "https://example.com/a@b"};
	static const char *const bad[] = {"", "example.com", "javascript:alert(1)", "https://",
	    "https:///a", "https://a b", "https://u:p@example.com", "https://:80/",
	    "https://example.com/\"", "https://ex\xc3\xa4mple.com", "HTTPS://example.com"};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_null(structure_url_wrong(slice_str(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_non_null(structure_url_wrong(slice_str(bad[i])));
}

TEST(a_structure_has_so_many_parts_and_one_kind)
{
	static const char *const names[] = {"1", "2", "3", "4", "5", "6", "7"};
	const struct msg_structure_part card = {.kind = PART_CARD, .label = TEXT("A")};
	struct buf parts;

	buf_init(&parts, STRUCTURE_PARTS_MAX);
	assert_null(structure_wrong(buf_slice(&parts)));
	for (size_t i = 0; i < 6; i++)
		add_button(&parts, names[i]);
	assert_null(structure_wrong(buf_slice(&parts)));
	add_button(&parts, names[6]);
	assert_non_null(structure_wrong(buf_slice(&parts)));
	buf_reset(&parts);
	add_button(&parts, "a");
	add_button(&parts, "a");
	assert_non_null(structure_wrong(buf_slice(&parts)));
	buf_reset(&parts);
	add(&parts, &card);
	for (size_t i = 0; i < 3; i++)
		add_button(&parts, names[i]);
	add(&parts, &card);
	add_button(&parts, names[3]);
	assert_null(structure_wrong(buf_slice(&parts)));
	for (size_t i = 4; i < 7; i++)
		add_button(&parts, names[i]);
	assert_non_null(structure_wrong(buf_slice(&parts)));
	buf_reset(&parts);
	add_button(&parts, "a");
	add(&parts, &card);
	assert_non_null(structure_wrong(buf_slice(&parts)));
	buf_clear(&parts);
}

/* A form with one field of each kind. */
static void
make_form(struct buf *parts)
{
	for (uint8_t kind = PART_TEXT; kind <= PART_CONSENT; kind++)
		add(parts,
		    &(struct msg_structure_part){.kind = kind,
			.name = slice_str(part_kind_words[kind]),
			.label = TEXT("L"),
			.text = slice_str(kind == PART_CHOICE ? "S\nM" : ""),
			.version = slice_str(kind == PART_CONSENT ? "2" : "")});
}

static struct id
shown(void)
{
	return (struct id){.b = {7}};
}

static void
give(struct buf *given, const char *name, const char *value)
{
	assert_int_equal(
	    record_add(given, MSG_ANSWER_PART,
		&(struct msg_answer_part){
		    .message = shown(), .name = slice_str(name), .value = slice_str(value)}),
	    0);
}

/* The lines of what is wrong, or the words of the answer. */
static const char *
outcome(const char *name, const char *value, bool *good)
{
	static char said[512];
	struct buf parts, given, answer, text, wrong;

	buf_init(&parts, STRUCTURE_PARTS_MAX);
	buf_init(&given, STRUCTURE_PARTS_MAX);
	buf_init(&answer, 2 * STRUCTURE_PARTS_MAX);
	buf_init(&text, ANSWER_PARTS_TEXT_MAX);
	buf_init(&wrong, ANSWER_PARTS_WRONG_MAX);
	make_form(&parts);
	assert_null(structure_wrong(buf_slice(&parts)));
	give(&given, name, value);
	*good =
	    answer_parts_check(buf_slice(&parts), buf_slice(&given), &answer, &text, &wrong);
	assert_true(slice_copy_text(buf_slice(*good ? &text : &wrong), said, sizeof(said)));
	if (*good)
		assert_null(answer_parts_wrong(buf_slice(&answer)));
	buf_clear(&parts);
	buf_clear(&given);
	buf_clear(&answer);
	buf_clear(&text);
	buf_clear(&wrong);
	return said;
}

TEST(a_value_fits_its_field_or_not)
{
	static const struct {
		const char *name, *value, *said;
		bool good;
	} cases[] = {
	    {"text", " a\nb ", "L: a\nb", true},
	    {"text", "a\rb", "text=text\n", false},
	    {"text", "   ", "consent=required\n", false},
	    {"name", "a\nb", "name=text\n", false},
	    {"email", "a@example.com", "L: a@example.com", true},
	    {"email", "a@", "email=email\n", false},
	    {"phone", "+44 1", "L: +44 1", true},
	    {"phone", "call", "phone=phone\n", false},
	    {"number", "-12.5", "L: -12.5", true},
	    {"number", "1e3", "number=number\n", false},
	    {"number", ".5", "number=number\n", false},
	    {"number", "5.", "number=number\n", false},
	    {"date", "2000-02-29", "L: 2000-02-29", true},
	    {"date", "1900-02-29", "date=date\n", false},
	    {"date", "2026-13-01", "date=date\n", false},
	    {"date", "2026-1-01", "date=date\n", false},
	    {"choice", "M", "L: M", true},
	    {"choice", "m", "choice=choice\n", false},
	    {"choice", "S\nM", "choice=choice\n", false},
	    {"consent", "true", "\u2713 L", true},
	    {"consent", "yes", "consent=consent\n", false},
	    {"other", "a", "other=unknown\n", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool good;
		const char *said = outcome(cases[i].name, cases[i].value, &good);

		assert_int_equal(good, cases[i].good);
		assert_string_equal(said, cases[i].said);
	}
}

TEST(an_answer_to_buttons_is_one_of_them)
{
	struct buf parts, given, answer, text, wrong;
	struct msg_answer_part part;
	struct slice list, item;

	buf_init(&parts, STRUCTURE_PARTS_MAX);
	buf_init(&given, STRUCTURE_PARTS_MAX);
	buf_init(&answer, 2 * STRUCTURE_PARTS_MAX);
	buf_init(&text, ANSWER_PARTS_TEXT_MAX);
	buf_init(&wrong, ANSWER_PARTS_WRONG_MAX);
	add_button(&parts, "a");
	add(&parts,
	    &(struct msg_structure_part){
		.kind = PART_LINK, .label = TEXT("B"), .url = TEXT("https://b.example")});
	give(&given, "a", "");
	assert_true(
	    answer_parts_check(buf_slice(&parts), buf_slice(&given), &answer, &text, &wrong));
	assert_true(slice_eq_str(buf_slice(&text), "A"));
	list = buf_slice(&answer);
	assert_true(wire_list_next(&list, &item));
	assert_int_equal(record_decode(item, MSG_ANSWER_PART, &part), WIRE_OK);
	assert_true(slice_eq_str(part.label, "A"));
	assert_false(wire_list_next(&list, &item));
	buf_reset(&given);
	give(&given, "", "");
	assert_false(
	    answer_parts_check(buf_slice(&parts), buf_slice(&given), &answer, &text, &wrong));
	buf_clear(&parts);
	buf_clear(&given);
	buf_clear(&answer);
	buf_clear(&text);
	buf_clear(&wrong);
}

TEST_MAIN(NULL, NULL)
