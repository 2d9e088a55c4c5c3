/*
 * Group commit in a full store; batch.scenario has the rest.
 */
#include <sched.h>
#include <sys/mount.h>

#include "tests/unit/storaged/store_fixture.h"

#define SMALL_BYTES (1024u * 1024)

STORE_TEST(answers_of_batches_before_are_not_touched)
{
	struct msg_turn_begin good = begin_of("s1", "one"), bad = begin_of("s2", "two");
	uint64_t r[2];

	bad.org = make_org(f);
	damage(f, TABLE_TOTALS, &bad.org);
	r[0] = send_request(f, &f->a, MSG_TURN_BEGIN, &good);
	commit(f);
	/* The first batch's answer is still unsent when the second batch withdraws its own. */
	r[1] = send_request(f, &f->a, MSG_TURN_BEGIN, &bad);
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_TURN_BEGUN, NULL);
	expect_error(f, &f->a, r[1], STORE_INTERNAL);
}

/* Always the same request, so that a second one is a repeat. */
static struct msg_login_create
login_number(uint64_t n)
{
	struct id id = {.b = {1}};
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	memcpy(id.b + 8, &n, sizeof(n));
	return (struct msg_login_create){
	    .org = id_default_org,
	    .id = id,
	    .token = secret_hash(slice_str(text)),
	    .expires_at = clock_wall_ms() + 3600 * 1000,
	};
}

/* Writes until the store is full: logins, as something that can be deleted, in batches. Returns
 * how many are there. */
static uint64_t
fill_with_logins(struct fixture *f)
{
	for (uint64_t n = 0;;) {
		uint64_t first = f->requests + 1;
		uint64_t stored = n;
		bool full = false;

		for (int i = 0; i < 200; i++) {
			struct msg_login_create login = login_number(n + (uint64_t)i);

			send_request(f, &f->a, MSG_LOGIN_CREATE, &login);
			if (!batch_is_open(&f->batch))
				break;
		}
		commit(f);
		for (uint64_t r = first; r <= f->requests; r++) {
			union msg m;

			if (take_answer(f, &f->a, r, &m) == MSG_OK) {
				stored++;
				continue;
			}
			assert_int_equal(m.error.code, STORE_FULL);
			full = true;
		}
		/* A batch is stored completely or not at all. */
		assert_true(stored == n || (!full && stored == n + 200));
		n = stored;
		if (full)
			return n;
		assert_true(n < 1000000);
	}
}

static void
delete_login(struct fixture *f, uint64_t n)
{
	struct msg_login_delete m = {.token = login_number(n).token};

	ask(f, MSG_LOGIN_DELETE, &m, MSG_OK, NULL);
}

STORE_TEST(deletions_fit_even_when_not_a_page_is_left)
{
	struct msg_login_create more;
	uint64_t logins, created, request;
	union msg m;

	store_restart(f, SMALL_BYTES);
	created = logins = fill_with_logins(f);
	/* One per batch, until not even one fits. */
	do {
		more = login_number(created++);
		request = send_request(f, &f->a, MSG_LOGIN_CREATE, &more);
		commit(f);
	} while (take_answer(f, &f->a, request, &m) == MSG_OK);
	assert_int_equal(m.error.code, STORE_FULL);
	for (uint64_t n = 0; n < logins; n++)
		delete_login(f, n);
	/* Small requests use little of the reserve. */
	assert_true((store_info(f).me_last_pgno + 1) * PAGE_SIZE <= 2 * SMALL_BYTES);
}

STORE_TEST(nothing_acknowledged_is_lost_and_nothing_refused_is_there)
{
	struct msg_login_create login;
	uint64_t logins;

	store_restart(f, SMALL_BYTES);
	logins = fill_with_logins(f);
	login = login_number(logins);
	store_restart(f, SMALL_BYTES);
	assert_int_equal(table_count(f, TABLE_LOGINS), logins);
	for (uint64_t n = 0; n < logins + 200; n += 97) {
		struct msg_login_check check = {.token = login_number(n).token};

		if (n < logins)
			ask(f, MSG_LOGIN_CHECK, &check, MSG_LOGIN, NULL);
		else
			ask_error(f, MSG_LOGIN_CHECK, &check, STORE_NOT_FOUND);
	}
	/* A larger STORE_MAX_BYTES is space, too. */
	store_restart(f, 2 * SMALL_BYTES);
	ask(f, MSG_LOGIN_CREATE, &login, MSG_OK, NULL);
}

/* A file system of so many bytes over dir, which nobody else sees and which goes with this
 * process; false where we may not have one. */
static bool
mount_small_disk(const char *dir, const char *size)
{
	return unshare(CLONE_NEWNS) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("none", dir, "tmpfs", 0, size) == 0;
}

STORE_TEST(a_full_disk_is_a_full_store_and_recovers)
{
	uint64_t logins, r[200];

	if (!mount_small_disk(f->dir, "size=3m"))
		skip();
	store_restart(f, STORE_BYTES);
	/* Fails the test if a request is refused otherwise than with STORE_FULL. */
	logins = fill_with_logins(f);
	assert_true(logins > 1000);
	assert_false(f->env.writable);
	delete_login(f, 1);
	assert_int_equal(table_count(f, TABLE_LOGINS), logins - 1);

	/* A refused request succeeds when there is space. */
	assert_int_equal(mount(NULL, f->dir, NULL, MS_REMOUNT, "size=32m"), 0);
	env_probe(&f->env);
	assert_true(f->env.writable);
	for (uint64_t i = 0; i < ARRAY_LEN(r); i++) {
		struct msg_login_create login = login_number(logins + i);

		r[i] = send_request(f, &f->a, MSG_LOGIN_CREATE, &login);
	}
	commit(f);
	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		expect_answer(f, &f->a, r[i], MSG_OK, NULL);

	store_close(f);
	assert_int_equal(umount(f->dir), 0);
	store_open(f, STORE_BYTES);
}

TEST_MAIN(NULL, NULL)
