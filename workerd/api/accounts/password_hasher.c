/*
 * Two queues under one lock between loop and thread: waiting jobs and done jobs. The thread writes to an
 * eventfd(2) after each job, which wakes the loop.
 *
 * While a job runs, the thread owns its password, text and result; everything else of a job always
 * belongs to the loop.
 */
#include "workerd/api/accounts/password_hasher.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* Assumed duration of a job before the first has run. */
#define JOB_MS 250

enum work { WORK_VERIFY, WORK_HASH };

TAILQ_HEAD(jobs, password_hasher_job);

struct password_hasher_job {
	struct password_place
	    place; /* first; under the lock: of a job that is not started yet */
	TAILQ_ENTRY(password_hasher_job) link; /* of done jobs */
	struct password_hasher *hasher;
	password_hasher_done_fn *fn; /* NULL: cancelled */
	void *arg;
	enum work work;
	enum password_verdict verdict;
	bool hashed; /* text is the result */
	char text[PASSWORD_TEXT_SIZE];
	size_t len;
	uint8_t password[];
};

struct password_hasher {
	pthread_t thread;
	struct event *event;
	int fd;
	size_t jobs[2]; /* of the loop: unanswered jobs by owner.known, except dropped ones */
	size_t new_passwords;  /* of the loop: unanswered ones */
	uint32_t new_attempts; /* of the last of them */
	/* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct password_queue waiting;
	struct jobs done;
	uint64_t job_ms; /* duration of the last job */
	bool ends;
};

static void
password_hasher_job_free(struct password_hasher_job *job)
{
	explicit_bzero(job->password, job->len);
	free(job);
}

static void
password_hasher_free_waiting(struct password_hasher *h)
{
	struct password_place *place;

	while ((place = password_queue_take(&h->waiting)) != NULL)
		password_hasher_job_free((struct password_hasher_job *)place);
}

static void
password_hasher_free_done(struct password_hasher *h)
{
	struct password_hasher_job *job;

	while ((job = TAILQ_FIRST(&h->done)) != NULL) {
		TAILQ_REMOVE(&h->done, job, link);
		password_hasher_job_free(job);
	}
}

static void
password_hasher_do_job(struct password_hasher_job *job)
{
	struct slice password = {job->password, job->len};

	if (job->work == WORK_VERIFY)
		job->verdict = password_verify(password, slice_str(job->text));
	else
		job->hashed = password_hash(password, job->text) == 0;
	explicit_bzero(job->password, job->len);
}

/* The 64-bit counter of an eventfd cannot overflow here. */
static void
password_hasher_wake_loop(const struct password_hasher *h)
{
	static const uint64_t one = 1;

	must(write(h->fd, &one, sizeof(one)) == (ssize_t)sizeof(one));
}

/* Waits for the next job, which starts now; NULL: end the thread. */
static struct password_hasher_job *
password_hasher_take_job(struct password_hasher *h)
{
	struct password_place *next = NULL;

	pthread_mutex_lock(&h->lock);
	while (!h->ends && password_queue_is_empty(&h->waiting))
		pthread_cond_wait(&h->work, &h->lock);
	if (!h->ends)
		next = password_queue_take(&h->waiting);
	pthread_mutex_unlock(&h->lock);
	return (struct password_hasher_job *)next;
}

static void *
password_hasher_run(void *arg)
{
	struct password_hasher *h = arg;
	struct password_hasher_job *job;

	while ((job = password_hasher_take_job(h)) != NULL) {
		uint64_t began_ms = clock_mono_ms();

		password_hasher_do_job(job);
		pthread_mutex_lock(&h->lock);
		h->job_ms = clock_mono_ms() - began_ms;
		TAILQ_INSERT_TAIL(&h->done, job, link);
		pthread_mutex_unlock(&h->lock);
		password_hasher_wake_loop(h);
	}
	return NULL;
}

static struct password_hasher_job *
password_hasher_take_done(struct password_hasher *h)
{
	struct password_hasher_job *job;

	pthread_mutex_lock(&h->lock);
	job = TAILQ_FIRST(&h->done);
	if (job != NULL)
		TAILQ_REMOVE(&h->done, job, link);
	pthread_mutex_unlock(&h->lock);
	return job;
}

/* The job is answered, cancelled or dropped: there is room for another. */
static void
password_hasher_uncount(struct password_hasher *h, const struct password_hasher_job *job)
{
	h->jobs[job->place.owner.known]--;
	if (job->work == WORK_HASH)
		h->new_passwords--;
}

static void
password_hasher_on_done(evutil_socket_t fd, short what, void *arg)
{
	struct password_hasher *h = arg;
	struct password_hasher_job *job;
	uint64_t count;

	(void)what;
	must(read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count) || errno == EAGAIN);
	while ((job = password_hasher_take_done(h)) != NULL) {
		if (job->verdict != PASSWORD_UNCHECKED)
			password_hasher_uncount(h, job);
		if (job->fn != NULL)
			job->fn(job->arg, job->verdict, job->hashed ? job->text : NULL);
		password_hasher_job_free(job);
	}
}

static size_t
password_hasher_count_jobs(const struct password_hasher *h)
{
	return h->jobs[false] + h->jobs[true];
}

/* Drops a waiting job to make room for one of this owner. False: none waits that may be dropped. */
static bool
password_hasher_make_room(struct password_hasher *h, const struct password_owner *owner)
{
	struct password_hasher_job *dropped;

	pthread_mutex_lock(&h->lock);
	dropped = (struct password_hasher_job *)password_queue_displace(&h->waiting, owner);
	if (dropped != NULL) {
		dropped->verdict = PASSWORD_UNCHECKED;
		TAILQ_INSERT_TAIL(&h->done, dropped, link);
	}
	pthread_mutex_unlock(&h->lock);
	if (dropped == NULL)
		return false;
	password_hasher_uncount(h, dropped);
	password_hasher_wake_loop(h);
	return true;
}

static struct password_hasher_job *
password_hasher_add(struct password_hasher *h, enum work work, struct slice password,
    struct password_owner owner, password_hasher_done_fn *fn, void *arg)
{
	struct password_hasher_job *job;

	must(password.len <= PASSWORD_MAX);
	if (h->jobs[owner.known] == PASSWORD_HASHER_JOBS_MAX &&
	    !password_hasher_make_room(h, &owner)) {
		log_event(
		    LOG_WARN, "hasher_full", L_UINT("jobs", password_hasher_count_jobs(h)));
		return NULL;
	}
	h->jobs[owner.known]++;
	job = xcalloc(1, sizeof(*job) + password.len);
	job->place.owner = owner;
	job->hasher = h;
	job->fn = fn;
	job->arg = arg;
	job->work = work;
	job->verdict = PASSWORD_ERROR;
	job->len = password.len;
	must(slice_copy(password, job->password, job->len));
	return job;
}

static struct password_hasher_job *
password_hasher_hand_over(struct password_hasher_job *job)
{
	struct password_hasher *h = job->hasher;

	pthread_mutex_lock(&h->lock);
	password_queue_add(&h->waiting, &job->place);
	pthread_cond_signal(&h->work);
	pthread_mutex_unlock(&h->lock);
	return job;
}

struct password_hasher_job *
password_hasher_verify(struct password_hasher *h, struct slice password, struct slice text,
    struct password_owner owner, password_hasher_done_fn *fn, void *arg)
{
	struct password_hasher_job *job =
	    password_hasher_add(h, WORK_VERIFY, password, owner, fn, arg);

	if (job == NULL)
		return NULL;
	/* A text that is too long is cut, which makes it an invalid hash. */
	for (size_t i = 0; i < text.len && i < PASSWORD_TEXT_SIZE - 1; i++)
		job->text[i] = (char)text.p[i];
	return password_hasher_hand_over(job);
}

struct password_hasher_job *
password_hasher_hash(
    struct password_hasher *h, struct slice password, password_hasher_done_fn *fn, void *arg)
{
	const struct password_owner owner = {
	    true, h->new_passwords == 0 ? 0 : h->new_attempts + 1};
	struct password_hasher_job *job =
	    password_hasher_add(h, WORK_HASH, password, owner, fn, arg);

	if (job == NULL)
		return NULL;
	h->new_passwords++;
	h->new_attempts = owner.attempts;
	return password_hasher_hand_over(job);
}

void
password_hasher_forget(struct password_hasher_job *job)
{
	struct password_hasher *h = job->hasher;
	bool waits;

	pthread_mutex_lock(&h->lock);
	waits = job->place.waits;
	if (waits)
		password_queue_remove(&h->waiting, &job->place);
	pthread_mutex_unlock(&h->lock);
	job->fn = NULL;
	if (!waits)
		return;
	password_hasher_uncount(h, job);
	password_hasher_job_free(job);
}

unsigned
password_hasher_retry_after(struct password_hasher *h)
{
	uint64_t ms;

	pthread_mutex_lock(&h->lock);
	ms = h->job_ms * password_hasher_count_jobs(h);
	pthread_mutex_unlock(&h->lock);
	return (unsigned)(ms / 1000 + 1);
}

/* With all signals blocked: the loop's thread handles them. Except that of a system call that is
 * refused to this thread (call_filter.h). */
static void
password_hasher_start_thread(struct password_hasher *h)
{
	sigset_t all, before;

	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
	must(pthread_create(&h->thread, NULL, password_hasher_run, h) == 0);
	must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}

struct password_hasher *
password_hasher_new(struct event_base *base)
{
	struct password_hasher *h = xcalloc(1, sizeof(*h));

	h->job_ms = JOB_MS;
	password_queue_init(&h->waiting);
	TAILQ_INIT(&h->done);
	must(pthread_mutex_init(&h->lock, NULL) == 0);
	must(pthread_cond_init(&h->work, NULL) == 0);
	h->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(h->fd != -1);
	h->event = event_new(base, h->fd, EV_READ | EV_PERSIST, password_hasher_on_done, h);
	must(h->event != NULL && event_add(h->event, NULL) == 0);
	password_hasher_start_thread(h);
	return h;
}

void
password_hasher_free(struct password_hasher *h)
{
	if (h == NULL)
		return;
	pthread_mutex_lock(&h->lock);
	h->ends = true;
	pthread_cond_signal(&h->work);
	pthread_mutex_unlock(&h->lock);
	must(pthread_join(h->thread, NULL) == 0);
	password_hasher_free_waiting(h);
	password_hasher_free_done(h);
	event_free(h->event);
	closefd(&h->fd);
	pthread_cond_destroy(&h->work);
	pthread_mutex_destroy(&h->lock);
	free(h);
}
