/*
 * Steps about the engine: full stores, bad pages, and the check of all checksums.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "storaged/server/scrub.h"
#include "tests/unit/storaged/steps/store_world.h"

static uint64_t
number(const struct words *step, size_t word)
{
	return word < step->n ? values_number(NULL, step->word[word], NULL, NULL) : 0;
}

/* Whole turns in one batch: one of this session and, of others in turn, so many. Returns the requests that
 * were stored: all or, if the store is full, none. */
static uint64_t
store_turns(struct fixture *f, const char *session, uint64_t others, struct slice reply)
{
	static unsigned next;
	uint64_t before = f->requests, refused = 0;
	char other[16];

	for (uint64_t i = 0; i <= others && batch_is_open(&f->batch); i++) {
		struct msg_turn_begin begin;
		struct msg_turn_finish finish;

		if (i > 0)
			snprintf(other, sizeof(other), "s%u", next++ % 250);
		begin = begin_of(i == 0 ? session : other, "question");
		begin.history = 1;
		finish = finish_of(&begin.turn, "");
		finish.text = reply;
		send_request(f, &f->a, MSG_TURN_BEGIN, &begin);
		if (batch_is_open(&f->batch))
			send_request(f, &f->a, MSG_TURN_FINISH, &finish);
	}
	commit(f);
	for (uint64_t r = before + 1; r <= f->requests; r++) {
		union msg m;

		if (take_answer(f, &f->a, r, &m) != MSG_ERROR)
			continue;
		assert_int_equal(m.error.code, STORE_FULL);
		refused++;
	}
	assert_true(refused == 0 || refused == f->requests - before);
	return f->requests - before - refused;
}

/* fill_store SESSION BYTES [OTHERS] */
void
fill_store(struct world *w, const struct words *step)
{
	uint64_t n, stored = 0;
	char reply[32];

	if (step->n < 3)
		scenario_fail("fill the store with what?");
	/* With a commit log the map always has the reserve (env_keep_reserve()), which these scenarios are about. */
	if (w->mirror != NULL)
		end_mirror(w);
	snprintf(reply, sizeof(reply), "x*%s", step->word[2]);
	do {
		n = store_turns(
		    w->f, step->word[1], number(step, 3), values_bytes(w->values, reply));
		stored += n;
	} while (n > 0);
	values_name_number(w->values, "+stored", stored);
}

/* small_disk BYTES: a file system over the store's directory, which nobody else sees and which goes with
 * this process. Skips the scenario where we may not have one. */
void
small_disk(struct world *w, const struct words *step)
{
	char size[32];

	snprintf(size, sizeof(size), "size=%ju", (uintmax_t)number(step, 1));
	/* With a commit log the process ends when the disk is full. */
	if (w->mirror != NULL)
		end_mirror(w);
	store_close(w->f);
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", w->f->dir, "tmpfs", 0, size) != 0) {
		store_open(w->f, STORE_BYTES);
		SKIP("only root can mount a small disk");
	}
	store_open(w->f, STORE_BYTES);
}

/* larger_disk BYTES */
void
larger_disk(struct world *w, const struct words *step)
{
	char size[32];

	snprintf(size, sizeof(size), "size=%ju", (uintmax_t)number(step, 1));
	assert_int_equal(mount(NULL, w->f->dir, NULL, MS_REMOUNT, size), 0);
}

void
no_small_disk(struct world *w)
{
	store_close(w->f);
	assert_int_equal(umount(w->f->dir), 0);
	store_open(w->f, STORE_BYTES);
}

/* probe [UNTIL_WRITABLE] */
void
probe(struct world *w, const struct words *step)
{
	struct env *env = &w->f->env;
	uint64_t n = 0;

	do
		env_probe(env);
	while (++n < 1000 && step->n > 1 && !env->writable);
	if (step->n > 1)
		assert_int_equal(n, number(step, 1));
}

void
probe_exposes_pages(struct world *w)
{
	w->f->env.freed_pages_hidden = true;
	env_probe(&w->f->env);
	assert_false(w->f->env.freed_pages_hidden);
}

/* check_all [STEPS] */
void
check_all(struct world *w, const struct words *step)
{
	uint64_t steps = 1;
	struct scrub *scrub = &w->f->env.scrub;

	scrub->interval_ms = SCRUB_STEP_MS + 1;
	while (scrub_step(&w->f->env, 0) == SCRUB_STEP_MS)
		steps++;
	assert_true(steps >= number(step, 1));
	assert_true(scrub->done_at > 0 && scrub->done_at <= clock_wall_ms());
}

/* check_some REQUESTS works | waits */
void
check_some(struct world *w, const struct words *step)
{
	struct scrub *scrub = &w->f->env.scrub;
	bool waits = step->n == 3 && strcmp(step->word[2], "waits") == 0;
	uint64_t ms;

	scrub->interval_ms = SCRUB_STEP_MS + 1;
	ms = scrub_step(&w->f->env, number(step, 1));
	assert_int_equal(scrub->entries == 0, waits);
	assert_true(!waits || ms == SCRUB_STEP_MS);
}

/* Makes the page of a record unreadable, as on a bad disk. */
static void
lock_page(struct fixture *f, enum table table, const struct key *key)
{
	struct slice value;
	union {
		const uint8_t *in;
		void *out;
	} page;

	assert_int_equal(get_entry(f, table, key, &value), 0);
	page.in = value.p - (uintptr_t)value.p % PAGE_SIZE;
	assert_int_equal(mprotect(page.out, PAGE_SIZE, PROT_NONE), 0);
}

/* Starts storaged with such a page, and removes garbage. True: it survives. */
static bool
survives(struct fixture *f, enum table table, const struct key *key)
{
	pid_t pid;
	int status;

	store_close(f);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		const struct rlimit no_core = {0, 0};

		setrlimit(RLIMIT_CORE, &no_core);
		store_open(f, STORE_BYTES);
		/* As if a change, not a lookup, met the page. */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		lock_page(f, table, key);
		_exit(garbage_step(&f->env) == GARBAGE_STUCK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	store_open(f, STORE_BYTES);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void
start_dies(struct fixture *f, enum table table, const struct key *key)
{
	assert_false(survives(f, table, key));
}

void
start_survives(struct fixture *f, enum table table, const struct key *key)
{
	assert_true(survives(f, table, key));
}

/* LMDB's node of a record: before the key is its length, in two bytes (mdb.c, MDB_node). */
void
lengthen_key(struct fixture *f, enum table table, const struct key *key)
{
	static const uint8_t high_byte = 2;
	size_t page = page_of_record(f, table, key);
	struct slice value;

	assert_int_equal(get_entry(f, table, key, &value), 0);
	overwrite_file(f, page + (uintptr_t)value.p % PAGE_SIZE - key->len - 1, &high_byte,
	    sizeof(high_byte));
}

/* The key is directly before the value. */
void
flip_key(struct fixture *f, enum table table, const struct key *key)
{
	const uint8_t changed = key->b[0] ^ 0x80;
	size_t page = page_of_record(f, table, key);
	struct slice value;

	assert_int_equal(get_entry(f, table, key, &value), 0);
	overwrite_file(
	    f, page + (uintptr_t)value.p % PAGE_SIZE - key->len, &changed, sizeof(changed));
}
