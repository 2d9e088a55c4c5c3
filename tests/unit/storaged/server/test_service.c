/*
 * What lasts while storaged changes between owner and standby.
 */
#include <signal.h>
#include <sys/socket.h>

#include "tests/unit/storaged/store_fixture.h"

#include "storaged/server/serving.h"

static void
serve_once(struct serving *serving, struct fixture *f, struct service *service)
{
	serving_start(serving, &f->env, service, &standby_handlers);
	assert_true(event_base_loop(service->base, EVLOOP_NONBLOCK) != -1);
}

STORE_TEST(a_signal_between_two_roles_ends_the_second_one)
{
	const struct access access = {0};
	struct serving serving;
	struct service service;
	const struct sockaddr any = {.sa_family = AF_UNIX}; /* the kernel chooses a name */
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_int_not_equal(listener, -1);
	assert_int_equal(bind(listener, &any, sizeof(any.sa_family)), 0);
	assert_int_equal(listen(listener, 1), 0);
	service_start(&service, listener, &access);
	serve_once(&serving, f, &service);
	serving_end(&serving);
	assert_false(service.stopping);
	assert_int_equal(raise(SIGTERM), 0);
	serve_once(&serving, f, &service);
	assert_true(service.stopping);
	serving_end(&serving);
	service_end(&service);
	closefd(&listener);
}

TEST_MAIN(NULL, NULL)
