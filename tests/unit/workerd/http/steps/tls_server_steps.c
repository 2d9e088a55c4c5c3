/*
 * Steps of a server with TLS:
 *
 *	tls [chain=N] [keys=CURRENT,PREVIOUS]    another one for new connections, with the certificate N times in
 *	                                         its chain, and these keys of session tickets (1,0; 0: none)
 *	ticket_keys CURRENT,PREVIOUS             new keys
 *	certificate NAME [rsa=BITS]              a new certificate
 *	invalid_certificate KIND REASON          junk_chain, junk_key, other_key or weak: refused for this reason ("": any)
 *	capture_log, logged TEXT                 the log since then has a line with this text
 */
#include "proto/base/log.h"
#include "proto/ipc/messages.h"
#include "tests/unit/workerd/http/steps/http_world.h"

static struct slice
ticket_key(unsigned long number)
{
	static uint8_t keys[10][TICKET_KEY_SIZE];

	if (number == 0)
		return (struct slice){0};
	memset(keys[number], (int)number, TICKET_KEY_SIZE);
	return (struct slice){keys[number], TICKET_KEY_SIZE};
}

static void
set_ticket_keys(const char *numbers)
{
	struct slice current = ticket_key(strtoul(numbers, NULL, 10));

	if (current.len > 0)
		tls_set_ticket_keys(
		    world.tls, current, ticket_key(strtoul(numbers + 2, NULL, 10)));
}

static const char *
set_certificate(struct slice chain, struct slice key)
{
	const char *why = NULL;

	return tls_set_identity(world.tls, chain, key, &why) == 0 ? NULL : why;
}

static void
use_tls(const char *keys, const char *times)
{
	struct slice pem;
	struct buf chain;

	test_cert_clear(&world.cert);
	test_cert_make(&world.cert, &(struct test_cert_like){0});
	pem = buf_slice(&world.cert.chain);
	buf_init(&chain, BUF_MAX);
	for (unsigned long i = 0; i < strtoul(times, NULL, 10); i++)
		assert_int_equal(buf_append(&chain, pem.p, pem.len), 0);
	world.old_tls = world.tls;
	world.tls = tls_new();
	assert_null(set_certificate(buf_slice(&chain), buf_slice(&world.cert.key)));
	set_ticket_keys(keys);
	buf_clear(&chain);
	if (world.server != NULL)
		http_server_use_tls(world.server, world.tls);
}

void
tls_start(void)
{
	use_tls("1,0", "1");
}

static void
renew_certificate(const char *name, const char *bits)
{
	struct test_cert next;

	test_cert_make(&next,
	    &(struct test_cert_like){
		.name = name, .rsa_bits = (unsigned)strtoul(bits, NULL, 10)});
	assert_null(set_certificate(buf_slice(&next.chain), buf_slice(&next.key)));
	test_cert_clear(&next);
}

static void
refuse_certificate(const char *kind, struct slice reason)
{
	bool weak = strcmp(kind, "weak") == 0;
	struct slice junk = slice_str("junk"), chain, key;
	const char *why;
	struct test_cert other;

	test_cert_make(&other, &(struct test_cert_like){.rsa_bits = weak ? 1024 : 0});
	chain = strcmp(kind, "junk_chain") == 0 ? junk : buf_slice(&other.chain);
	key = strcmp(kind, "junk_key") == 0  ? junk
	    : strcmp(kind, "other_key") == 0 ? buf_slice(&world.cert.key)
					     : buf_slice(&other.key);
	why = set_certificate(chain, key);
	if (why == NULL || (reason.len > 0 && !slice_eq_str(reason, why)))
		scenario_fail("%s", why == NULL ? "it is accepted" : why);
	test_cert_clear(&other);
}

static void
capture_log(void)
{
	FILE *log = tmpfile();

	assert_non_null(log);
	world.log = dup(STDERR_FILENO);
	assert_int_not_equal(dup2(fileno(log), STDERR_FILENO), -1);
	fclose(log);
	log_open("test", LOG_DEBUG);
}

static void
release_log(void)
{
	if (world.log == 0)
		return;
	log_open("test", LOG_WARN);
	dup2(world.log, STDERR_FILENO);
	close(world.log);
	world.log = 0;
}

static void
expect_logged(struct slice text)
{
	char log[16384];
	ssize_t n = pread(STDERR_FILENO, log, sizeof(log), 0);

	release_log();
	assert_true(n > 0 && memmem(log, (size_t)n, text.p, text.len) != NULL);
}

void
tls_clear(void)
{
	release_log();
	SSL_SESSION_free(world.session);
	tls_free(world.tls);
	tls_free(world.old_tls);
	test_cert_clear(&world.cert);
}

bool
tls_server_step(const struct words *step)
{
	const char *verb = step->word[0], *word = step->n > 1 ? step->word[1] : "";
	const char *keys = step_option(step, "keys"), *chain = step_option(step, "chain"),
		   *bits = step_option(step, "rsa");

	if (strcmp(verb, "tls") == 0)
		use_tls(keys == NULL ? "1,0" : keys, chain == NULL ? "1" : chain);
	else if (strcmp(verb, "ticket_keys") == 0)
		set_ticket_keys(word);
	else if (strcmp(verb, "certificate") == 0)
		renew_certificate(word, bits == NULL ? "0" : bits);
	else if (strcmp(verb, "invalid_certificate") == 0 && step->n == 3)
		refuse_certificate(word, values_bytes(world.values, step->word[2]));
	else if (strcmp(verb, "capture_log") == 0)
		capture_log();
	else if (strcmp(verb, "logged") == 0 && step->n == 2)
		expect_logged(values_bytes(world.values, word));
	else
		return false;
	return true;
}
