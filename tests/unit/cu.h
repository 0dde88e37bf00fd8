/* SPDX-License-Identifier: MIT */
/*
 * cu.h - a CUnit suite in one file: list the tests, get a main
 *
 * Usage: write `static void name(void)` functions with CU_ASSERT_*, then at the end
 *	CU_MAIN("wheel", TEST(fires_in_order), TEST(cancel_is_idempotent))
 * Every tests/unit/test_*.c becomes a program of its own; its exit status is the verdict.
 */
#ifndef TESTS_UNIT_CU_H
#define TESTS_UNIT_CU_H

#include <CUnit/Basic.h>
#include <stdio.h>

#define TEST(fn) { #fn, fn }

#define CHECK(x) CU_ASSERT(x)
#define CHECK_EQ(a, b) \
	do { \
		long long a_ = (long long)(a), b_ = (long long)(b); \
		if (a_ != b_) \
			fprintf(stderr, "%s:%d: %s is %lld (0x%llx), want %lld (0x%llx)\n", \
				__FILE__, __LINE__, #a, a_, (unsigned long long)a_, b_, \
				(unsigned long long)b_); \
		CU_ASSERT(a_ == b_); \
	} while (0)

#define CU_MAIN(suite, ...) \
	int main(void) \
	{ \
		static CU_TestInfo tests_[] = { __VA_ARGS__, CU_TEST_INFO_NULL }; \
		static CU_SuiteInfo suites_[] = { \
			{ suite, NULL, NULL, NULL, NULL, tests_ }, CU_SUITE_INFO_NULL }; \
		unsigned failed_; \
		if (CU_initialize_registry() != CUE_SUCCESS || \
		    CU_register_suites(suites_) != CUE_SUCCESS) \
			return 2; \
		CU_basic_set_mode(CU_BRM_NORMAL); \
		CU_basic_run_tests(); \
		failed_ = CU_get_number_of_tests_failed() + (CU_get_number_of_tests_run() == 0); \
		CU_cleanup_registry(); \
		return failed_ != 0; \
	}

#endif
