/* SPDX-License-Identifier: MIT */
/*
 * test_seq_list.c - sequence arithmetic around the wrap; the intrusive list
 */
#include "base/list.h"
#include "base/seq.h"
#include "base/stat.h"
#include "tests/unit/cu.h"

static void seq_compares_across_the_wrap(void)
{
	static const uint32_t bases[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffff00, 0xffffffff };
	static const uint32_t dists[] = { 1, 2, 1460, 0x10000, 0x7fffffff };

	for (uint32_t i = 0; i < ARRAY_LEN(bases); i++) {
		uint32_t a = bases[i];

		CHECK(!seq_lt(a, a) && !seq_gt(a, a) && seq_leq(a, a) && seq_geq(a, a));
		CHECK(seq_max(a, a) == a && seq_min(a, a) == a);
		for (uint32_t j = 0; j < ARRAY_LEN(dists); j++) {
			uint32_t b = a + dists[j];

			CHECK(seq_lt(a, b) && seq_leq(a, b) && !seq_gt(a, b) && !seq_geq(a, b));
			CHECK(!seq_lt(b, a) && !seq_leq(b, a) && seq_gt(b, a) && seq_geq(b, a));
			CHECK(seq_max(a, b) == b && seq_max(b, a) == b);
			CHECK(seq_min(a, b) == a && seq_min(b, a) == a);
		}
	}
}

static void seq_in_is_half_open(void)
{
	CHECK(!seq_in(5, 5, 0));
	CHECK(seq_in(5, 5, 1));
	CHECK(!seq_in(6, 5, 1));
	CHECK(!seq_in(4, 5, 1));
	CHECK(seq_in(0xffffffff, 0xfffffff0, 0x20));
	CHECK(seq_in(0xf, 0xfffffff0, 0x20));
	CHECK(!seq_in(0x10, 0xfffffff0, 0x20));
	CHECK(!seq_in(0xffffffef, 0xfffffff0, 0x20));
}

struct item {
	int id;
	struct list link;
};

static int walk(const struct list *head)
{
	int digits = 0;

	list_for_each(head, it) {
		CHECK(it->next->prev == it && it->prev->next == it);
		digits = digits * 10 + container_of(it, struct item, link)->id;
	}
	return digits;
}

static void fill(struct list *head, struct item *items, int first, int n)
{
	list_init(head);
	for (int i = 0; i < n; i++) {
		items[i] = (struct item){ .id = first + i };
		list_add_tail(head, &items[i].link);
	}
}

static void list_keeps_order(void)
{
	struct item a[4];
	struct list head;

	fill(&head, a, 1, 4);
	CHECK_EQ(walk(&head), 1234);
	list_del(&a[1].link);
	CHECK_EQ(walk(&head), 134);
	CHECK(!list_linked(&a[1].link));
	list_del(&a[1].link);		/* harmless */
	list_del(&a[3].link);
	list_add_tail(&head, &a[1].link);
	CHECK_EQ(walk(&head), 132);
	CHECK(list_pop(&head) == &a[0].link);
	CHECK(!list_linked(&a[0].link));
	CHECK(list_pop(&head) == &a[2].link);
	CHECK(!list_empty(&head));
	CHECK(list_pop(&head) == &a[1].link);
	CHECK(list_empty(&head));
	CHECK(list_pop(&head) == NULL);
}

static void list_appends_whole_lists(void)
{
	struct item a[3], b[3];
	struct list to, from;

	fill(&to, a, 1, 3);
	fill(&from, b, 4, 3);
	list_append(&to, &from);
	CHECK_EQ(walk(&to), 123456);
	CHECK(list_empty(&from));
	list_append(&to, &from);	/* nothing to move */
	CHECK_EQ(walk(&to), 123456);
	list_append(&from, &to);	/* into an empty one */
	CHECK_EQ(walk(&from), 123456);
	CHECK(list_empty(&to));
	CHECK_EQ(walk(&to), 0);
	list_del(&b[2].link);
	list_del(&a[0].link);
	CHECK_EQ(walk(&from), 2345);
}

static void zeroed_memory_is_an_unlinked_node(void)
{
	struct item a;

	memset(&a, 0, sizeof(a));
	CHECK(!list_linked(&a.link));
	list_del(&a.link);
	CHECK(!list_linked(&a.link));
}

/* Names are keys of the JSON output: present, lower_case and all different. */
static void every_counter_has_a_name(void)
{
	struct stats st = { { 0 } };

	for (uint32_t i = 0; i < STAT_NR; i++) {
		CHECK(stat_descs[i].name != NULL && stat_descs[i].doc != NULL);
		CHECK(strspn(stat_descs[i].name, "abcdefghijklmnopqrstuvwxyz0123456789_") ==
		      strlen(stat_descs[i].name));
		for (uint32_t j = 0; j < i; j++)
			CHECK(strcmp(stat_descs[i].name, stat_descs[j].name) != 0);
	}
	CHECK(strcmp(stat_descs[STAT_TCP_RTO].name, "tcp_rto") == 0);
	STAT_INC(&st, TCP_RTO);
	STAT_ADD(&st, TCP_RTO, 4);
	CHECK_EQ(st.v[STAT_TCP_RTO], 5);
}

CU_MAIN("seq_list", TEST(seq_compares_across_the_wrap), TEST(seq_in_is_half_open),
	TEST(list_keeps_order), TEST(list_appends_whole_lists),
	TEST(zeroed_memory_is_an_unlinked_node), TEST(every_counter_has_a_name))
