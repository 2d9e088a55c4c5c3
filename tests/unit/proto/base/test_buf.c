/*
 * The bounded byte queue: compared with a simple model under random use, and at its limits.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include "proto/base/buf.h"
#include "tests/unit/unit.h"

#define MODEL_MAX 5000

/* The simplest implementation of the same queue. */
struct model {
	uint8_t bytes[MODEL_MAX];
	size_t len;
};

/* xorshift: the same sequence in every run. */
static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Expects that the bytes were appended if they fit. */
static void
expect_appended(struct buf *b, struct model *m, const void *bytes, size_t n, int result)
{
	if (n > b->max - m->len) {
		assert_int_equal(result, -1);
		assert_int_equal(errno, ENOBUFS);
		return;
	}
	assert_int_equal(result, 0);
	memcpy(m->bytes + m->len, bytes, n);
	m->len += n;
}

static void
append_some(struct buf *b, struct model *m, uint32_t *state)
{
	uint8_t piece[1500];
	size_t n = next_random(state) % sizeof(piece);

	for (size_t i = 0; i < n; i++)
		piece[i] = (uint8_t)next_random(state);
	expect_appended(b, m, piece, n, buf_append(b, piece, n));
}

static void
print_some(struct buf *b, struct model *m, uint32_t *state)
{
	int width = (int)(next_random(state) % 900) + 1;
	char text[1000];

	snprintf(text, sizeof(text), "%*d", width, 7);
	expect_appended(b, m, text, (size_t)width, buf_printf(b, "%*d", width, 7));
}

static void
consume_some(struct buf *b, struct model *m, uint32_t *state)
{
	size_t n = next_random(state) % (m->len + 1);

	buf_consume(b, n);
	memmove(m->bytes, m->bytes + n, m->len - n);
	m->len -= n;
}

TEST(random_use_equals_the_model)
{
	static const size_t maxima[] = {0, 1, 255, 256, 257, 1000, MODEL_MAX};
	uint32_t seed = 2463534242;

	for (size_t k = 0; k < ARRAY_LEN(maxima); k++) {
		static struct model m;
		struct buf b;

		m.len = 0;
		buf_init(&b, maxima[k]);
		for (int step = 0; step < 20000; step++) {
			switch (next_random(&seed) % 8) {
			case 0:
			case 1:
			case 2:
				append_some(&b, &m, &seed);
				break;
			case 3:
				print_some(&b, &m, &seed);
				break;
			case 4:
				buf_release(&b);
				break;
			default:
				consume_some(&b, &m, &seed);
			}
			assert_int_equal(buf_len(&b), m.len);
			assert_int_equal(buf_room(&b), maxima[k] - m.len);
			assert_memory_equal(buf_data(&b), m.bytes, m.len);
			assert_true(b.cap <= maxima[k] + maxima[k] / 4 + 256);
			errno = 0;
		}
		buf_clear(&b);
	}
}

TEST(an_append_is_whole_or_not_at_all)
{
	struct buf b;

	buf_init(&b, 5);
	assert_int_equal(buf_append_str(&b, "abc"), 0);
	assert_int_equal(buf_append_str(&b, "def"), -1);
	assert_int_equal(buf_printf(&b, "%s", "def"), -1);
	assert_true(slice_eq_str(buf_slice(&b), "abc"));
	assert_int_equal(buf_printf(&b, "%d", 42), 0);
	assert_true(slice_eq_str(buf_slice(&b), "abc42"));
	assert_int_equal(buf_append(&b, NULL, 0), 0);
	errno = 0;
	assert_null(buf_reserve(&b, 1));
	assert_int_equal(errno, ENOBUFS);
	buf_clear(&b);
}

TEST(numbers_are_appended_in_decimal)
{
	struct buf b;

	buf_init(&b, 20);
	assert_int_equal(buf_append_number(&b, 0), 0);
	assert_int_equal(buf_append_number(&b, 10), 0);
	assert_int_equal(buf_append_number(&b, UINT64_MAX), -1);
	assert_true(slice_eq_str(buf_slice(&b), "010"));
	buf_reset(&b);
	assert_int_equal(buf_append_number(&b, UINT64_MAX), 0);
	assert_true(slice_eq_str(buf_slice(&b), "18446744073709551615"));
	buf_clear(&b);
}

TEST(a_reserved_place_takes_what_is_committed)
{
	struct buf b;
	uint8_t *p;

	buf_init(&b, 1000);
	p = buf_reserve(&b, 0);
	assert_non_null(p);
	p = buf_reserve(&b, 1000);
	assert_non_null(p);
	memset(p, 'x', 1000);
	buf_commit(&b, 3);
	assert_true(slice_eq_str(buf_slice(&b), "xxx"));
	assert_null(buf_reserve(&b, 998));
	assert_non_null(buf_reserve(&b, 997));
	buf_clear(&b);
}

TEST(only_release_and_clear_free_the_memory)
{
	struct buf b;

	buf_init(&b, 100);
	assert_null(b.mem);
	assert_non_null(buf_data(&b));
	assert_int_equal(buf_append_str(&b, "request"), 0);
	buf_release(&b);
	assert_true(slice_eq_str(buf_slice(&b), "request"));
	buf_consume(&b, 7);
	assert_non_null(b.mem);
	buf_release(&b);
	assert_null(b.mem);
	assert_int_equal(buf_room(&b), 100);
	assert_int_equal(buf_append_str(&b, "abc"), 0);
	buf_reset(&b);
	assert_int_equal(buf_len(&b), 0);
	assert_non_null(b.mem);
	buf_clear(&b);
	buf_clear(&b);
	assert_null(b.mem);
	assert_int_equal(b.max, 100);
}

/* One byte in, one byte out, nearly full: if every append moved all bytes, this would copy 64 GiB.
 * A move shows as a smaller start. */
TEST(a_nearly_full_queue_rarely_moves_its_bytes)
{
	const size_t max = 65536, bytes = 16 * max;
	size_t moves = 0;
	struct buf b;
	uint8_t *p;

	buf_init(&b, max);
	p = buf_reserve(&b, max);
	assert_non_null(p);
	memset(p, 'x', max);
	buf_commit(&b, max);
	for (size_t i = 0; i < bytes; i++) {
		size_t before;

		buf_consume(&b, 1);
		before = b.start;
		assert_int_equal(buf_append(&b, "y", 1), 0);
		moves += b.start < before;
	}
	assert_true(moves > 0);
	assert_true(moves * max <= 4 * bytes + 2 * max);
	buf_clear(&b);
}

/* Little memory is wasted, by a few reallocations per doubling. */
TEST(memory_grows_with_the_length_not_with_the_throughput)
{
	struct buf b;
	size_t moves = 0;

	buf_init(&b, 1 << 20);
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(buf_append_str(&b, "nineteen bytes long"), 0);
		buf_consume(&b, strlen("nineteen bytes long") - (i == 0));
	}
	assert_int_equal(buf_len(&b), 1);
	assert_true(b.cap <= 256);
	for (size_t cap = 0; buf_len(&b) < 60000;) {
		assert_int_equal(buf_append_str(&b, "token "), 0);
		if (b.cap == cap)
			continue;
		cap = b.cap;
		moves++;
		assert_true(cap <= 512 || cap <= buf_len(&b) + buf_len(&b) / 4 + 512);
	}
	assert_in_range(moves, 10, 30);
	buf_clear(&b);
}

TEST(out_of_memory_is_an_error_and_changes_nothing)
{
	int status;
	pid_t pid;

#if defined(__SANITIZE_ADDRESS__)
	SKIP("a sanitizer's allocator needs its address space, and aborts itself");
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	SKIP("a sanitizer's allocator needs its address space, and aborts itself");
#endif
#endif
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		struct rlimit limit = {.rlim_cur = 1 << 28, .rlim_max = 1 << 28};
		struct buf b;

		buf_init(&b, BUF_MAX);
		if (setrlimit(RLIMIT_AS, &limit) == -1 || buf_append_str(&b, "abc") == -1)
			_exit(1);
		errno = 0;
		if (buf_reserve(&b, (size_t)1 << 30) != NULL || errno != ENOMEM)
			_exit(2);
		_exit(slice_eq_str(buf_slice(&b), "abc") ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

TEST(slices_compare_by_length_and_content)
{
	const struct slice none = {NULL, 0}, zero = {(const uint8_t *)"a\0b", 3};

	assert_true(slice_eq_str(none, ""));
	assert_true(slice_eq(none, slice_str("")));
	assert_true(slice_eq_str(slice_str("host"), "host"));
	assert_false(slice_eq_str(slice_str("host"), "hos"));
	assert_false(slice_eq_str(slice_str("hos"), "host"));
	assert_false(slice_eq_str(zero, "a"));
	assert_true(slice_eq(zero, (struct slice){(const uint8_t *)"a\0b", 3}));
}

TEST(a_slice_is_copied_whole_or_not_at_all)
{
	const struct slice nul = {(const uint8_t *)"a\0b", 3}, none = {NULL, 0};
	char out[4] = "xyz";

	assert_false(slice_copy(slice_str("abcde"), out, sizeof(out)));
	assert_false(
	    slice_copy_text(slice_str("abcd"), out, sizeof(out))); /* the NUL does not fit */
	assert_false(slice_copy_text(nul, out, sizeof(out)));
	assert_false(slice_copy_text(none, out, 0));
	assert_string_equal(out, "xyz");
	assert_true(slice_copy(none, out, 0));
	assert_true(slice_copy(slice_str("abcd"), out, sizeof(out)));
	assert_memory_equal(out, "abcd", 4);
	assert_true(slice_copy_text(slice_str("abc"), out, sizeof(out)));
	assert_string_equal(out, "abc");
	assert_true(slice_copy_text(none, out, 1));
	assert_string_equal(out, "");
}

TEST(a_copy_on_the_heap_ends_with_a_nul)
{
	const struct slice none = {NULL, 0};
	char *text = slice_strdup((struct slice){(const uint8_t *)"abcd", 3}),
	     *empty = slice_strdup(none);

	assert_string_equal(text, "abc");
	assert_string_equal(empty, "");
	free(text);
	free(empty);
}

TEST_MAIN(NULL, NULL)
