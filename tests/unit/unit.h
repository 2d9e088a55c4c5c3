/*
 * Unit tests with cmocka. TEST() defines a test and registers it; the tests of a file run in the
 * order of their definitions. TEST_MAIN() runs them. The headers that nearly every test needs come with it.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/base/basics.h"

#define UNIT_TESTS_MAX 100

/* cmocka skips the entries that are not used. */
[[gnu::unused]] static struct CMUnitTest unit_tests[UNIT_TESTS_MAX];

[[gnu::unused]] static void
unit_register(const char *name, CMUnitTestFunction test, CMFixtureFunction set_up,
    CMFixtureFunction tear_down)
{
	static size_t n;

	if (n == UNIT_TESTS_MAX)
		abort();
	unit_tests[n++] = (struct CMUnitTest){name, test, set_up, tear_down, NULL};
}

#define TEST(name) TEST_WITH(name, NULL, NULL)

/* With a fixture: the functions run before and after the test; each may be NULL. All get
 * cmocka's `state`. */
#define TEST_WITH(name, set_up, tear_down)                         \
	static void name(void **state);                            \
	[[gnu::constructor]] static void register_##name(void)     \
	{                                                          \
		unit_register(#name, name, (set_up), (tear_down)); \
	}                                                          \
	static void name([[gnu::unused]] void **state)

/* With the fixture of the file: set_up() and tear_down(). */
#define FIXTURE_TEST(name) TEST_WITH(name, set_up, tear_down)

/* Skips the running test; tests/run.mjs shows the reason. */
#define SKIP(why)                           \
	do {                                \
		print_message("%s\n", why); \
		skip();                     \
	} while (0)

/* A function of a fixture that does not use cmocka's `state`. */
#define FIXTURE(name)                                 \
	static void fixture_##name(void);             \
	static int name([[gnu::unused]] void **state) \
	{                                             \
		fixture_##name();                     \
		return 0;                             \
	}                                             \
	static void fixture_##name(void)

/* Runs the tests; the functions run before the first and after the last. */
#define UNIT_RUN(set_up, tear_down) cmocka_run_group_tests(unit_tests, (set_up), (tear_down))

#define TEST_MAIN(set_up, tear_down)                \
	int main(void)                              \
	{                                           \
		return UNIT_RUN(set_up, tear_down); \
	}

#endif
