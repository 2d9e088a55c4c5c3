/*
 * Log lines: their exact form, that nothing can forge or overflow one, and that each is one write.
 * Standard error is a seqpacket socket while a line is captured: one write is one record.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "proto/base/log.h"
#include "proto/base/utf8.h"
#include "tests/unit/unit.h"

#define LINE_MAX_BYTES 2048

static int catcher[2] = {-1, -1};
static int real_stderr = -1;

static void
catch_begin(void)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, catcher), 0);
	real_stderr = dup(STDERR_FILENO);
	assert_true(real_stderr != -1);
	assert_int_equal(dup2(catcher[1], STDERR_FILENO), STDERR_FILENO);
}

/* The one captured record as text; "" if there is none. Fails if there are several. */
static const char *
catch_end(void)
{
	static char line[8192];
	ssize_t n, more;
	char rest[16];

	assert_int_equal(dup2(real_stderr, STDERR_FILENO), STDERR_FILENO);
	n = recv(catcher[0], line, sizeof(line) - 1, MSG_DONTWAIT);
	more = recv(catcher[0], rest, sizeof(rest), MSG_DONTWAIT);
	closefd(&catcher[0]);
	closefd(&catcher[1]);
	closefd(&real_stderr);
	assert_int_equal(more, -1);
	line[n > 0 ? n : 0] = '\0';
	return line;
}

/* The line of a call of log_event(). */
#define LOGGED(...) (catch_begin(), log_event(__VA_ARGS__), catch_end())

static const char *
line_with(struct log_field field)
{
	return LOGGED(LOG_INFO, "x", field);
}

/* Must run before the tests that call log_open(). */
TEST(the_level_before_log_open_is_info)
{
	assert_string_equal(LOGGED(LOG_INFO, "start"), "<6>ev=start\n");
	assert_string_equal(LOGGED(LOG_DEBUG, "start"), "");
}

TEST(lines_above_the_level_are_dropped)
{
	static const enum log_level levels[] = {
	    LOG_ERROR, LOG_WARN, LOG_NOTICE, LOG_INFO, LOG_DEBUG};

	for (size_t max = 0; max < ARRAY_LEN(levels); max++)
		for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
			char expected[] = "<0>ev=x\n";

			expected[1] = (char)('0' + levels[i]);
			log_open("test", levels[max]);
			assert_string_equal(LOGGED(levels[i], "x"), i <= max ? expected : "");
		}
	log_open("test", LOG_DEBUG);
}

TEST(each_kind_of_field_has_its_form)
{
	static const struct id id = {{0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3, 0x98,
	    0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f}};

	assert_string_equal(
	    LOGGED(LOG_WARN, "turn_done", L_STR("model", "small"), L_STR("none", NULL),
		L_SLICE("part", ((struct slice){(const uint8_t *)"abcdef", 3})),
		L_UINT("max", UINT64_MAX), L_UINT("zero", 0), L_INT("min", INT64_MIN),
		L_INT("pid", -1), L_ID("turn", &id)),
	    "<4>ev=turn_done model=small part=abc max=18446744073709551615 zero=0 "
	    "min=-9223372036854775808 pid=-1 turn=017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n");
}

TEST(values_are_quoted_and_escaped_when_they_need_it)
{
	static const struct {
		const char *value, *written;
	} cases[] = {
	    {"plain-value_1/2:3", "plain-value_1/2:3"},
	    {"", "\"\""},
	    {" ", "\" \""},
	    {"two words", "\"two words\""},
	    {"a=b", "\"a=b\""},
	    {"say \"hi\"", "\"say \\\"hi\\\"\""},
	    {"\"", "\"\\\"\""},
	    {"back\\slash", "back\\slash"},
	    {"back\\ slash", "\"back\\\\ slash\""},
	    {"a\nev=forged", "\"a\\nev=forged\""},
	    {"\r\n\t", "\"\\r\\n\\t\""},
	    {"\x01\x1b[31m\x7f", "\"\\x01\\x1b[31m\\x7f\""},
	    {"caf\xc3\xa9", "caf\xc3\xa9"},
	    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	    {"gr\xc3\xbc\xc3\x9f dich", "\"gr\xc3\xbc\xc3\x9f dich\""},
	    {"bad\xff", "\"bad\\xff\""},
	    {"cut\xc3", "\"cut\\xc3\""},
	    {"\xed\xa0\x80", "\"\\xed\\xa0\\x80\""},
	    {"\xc2\x85", "\"\\xc2\\x85\""}, /* U+0085, next line */
	    {"\xc2\x9b", "\"\\xc2\\x9b\""}, /* U+009B, a terminal's control sequence */
	    {"\xc2\xa0", "\xc2\xa0"},       /* U+00A0 is no control */
	    {"\xe2\x80\xa8", "\"\\xe2\\x80\\xa8\""},
	    {"\xe2\x80\xa9", "\"\\xe2\\x80\\xa9\""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char expected[256];

		snprintf(expected, sizeof(expected), "<6>ev=x k=%s\n", cases[i].written);
		assert_string_equal(line_with(L_STR("k", cases[i].value)), expected);
	}
	assert_string_equal(
	    line_with(L_SLICE("k", ((struct slice){NULL, 0}))), "<6>ev=x k=\"\"\n");
	assert_string_equal(
	    line_with(L_SLICE("k", ((struct slice){(const uint8_t *)"a\0b", 3}))),
	    "<6>ev=x k=\"a\\x00b\"\n");
}

/* Every byte value at every position: the line ends once, with its last byte. */
TEST(no_value_can_forge_a_line)
{
	for (unsigned i = 0; i < 0x10000; i++) {
		uint8_t value[] = {(uint8_t)(i >> 8), (uint8_t)i};
		const char *line;
		struct slice text;

		/* Two printable characters add little; skip most of these pairs. */
		if (i >> 8 > 'a' && i >> 8 < 0x7f)
			continue;
		line = line_with(L_SLICE("k", ((struct slice){value, 2})));
		text = slice_str(line);
		assert_true(utf8_valid(text));
		for (size_t k = 0; k + 1 < text.len; k++)
			assert_true(text.p[k] >= 0x20 && text.p[k] != 0x7f);
		assert_int_equal(text.p[text.len - 1], '\n');
	}
}

static bool
ends_with(const char *line, const char *end)
{
	size_t n = strlen(line), m = strlen(end);

	return n >= m && strcmp(line + n - m, end) == 0;
}

/* A field of n pieces after some letters: the line is complete if it fits; else it is cut between
 * two pieces, where there is room for less than one more. */
static void
check_length(const char *piece, const char *written, size_t shift, size_t n)
{
	static const char cut[] = "\xe2\x80\xa6\n";
	const char *quote = written[0] == '\\' ? "\"" : "", *line;
	struct buf value, whole;
	size_t kept, head = strlen("<6>ev=x k=") + strlen(quote) + shift;

	buf_init(&value, 8192);
	buf_init(&whole, 8192);
	assert_int_equal(buf_printf(&value, "%.*s", (int)shift, "bbbbbbbb"), 0);
	assert_int_equal(
	    buf_printf(&whole, "<6>ev=x k=%s%.*s", quote, (int)shift, "bbbbbbbb"), 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(buf_append_str(&value, piece), 0);
		assert_int_equal(buf_append_str(&whole, written), 0);
	}
	assert_int_equal(buf_printf(&whole, "%s\n", quote), 0);
	line = line_with(L_SLICE("k", buf_slice(&value)));
	if (!ends_with(line, cut)) {
		assert_true(slice_eq_str(buf_slice(&whole), line));
		assert_true(strlen(line) <= LINE_MAX_BYTES);
	} else {
		assert_true(buf_len(&whole) > LINE_MAX_BYTES - 8);
		kept = strlen(line) - strlen(cut);
		assert_memory_equal(line, buf_data(&whole), kept);
		assert_int_equal((kept - head) % strlen(written), 0);
		assert_true(strlen(line) <= LINE_MAX_BYTES);
		assert_true(strlen(line) + strlen(written) > LINE_MAX_BYTES);
	}
	buf_clear(&value);
	buf_clear(&whole);
}

TEST(a_line_is_complete_or_cut_between_characters)
{
	static const struct {
		const char *piece, *written;
	} cases[] = {
	    {"a", "a"},
	    {"\xc3\xa4", "\xc3\xa4"},
	    {"\xe2\x82\xac", "\xe2\x82\xac"},
	    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	    {"\"", "\\\""},
	    {"\x01", "\\x01"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t size = strlen(cases[i].written);

		for (size_t shift = 0; shift < 8; shift++) {
			for (size_t n = 2000 / size; n < 2060 / size; n++)
				check_length(cases[i].piece, cases[i].written, shift, n);
			check_length(cases[i].piece, cases[i].written, shift, 4000 / size);
		}
	}
}

/* A short field after the cut must not be appended. */
TEST(nothing_follows_a_cut)
{
	static uint8_t value[3000];
	const struct slice blanks = {value, sizeof(value)};

	memset(value, ' ', sizeof(value));
	assert_true(ends_with(
	    LOGGED(LOG_INFO, "x", L_SLICE("k", blanks), L_UINT("n", 1)), "  \xe2\x80\xa6\n"));
}

TEST(errno_is_kept_and_can_be_logged)
{
	catch_begin();
	errno = ENOENT;
	log_event(LOG_INFO, "x", L_ERRNO());
	assert_int_equal(errno, ENOENT);
	assert_string_equal(catch_end(), "<6>ev=x error=\"No such file or directory\"\n");

	/* Also if the write fails. */
	catch_begin();
	assert_int_equal(close(STDERR_FILENO), 0);
	errno = ENOENT;
	log_event(LOG_INFO, "x");
	assert_int_equal(errno, ENOENT);
	assert_string_equal(catch_end(), "");
}

TEST(on_a_terminal_a_line_starts_with_time_name_and_level)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int saved = dup(STDERR_FILENO), terminal;
	char line[256] = "";
	ssize_t n;

	assert_true(master != -1 && saved != -1);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(terminal != -1);
	assert_int_equal(dup2(terminal, STDERR_FILENO), STDERR_FILENO);
	log_open("worker 3", LOG_INFO);
	log_event(LOG_WARN, "slow", L_UINT("ms", 12));
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	log_open("test", LOG_DEBUG);
	n = read(master, line, sizeof(line) - 1);
	closefd(&saved);
	closefd(&terminal);
	closefd(&master);

	assert_true(n > 13);
	for (size_t i = 0; i < 12; i++)
		line[i] = line[i] >= '0' && line[i] <= '9' ? '0' : line[i];
	assert_string_equal(line, "00:00:00.000 worker 3 warn ev=slow ms=12\r\n");
}

/* Runs fn in a child process that must die of SIGABRT; returns what it wrote to standard error. */
static const char *
death_line(void (*fn)(void))
{
	const char *line;
	int status;
	pid_t pid;

	catch_begin();
	pid = fork();
	if (pid == 0) {
		struct rlimit no_core = {0, 0};

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		errno = 0;
		fn();
		_exit(0);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		status = 0;
	line = catch_end();
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	return line;
}

static void
break_an_invariant(void)
{
	must(1 + 1 == 3);
}

static void
reach_the_unreachable(void)
{
	never("state 7");
}

static void
close_twice(void)
{
	int fd = dup(STDIN_FILENO), again = fd;

	closefd(&fd);
	closefd(&again);
}

static void
ask_for_too_much(void)
{
	free(xcalloc(SIZE_MAX / 2, 4));
}

TEST(a_failed_must_is_logged_and_aborts)
{
	const char *line;

	line = death_line(break_an_invariant);
	assert_non_null(strstr(line, "<3>ev=invariant cond=\"1 + 1 == 3\" file="));
	assert_non_null(strstr(line, "test_log.c line="));
	assert_null(strstr(line, "error="));
	assert_non_null(strstr(death_line(reach_the_unreachable), "cond=\"state 7\""));
	line = death_line(close_twice);
	assert_non_null(strstr(line, "<3>ev=invariant "));
	assert_non_null(strstr(line, "error=\"Bad file descriptor\""));
}

TEST(out_of_memory_is_logged_and_aborts)
{
#if defined(__SANITIZE_ADDRESS__)
	SKIP("a sanitizer's calloc() reports and aborts itself");
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	SKIP("a sanitizer's calloc() reports and aborts itself");
#endif
#endif
	assert_non_null(strstr(death_line(ask_for_too_much), "cond=\"out of memory\""));
}

TEST(a_missing_reader_does_not_block)
{
	static char sink[1 << 20];
	int ends[2], kept = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	/* Far more than a pipe holds: blocking writes would never return. */
	for (int i = 0; i < 20000; i++)
		log_event(LOG_INFO, "x");
	n = read(ends[0], sink, sizeof(sink));
	log_event(LOG_INFO, "y");
	assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
	assert_true(n > 0);
	n = read(ends[0], sink, sizeof(sink) - 1);
	assert_true(n > 0);
	sink[n] = '\0';
	assert_non_null(strstr(sink, "ev=log_lines_lost lines="));
	assert_non_null(strstr(sink, "<6>ev=y\n"));
	close(ends[0]);
	close(ends[1]);
	close(kept);
}

TEST_MAIN(NULL, NULL)
