/* SPDX-License-Identifier: MIT */
/*
 * test_hw_cfg.c - addresses as people write them, the configuration of a run, its memory
 */
#include "hw/addr.h"
#include "hw/mem.h"
#include "hw/run.h"
#include "tests/unit/cu.h"

static char err[256];

static void addresses(void)
{
	static const char *const bad[] = { "", "1", "1.2.3", "1.2.3.", "1.2.3.4.5", "256.1.1.1",
					   "1.2.3.4 ", " 1.2.3.4", "01.2.3.4", "1..2.3", "-1.2.3.4",
					   "1.2.3.4x", "4294967297.0.0.1" };
	uint32_t ip;

	CHECK_EQ(addr_ip("10.9.0.2", &ip), 0);
	CHECK_EQ(ip, 0x0a090002);
	CHECK_EQ(addr_ip("255.255.255.255", &ip), 0);
	CHECK_EQ(ip, UINT32_MAX);
	CHECK_EQ(addr_ip("0.0.0.0", &ip), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_EQ(addr_ip(bad[i], &ip), -EINVAL);
}

static void addresses_with_numbers(void)
{
	uint32_t ip, prefix;
	uint16_t port;
	char text[ADDR_IP_LEN];

	CHECK_EQ(addr_ip_prefix("10.9.0.2/24", &ip, &prefix), 0);
	CHECK_EQ(prefix, 24);
	CHECK_EQ(addr_mask(24), 0xffffff00);
	CHECK_EQ(addr_ip_prefix("10.9.0.2/0", &ip, &prefix), -EINVAL);
	CHECK_EQ(addr_ip_prefix("10.9.0.2/31", &ip, &prefix), -EINVAL);
	CHECK_EQ(addr_ip_prefix("10.9.0.2", &ip, &prefix), -EINVAL);
	CHECK_EQ(addr_ip_prefix("10.9.0.2/", &ip, &prefix), -EINVAL);
	CHECK_EQ(addr_ip_port("10.9.0.1:65535", &ip, &port), 0);
	CHECK_EQ(port, 65535);
	CHECK_EQ(addr_ip_port("10.9.0.1:65536", &ip, &port), -EINVAL);
	CHECK_EQ(addr_ip_port("10.9.0.1:0", &ip, &port), -EINVAL);
	CHECK_EQ(addr_ip_port("10.9.0.1/7", &ip, &port), -EINVAL);
	CHECK(strcmp(addr_ip_str(0xff0900fe, text), "255.9.0.254") == 0);
}

static void macs(void)
{
	static const char *const bad[] = { "", "02:49:0a:09:00", "02:49:0a:09:00:0",
					   "02-49-0a-09-00-02",
					   "03:49:0a:09:00:02", "00:00:00:00:00:00",
					   "02:49:0a:09:00:0g", "02:49:0a:09:00:02:" };
	uint8_t mac[6];

	CHECK_EQ(addr_mac("02:49:0A:09:00:fe", mac), 0);
	CHECK(memcmp(mac, "\x02\x49\x0a\x09\x00\xfe", 6) == 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_EQ(addr_mac(bad[i], mac), -EINVAL);
}

static struct hw_cfg *server(void)
{
	static struct hw_cfg cfg;

	hw_defaults(&cfg, &echo_server_ops);
	return &cfg;
}

static void defaults_are_legal(void)
{
	struct section sec[HW_SECTIONS_MAX];
	struct hw_cfg *cfg = server();
	size_t n = hw_sections(cfg, sec);

	CHECK_EQ(hw_check(cfg, err, sizeof(err)), 0);
	CHECK_EQ(cfg->port, 7);
	CHECK_EQ(n, 4);
	for (size_t i = 0; i < n; i++)
		CHECK((uint8_t *)sec[i].obj >= (uint8_t *)cfg &&
		      (uint8_t *)sec[i].obj < (uint8_t *)(cfg + 1));
	hw_defaults(cfg, &echo_client_ops);
	CHECK_EQ(hw_check(cfg, err, sizeof(err)), 0);
}

/* @field = @v must be refused by a sentence that names the value. */
#define REFUSED(cfg, field, v) \
	do { \
		struct hw_cfg *c_ = cfg; \
		snprintf(c_->field, sizeof(c_->field), "%s", v); \
		CHECK_EQ(hw_check(c_, err, sizeof(err)), -EINVAL); \
		CHECK(strstr(err, v) != NULL && strlen(err) > 40); \
	} while (0)

static void contradictions_are_sentences(void)
{
	static const char *const ips[] = { "10.9.0.2", "10.9.0.0/24", "10.9.0.255/24", "0.9.0.1/24",
					   "127.0.0.1/8", "224.0.0.1/24", "10.9.0.2/33", "x" };

	for (size_t i = 0; i < ARRAY_LEN(ips); i++)
		REFUSED(server(), ip, ips[i]);
	REFUSED(server(), nic, "eth0");
	REFUSED(server(), mac, "01:00:5e:00:00:01");
	REFUSED(server(), gateway, "10.8.0.1");
	REFUSED(server(), gateway, "10.9.0.2");
	REFUSED(server(), peer_ip, "10.9.0.2/24");
	REFUSED(server(), peer_ip, "10.8.0.1/24");
}

static void peer_ip_is_for_taps(void)
{
	struct hw_cfg *cfg = server();

	snprintf(cfg->peer_ip, sizeof(cfg->peer_ip), "10.9.0.1/24");
	CHECK_EQ(hw_check(cfg, err, sizeof(err)), 0);
	snprintf(cfg->nic, sizeof(cfg->nic), "packet:eth0");
	CHECK_EQ(hw_check(cfg, err, sizeof(err)), -EINVAL);
	CHECK(strstr(err, "TAP only") != NULL);
}

static void targets(void)
{
	struct hw_cfg *cfg = server();

	hw_defaults(cfg, &echo_client_ops);
	REFUSED(cfg, target, "10.9.0.2:7");	/* ourselves */
	REFUSED(cfg, target, "10.9.0.1");
	REFUSED(cfg, target, "10.8.0.1:7");	/* no way */
	snprintf(cfg->gateway, sizeof(cfg->gateway), "10.9.0.1");
	CHECK_EQ(hw_check(cfg, err, sizeof(err)), 0);
}

static void numbers_of_the_dataplane_fit_each_other(void)
{
	struct hw_cfg *cfg = server();

	cfg->dp.port_min = 65000;		/* the core would count ports beyond 65535 */
	cfg->dp.port_max = 64999;
	CHECK_EQ(hw_check(cfg, err, sizeof(err)), -EINVAL);
	CHECK(strstr(err, "dp.port_min") != NULL);
	cfg = server();
	cfg->dp.rto_min_ns = cfg->dp.rto_max_ns + 1;
	CHECK_EQ(hw_check(cfg, err, sizeof(err)), -EINVAL);
	cfg->dp.rto_min_ns = cfg->dp.rto_max_ns;
	CHECK_EQ(hw_check(cfg, err, sizeof(err)), 0);
}

static void memory_is_aligned_zeroed_and_bounded(void)
{
	struct hw_mem mem;
	uint8_t *a, *b;

	CHECK_EQ(hw_mem_init(&mem, 1 << 20), 0);
	a = mem.env.ops->mem(&mem.env, 100, 8);
	b = mem.env.ops->mem(&mem.env, 5000, 4096);
	CHECK(a != NULL && b != NULL && b >= a + 100);
	CHECK_EQ((uintptr_t)b % 4096, 0);
	for (uint32_t i = 0; i < 5000; i++)
		CHECK(b[i] == 0);
	CHECK(mem.env.ops->mem(&mem.env, 1 << 20, 1) == NULL);
	CHECK(mem.env.ops->mem(&mem.env, SIZE_MAX, 64) == NULL);
	CHECK(mem.env.ops->mem(&mem.env, 64, 64) != NULL);
	hw_mem_free(&mem);
	hw_mem_free(&mem);
	CHECK_EQ(hw_mem_init(&mem, (size_t)1 << 60), -ENOMEM);
	hw_mem_free(&mem);
}

CU_MAIN("hw_cfg", TEST(addresses), TEST(addresses_with_numbers), TEST(macs),
	TEST(defaults_are_legal), TEST(contradictions_are_sentences), TEST(peer_ip_is_for_taps),
	TEST(targets), TEST(numbers_of_the_dataplane_fit_each_other),
	TEST(memory_is_aligned_zeroed_and_bounded))
