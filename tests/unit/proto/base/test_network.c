/*
 * Addresses and networks: parsing, and which addresses a network contains.
 */
#include "proto/base/network.h"
#include "tests/unit/unit.h"

TEST(addresses_have_one_text)
{
	static const struct {
		const char *text, *normal;
	} cases[] = {
	    {"192.0.2.1", "192.0.2.1"},
	    {"0.0.0.0", "0.0.0.0"},
	    {"::", "::"},
	    {"::1", "::1"},
	    {"2001:DB8:0:0::1", "2001:db8::1"},
	    {"::ffff:192.0.2.1", "192.0.2.1"},
	    {"::FFFF:c000:201", "192.0.2.1"},
	    {"::192.0.2.1", "::192.0.2.1"},
	};
	struct ip_address a;
	char text[IP_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(ip_parse(slice_str(cases[i].text), &a), 0);
		ip_format(&a, text);
		assert_string_equal(text, cases[i].normal);
		a = ip_from_bytes(ip_slice(&a));
		ip_format(&a, text);
		assert_string_equal(text, cases[i].normal);
	}
}

TEST(invalid_addresses_are_refused)
{
	static const char *const bad[] = {"", " ", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1",
	    "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4:80", "1.2.3.4/8", "[::1]",
	    "::1:", ":::1", "1::2::3", "fe80::1%eth0", "12345::", "localhost", "unknown",
	    "_hidden", "::ffff:1.2.3", "1111:2222:3333:4444:5555:6666:7777:8888:9999",
	    "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
	struct ip_address a;
	char text[IP_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(ip_parse(slice_str(bad[i]), &a), -1);
		assert_int_equal(a.len, 0);
		ip_format(&a, text);
		assert_string_equal(text, "");
	}
	assert_int_equal(ip_parse((struct slice){(const uint8_t *)"1.2.3.4\0x", 9}, &a), -1);
	assert_int_equal(ip_from_bytes((struct slice){(const uint8_t *)"12345", 5}).len, 0);
}

TEST(networks_are_parsed_or_refused_with_the_reason)
{
	static const struct {
		const char *text;
		enum network_result result;
		const char *address; /* for NETWORK_OK and NETWORK_HOST_BITS */
		unsigned bits;
	} cases[] = {
	    {"10.0.0.0/8", NETWORK_OK, "10.0.0.0", 8},
	    {"192.0.2.7", NETWORK_OK, "192.0.2.7", 32},
	    {"192.0.2.7/32", NETWORK_OK, "192.0.2.7", 32},
	    {"::1", NETWORK_OK, "::1", 128},
	    {"fd00::/8", NETWORK_OK, "fd00::", 8},
	    {"2001:db8:8000::/33", NETWORK_OK, "2001:db8:8000::", 33},
	    {"128.0.0.0/1", NETWORK_OK, "128.0.0.0", 1},
	    {"::ffff:10.0.0.0/104", NETWORK_OK, "10.0.0.0", 8},
	    {"10.1.2.3/8", NETWORK_HOST_BITS, "10.0.0.0", 8},
	    {"192.0.2.129/25", NETWORK_HOST_BITS, "192.0.2.128", 25},
	    {"2001:db8::1/64", NETWORK_HOST_BITS, "2001:db8::", 64},
	    {"0.0.0.0/0", NETWORK_ANY, NULL, 0},
	    {"10.0.0.0/0", NETWORK_ANY, NULL, 0},
	    {"::/0", NETWORK_ANY, NULL, 0},
	    {"::ffff:0.0.0.0/96", NETWORK_ANY, NULL, 0},
	    {"10.0.0.0/33", NETWORK_BAD, NULL, 0},
	    {"::/129", NETWORK_BAD, NULL, 0},
	    {"10.0.0.0/", NETWORK_BAD, NULL, 0},
	    {"10.0.0.0/08", NETWORK_BAD, NULL, 0},
	    {"10.0.0.0/-1", NETWORK_BAD, NULL, 0},
	    {"10.0.0.0/8/8", NETWORK_BAD, NULL, 0},
	    {"10.0.0.0/255.0.0.0", NETWORK_BAD, NULL, 0},
	    {"10.0.0.0/4294967304", NETWORK_BAD, NULL, 0},
	    {"/8", NETWORK_BAD, NULL, 0},
	    {"", NETWORK_BAD, NULL, 0},
	    {"10/8", NETWORK_BAD, NULL, 0},
	    {"example.com", NETWORK_BAD, NULL, 0},
	    {"loopback", NETWORK_BAD, NULL, 0},
	};
	struct network n;
	char text[IP_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(network_parse(slice_str(cases[i].text), &n), cases[i].result);
		if (cases[i].address == NULL)
			continue;
		ip_format(&n.address, text);
		assert_string_equal(text, cases[i].address);
		assert_int_equal(n.bits, cases[i].bits);
	}
}

static bool
has(const char *network, const char *address)
{
	struct network_list list = {.n = 1};
	struct ip_address a;

	assert_int_equal(network_parse(slice_str(network), &list.at[0]), NETWORK_OK);
	assert_int_equal(ip_parse(slice_str(address), &a), 0);
	return network_list_has(&list, &a);
}

TEST(an_address_is_in_a_network_by_its_first_bits)
{
	assert_true(has("10.0.0.0/8", "10.255.255.255"));
	assert_false(has("10.0.0.0/8", "11.0.0.0"));
	assert_true(has("192.0.2.128/25", "192.0.2.255"));
	assert_false(has("192.0.2.128/25", "192.0.2.127"));
	assert_true(has("192.0.2.7", "192.0.2.7"));
	assert_false(has("192.0.2.7", "192.0.2.6"));
	assert_true(has("192.0.2.7", "::ffff:192.0.2.7"));
	assert_true(has("2001:db8:8000::/33", "2001:db8:ffff::1"));
	assert_false(has("2001:db8:8000::/33", "2001:db8:7fff::1"));
	assert_true(has("fd00::/8", "fdff:ffff::"));
	assert_false(has("fd00::/8", "fe00::"));
	/* The same bits in the other family are another address. */
	assert_false(has("10.0.0.0/8", "a00::"));
	assert_false(has("a00::/8", "10.0.0.0"));
}

TEST(an_empty_list_contains_nothing_and_no_list_contains_no_address)
{
	struct network_list list = {0};
	struct ip_address a, none = {0};

	assert_int_equal(ip_parse(slice_str("127.0.0.1"), &a), 0);
	assert_false(network_list_has(&list, &a));
	list.n = 2;
	assert_int_equal(network_parse(slice_str("::1"), &list.at[0]), NETWORK_OK);
	assert_int_equal(network_parse(slice_str("127.0.0.0/8"), &list.at[1]), NETWORK_OK);
	assert_true(network_list_has(&list, &a));
	assert_false(network_list_has(&list, &none));
}

TEST(a_client_prefix_is_an_ipv4_address_or_an_ipv6_64)
{
	struct ip_address v4, a, b, c;

	assert_int_equal(ip_parse(slice_str("192.0.2.1"), &v4), 0);
	assert_int_equal(ip_parse(slice_str("2001:db8:0:1::1"), &a), 0);
	assert_int_equal(ip_parse(slice_str("2001:db8:0:1:ffff::2"), &b), 0);
	assert_int_equal(ip_parse(slice_str("2001:db8:0:2::1"), &c), 0);
	assert_int_equal(ip_client_prefix(&v4).len, 4);
	assert_int_equal(ip_client_prefix(&a).len, 8);
	assert_true(slice_eq(ip_client_prefix(&a), ip_client_prefix(&b)));
	assert_false(slice_eq(ip_client_prefix(&a), ip_client_prefix(&c)));
	assert_int_equal(ip_client_prefix(&(struct ip_address){0}).len, 0);
}

static struct ip_address
address(const char *text)
{
	struct ip_address a;

	assert_int_equal(ip_parse(slice_str(text), &a), 0);
	return a;
}

TEST(only_public_addresses_are_public)
{
	static const struct {
		const char *address;
		bool is_public;
	} cases[] = {
	    {"0.0.0.0", false},
	    {"0.1.2.3", false},
	    {"1.0.0.0", true},
	    {"9.255.255.255", true},
	    {"10.0.0.0", false},
	    {"10.255.255.255", false},
	    {"11.0.0.0", true},
	    {"100.63.255.255", true},
	    {"100.64.0.0", false},
	    {"100.127.255.255", false},
	    {"100.128.0.0", true},
	    {"127.0.0.1", false},
	    {"127.255.255.255", false},
	    {"128.0.0.0", true},
	    {"169.253.255.255", true},
	    {"169.254.169.254", false},
	    {"169.255.0.0", true},
	    {"172.15.255.255", true},
	    {"172.16.0.0", false},
	    {"172.31.255.255", false},
	    {"172.32.0.0", true},
	    {"192.0.0.8", false},
	    {"192.0.2.1", false},
	    {"192.0.3.0", true},
	    {"192.88.99.1", false},
	    {"192.167.255.255", true},
	    {"192.168.0.0", false},
	    {"192.169.0.0", true},
	    {"198.17.255.255", true},
	    {"198.18.0.0", false},
	    {"198.19.255.255", false},
	    {"198.20.0.0", true},
	    {"198.51.100.1", false},
	    {"203.0.113.1", false},
	    {"223.255.255.255", true},
	    {"224.0.0.1", false},
	    {"239.255.255.255", false},
	    {"240.0.0.1", false},
	    {"255.255.255.255", false},
	    {"::", false},
	    {"::1", false},
	    {"::127.0.0.1", false},
	    {"::8.8.8.8", false},
	    {"::ffff:127.0.0.1", false},
	    {"::ffff:8.8.8.8", true},
	    {"::ffff:0:127.0.0.1", false},
	    {"64:ff9b::127.0.0.1", false},
	    {"64:ff9b::10.0.0.1", false},
	    {"64:ff9b::8.8.8.8", true},
	    {"64:ff9b:1::8.8.8.8", false},
	    {"100::1", false},
	    {"1fff:ffff::1", false},
	    {"2000::1", true},
	    {"2001::1", false},
	    {"2001:0:4136:e378:8000:63bf:3fff:fdd2", false},
	    {"2001:200::1", true},
	    {"2001:db8::1", false},
	    {"2001:db9::1", true},
	    {"2002:7f00:1::1", false},
	    {"2002:a00:1::1", false},
	    {"2002:808:808::1", true},
	    {"2606:4700::1111", true},
	    {"3fff::1", false},
	    {"3fff:1000::1", true},
	    {"4000::1", false},
	    {"5f00::1", false},
	    {"fc00::1", false},
	    {"fdff::1", false},
	    {"fe80::1", false},
	    {"fec0::1", false},
	    {"ff02::1", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ip_address a = address(cases[i].address);

		if (ip_is_public(&a) != cases[i].is_public)
			fail_msg("%s", cases[i].address);
	}
	assert_false(ip_is_public(&(struct ip_address){0}));
}

TEST(other_addresses_can_be_allowed)
{
	static const struct {
		const char *address;
		bool may_connect;
	} cases[] = {
	    {"8.8.8.8", true},
	    {"127.0.0.1", true},
	    {"127.0.0.2", false},
	    {"::ffff:127.0.0.1", true},
	    {"64:ff9b::127.0.0.1", true},
	    {"2002:7f00:1::", true},
	    {"::1", false},
	    {"fd00::5", true},
	    {"fe00::5", false},
	};
	struct network_list allowed = {.n = 2};

	assert_int_equal(network_parse(slice_str("127.0.0.1"), &allowed.at[0]), NETWORK_OK);
	assert_int_equal(network_parse(slice_str("fd00::/8"), &allowed.at[1]), NETWORK_OK);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ip_address a = address(cases[i].address);

		if (ip_may_connect(&a, &allowed) != cases[i].may_connect)
			fail_msg("%s", cases[i].address);
	}
}

TEST_MAIN(NULL, NULL)
