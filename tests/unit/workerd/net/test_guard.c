/*
 * Which addresses a tenant's URL may reach.
 */
#include "workerd/net/guard.h"

#include "proto/base/clock.h"
#include "tests/unit/unit.h"
#include "tests/unit/workerd/net/own_network.h"

static struct network_list allowed;

static enum guard_verdict
judge(const char *text)
{
	struct ip_address a;

	assert_int_equal(ip_parse(slice_str(text), &a), 0);
	return guard_judge(&a, &allowed);
}

static void
allow(const char *network)
{
	allowed.n = 1;
	assert_int_equal(network_parse(slice_str(network), &allowed.at[0]), NETWORK_OK);
}

TEST(addresses_that_are_not_public_are_refused)
{
	static const char *const closed[] = {"127.0.0.1", "127.8.9.10", "0.0.0.0", "0.1.2.3",
	    "10.0.0.1", "100.64.0.1", "100.127.255.254", "169.254.169.254", "172.16.0.1",
	    "192.168.1.1", "192.0.0.8", "198.18.0.1", "224.0.0.1", "255.255.255.255",
	    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
	    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::1",
	    "2002:a00:1::", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fc00::1",
	    "fd00:ec2::254", "fe80::1", "ff02::1", "fec0::1"};

	allowed.n = 0;
	for (size_t i = 0; i < ARRAY_LEN(closed); i++)
		if (judge(closed[i]) != GUARD_NOT_PUBLIC)
			fail_msg("%s", closed[i]);
	allow("10.0.0.0/8");
	assert_int_equal(judge("10.0.0.1"), GUARD_PASSES);
	assert_int_equal(judge("::ffff:10.0.0.1"), GUARD_PASSES);
	assert_int_equal(judge("64:ff9b::a00:1"), GUARD_PASSES);
	assert_int_equal(judge("127.0.0.1"), GUARD_NOT_PUBLIC);
}

TEST(an_address_of_this_machine_is_refused_from_when_it_has_it)
{
	allowed.n = 0;
	if (!own_network_entered)
		SKIP("this user cannot enter a network of its own");
	assert_int_equal(judge("8.8.8.8"), GUARD_PASSES);
	own_network_set_v4("8.8.8.8");
	assert_int_equal(judge("8.8.8.8"), GUARD_OWN);
	assert_int_equal(judge("::ffff:8.8.8.8"), GUARD_OWN);
	assert_int_equal(judge("64:ff9b::808:808"), GUARD_OWN);
	assert_int_equal(judge("2002:808:808::1"), GUARD_OWN);
	assert_int_equal(judge("8.8.8.9"), GUARD_PASSES);
	own_network_set_v4("8.8.4.4");
	assert_int_equal(judge("8.8.4.4"), GUARD_OWN);
	assert_int_equal(judge("8.8.8.8"), GUARD_PASSES);
}

/* The kernel changes its routes of IPv6 behind the call that asks for it. */
static void
await(const char *text, enum guard_verdict verdict)
{
	const uint64_t until = clock_mono_ms() + 60000;

	while (judge(text) != verdict)
		assert_true(clock_mono_ms() < until);
}

TEST(an_ipv6_address_of_this_machine_is_refused_while_it_has_it)
{
	allowed.n = 0;
	if (!own_network_entered)
		SKIP("this user cannot enter a network of its own");
	assert_int_equal(judge("2600::1"), GUARD_PASSES);
	own_network_change_v6(SIOCSIFADDR, "2600::1");
	await("2600::1", GUARD_OWN);
	assert_int_equal(judge("2600::2"), GUARD_PASSES);
	own_network_change_v6(SIOCDIFADDR, "2600::1");
	await("2600::1", GUARD_PASSES);
}

TEST(an_address_of_this_machine_that_the_operator_allows_passes)
{
	if (!own_network_entered)
		SKIP("this user cannot enter a network of its own");
	own_network_set_v4("8.8.8.8");
	allow("8.8.8.8");
	assert_int_equal(judge("8.8.8.8"), GUARD_PASSES);
	assert_int_equal(judge("64:ff9b::808:808"), GUARD_PASSES);
}

static int
enter(void **state)
{
	(void)state;
	if (!own_network_enter())
		print_message("no network of our own: only root can make one\n");
	return 0;
}

TEST_MAIN(enter, NULL)
