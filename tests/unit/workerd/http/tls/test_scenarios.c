/*
 * Runs the scenarios about TLS, in a process for each version.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "tests/unit/workerd/http/steps/http_world.h"

int
main(int argc, char **argv)
{
	static const char *const versions[] = {"TLSv1.2", "TLSv1.3"};
	int failed = 0, status;

	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		http_tls_version = versions[i];
		if (fork() == 0)
			return scenario_main(&http_scenarios,
			    "tests/unit/workerd/http/tls/*.scenario", argc, argv);
		failed |= wait(&status) == -1 || status != 0;
	}
	return failed;
}
