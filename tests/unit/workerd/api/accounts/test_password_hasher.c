/*
 * The password hasher: answers reach the loop, the queue is fair and bounded, and jobs can be cancelled in
 * any state.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/api/accounts/password_hasher.h"

/* The hash of "right" with a salt of zeros and N = 16, which takes almost no time. */
static const char quick[] = "$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
			    "9mIVdgaFsL3G0sjvcAoMf8uuCLzg8EYOrC++n/vlc5s";

static struct event_base *base;
static struct password_hasher *hasher;
static unsigned answered; /* jobs */

struct asker {
	unsigned calls, order;
	enum password_verdict verdict;
	char text[PASSWORD_TEXT_SIZE];
};

static void
on_done(void *arg, enum password_verdict verdict, const char *text)
{
	struct asker *a = arg;

	a->calls++;
	a->order = answered++;
	a->verdict = verdict;
	if (text != NULL)
		memcpy(a->text, text, strlen(text) + 1);
}

FIXTURE(set_up)
{
	answered = 0;
	base = event_base_new();
	hasher = password_hasher_new(base);
}

FIXTURE(tear_down)
{
	password_hasher_free(hasher);
	event_base_free(base);
}

static struct password_hasher_job *
verify_of(bool known, uint32_t attempts, const char *text, struct asker *a)
{
	return password_hasher_verify(hasher, slice_str("right"), slice_str(text),
	    (struct password_owner){known, attempts}, on_done, a);
}

/* Each after the one before. */
static struct password_hasher_job *
verify(const char *password, const char *text, struct asker *a)
{
	static uint32_t attempts;

	return password_hasher_verify(hasher, slice_str(password), slice_str(text),
	    (struct password_owner){false, attempts++}, on_done, a);
}

/* A hash with the parameters of production: slow. */
static struct password_hasher_job *
hash(struct asker *a)
{
	return password_hasher_hash(hasher, slice_str("correct horse"), on_done, a);
}

static void
run_until(unsigned answers)
{
	while (answered < answers)
		event_base_loop(base, EVLOOP_ONCE);
}

#define PASSWORD_HASHER_TEST(name) TEST_WITH(name, set_up, tear_down)

PASSWORD_HASHER_TEST(verdicts_arrive_in_order)
{
	struct asker right = {0}, wrong = {0}, broken = {0};

	assert_non_null(verify("right", quick, &right));
	assert_non_null(verify("wrong", quick, &wrong));
	assert_non_null(verify("right", "no hash", &broken));
	run_until(3);
	assert_int_equal(right.verdict, PASSWORD_CORRECT);
	assert_int_equal(wrong.verdict, PASSWORD_WRONG);
	assert_int_equal(broken.verdict, PASSWORD_ERROR);
	assert_int_equal(right.order + 1, wrong.order);
	assert_int_equal(wrong.order + 1, broken.order);
	assert_int_equal(right.calls, 1);
}

PASSWORD_HASHER_TEST(a_new_hash_matches_its_password_and_does_not_block_the_loop)
{
	struct asker made = {0}, again = {0};

	assert_non_null(hash(&made));
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(made.calls, 0);
	run_until(1);
	assert_non_null(verify("correct horse", made.text, &again));
	run_until(2);
	assert_int_equal(again.verdict, PASSWORD_CORRECT);
}

PASSWORD_HASHER_TEST(a_full_queue_refuses_and_empties)
{
	struct asker askers[PASSWORD_HASHER_JOBS_MAX + 1] = {0};
	struct asker *last = &askers[PASSWORD_HASHER_JOBS_MAX];

	for (size_t i = 0; i < PASSWORD_HASHER_JOBS_MAX; i++)
		assert_non_null(verify("right", quick, &askers[i]));
	assert_null(verify("right", quick, last));
	assert_true(password_hasher_retry_after(hasher) >= 1);
	run_until(PASSWORD_HASHER_JOBS_MAX);
	assert_non_null(verify("right", quick, last));
	run_until(PASSWORD_HASHER_JOBS_MAX + 1);
	for (size_t i = 0; i < ARRAY_LEN(askers); i++)
		assert_int_equal(askers[i].calls, 1);
}

/* All but one are slow, so that the last one still waits. */
PASSWORD_HASHER_TEST(a_full_part_drops_its_last_job_for_one_with_fewer_attempts)
{
	struct password_hasher_job *jobs[PASSWORD_HASHER_JOBS_MAX];
	struct asker askers[PASSWORD_HASHER_JOBS_MAX] = {0}, late = {0}, known = {0};
	const size_t last = PASSWORD_HASHER_JOBS_MAX - 1;

	for (uint32_t i = 0; i <= last; i++)
		jobs[i] = verify_of(false, 1 + i, password_dummy_hash, &askers[i]);
	assert_null(verify_of(false, PASSWORD_HASHER_JOBS_MAX + 1, quick, &late));
	assert_non_null(verify_of(true, 100, quick, &known));
	assert_non_null(verify_of(false, 0, quick, &late));
	while (askers[last].calls == 0)
		event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(askers[last].verdict, PASSWORD_UNCHECKED);
	for (size_t i = 1; i < last; i++)
		password_hasher_forget(jobs[i]);
	run_until(4);
	assert_int_equal(late.verdict, PASSWORD_CORRECT);
	assert_int_equal(known.verdict, PASSWORD_CORRECT);
	assert_int_equal(askers[0].verdict, PASSWORD_WRONG);
}

PASSWORD_HASHER_TEST(new_passwords_leave_room_for_logins)
{
	struct asker fresh[PASSWORD_HASHER_JOBS_MAX] = {0}, other = {0}, login[2] = {0};
	struct password_hasher_job *jobs[PASSWORD_HASHER_JOBS_MAX];

	for (size_t i = 0; i < PASSWORD_HASHER_JOBS_MAX; i++) {
		jobs[i] = hash(&fresh[i]);
		assert_non_null(jobs[i]);
	}
	assert_null(hash(&other));
	assert_non_null(verify("right", quick, &login[0]));
	/* Cancelled jobs that have not started free their places. */
	for (size_t i = 1; i < PASSWORD_HASHER_JOBS_MAX; i++)
		password_hasher_forget(jobs[i]);
	run_until(2);
	assert_int_equal(fresh[0].calls, 1);
	assert_int_equal(login[0].verdict, PASSWORD_CORRECT);
	assert_non_null(hash(&other));
	assert_non_null(verify("right", quick, &login[1]));
	run_until(4);
	assert_int_equal(other.calls, 1);
}

/* Some wait, one runs, some are done; which is unknown. */
PASSWORD_HASHER_TEST(a_cancelled_job_has_no_callback)
{
	struct password_hasher_job *jobs[PASSWORD_HASHER_JOBS_MAX - 1];
	struct asker cancelled = {0}, last = {0};

	for (unsigned round = 0; round < 20; round++) {
		for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
			jobs[i] = verify("right", quick, &cancelled);
		for (size_t i = ARRAY_LEN(jobs); i-- > 0;)
			password_hasher_forget(jobs[i]);
		assert_non_null(verify("right", quick, &last));
		run_until(round + 1);
	}
	assert_int_equal(cancelled.calls, 0);
	assert_int_equal(last.calls, 20);
}

/* tear_down() ends the thread while jobs wait. */
PASSWORD_HASHER_TEST(waiting_jobs_are_dropped_at_the_end)
{
	static struct asker a;

	for (size_t i = 0; i < 10; i++)
		assert_non_null(hash(&a));
}

TEST_MAIN(NULL, NULL)
