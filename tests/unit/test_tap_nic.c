/* SPDX-License-Identifier: MIT */
/*
 * test_tap_nic.c - frames through the kernel, in a network namespace of our own
 *
 * The peer is a packet socket on the kernel's side of the TAP, or on the far end of a
 * veth pair, so every byte is compared. Without the privilege to make a namespace, or
 * without /dev/net/tun, the tests say so and pass; the parser's tests always run.
 */
#include "hw/tap_nic.h"

#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/netdev.h"
#include "tests/unit/cu.h"

enum { N_FRAMES = 64, TEST_TYPE = 0x88b5 };	/* EtherType for local experiments */

static const uint8_t our_mac[6] = { 2, 0x49, 10, 9, 0, 2 };
static struct mempool pool;
static struct work work;
static char err[256];

/* A fresh namespace and a fresh pool; false (and a sentence) when we may not. */
static bool setup(void)
{
	static void *mem;

	free(mem);
	mem = aligned_alloc(CACHE_LINE, ALIGN_UP(mempool_bytes(N_FRAMES), (size_t)CACHE_LINE));
	memset(mem, 0, mempool_bytes(N_FRAMES));
	mempool_init(&pool, mem, N_FRAMES);
	if (unshare(CLONE_NEWNET) < 0) {
		printf(" skipped: no network namespace (%s)\n", strerror(errno));
		return false;
	}
	if (access("/dev/net/tun", R_OK | W_OK) < 0) {
		printf(" skipped: no /dev/net/tun\n");
		return false;
	}
	return true;
}

/* A packet socket for TEST_TYPE on @name. */
static int peer_open(const char *name)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET, .sll_protocol = htons(TEST_TYPE) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);

	CHECK(fd >= 0);
	CHECK_EQ(netdev_index(name, &sll.sll_ifindex), 0);
	CHECK_EQ(bind(fd, (struct sockaddr *)&sll, sizeof(sll)), 0);
	return fd;
}

static void frame_fill(uint8_t *p, uint32_t len, uint8_t seed)
{
	static const uint8_t to[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	memcpy(p, to, 6);
	memcpy(p + 6, our_mac, 6);
	be16_store(p + 12, TEST_TYPE);
	for (uint32_t i = 14; i < len; i++)
		p[i] = (uint8_t)(seed + i);
}

/* Wait for one frame of TEST_TYPE at @fd; 0 when none comes. */
static ssize_t peer_read(int fd, uint8_t *buf, size_t cap)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 1000) == 1 ? read(fd, buf, cap) : 0;
}

/* The next TEST_TYPE frame at @tn, what the kernel sends on its own account thrown away. */
static struct mbuf *nic_read(struct tap_nic *tn)
{
	struct pollfd p = { .fd = tn->fd, .events = POLLIN };
	struct mbuf *m;

	while (poll(&p, 1, 1000) == 1) {
		while (tn->nic.ops->rx_burst(&tn->nic, 0, &m, 1, &work) == 1) {
			if (m->len >= 14 && be16_load(mbuf_data(m) + 12) == TEST_TYPE)
				return m;
			mbuf_free(m);
		}
	}
	return NULL;
}

/* Send every size from @tn to @peer and back; @gather splits it in three. */
static void exchange(struct tap_nic *tn, int peer, bool gather)
{
	static const uint32_t sizes[] = { 60, 61, 127, 576, 1000, 1513, 1514 };
	uint8_t frame[1600], buf[1600];

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		uint32_t len = sizes[i], lin = gather ? 30 : len;
		struct mbuf *m = mbuf_alloc(&pool);

		frame_fill(frame, len, (uint8_t)i);
		memcpy(mbuf_data(m), frame, lin);
		m->len = (uint16_t)lin;
		if (gather) {
			m->n_frags = 2;
			m->frag[0] = (struct mbuf_frag){ frame + 30, 13 };
			m->frag[1] = (struct mbuf_frag){ frame + 43, len - 43 };
			m->frag_len = len - 30;
		}
		CHECK_EQ(tn->nic.ops->tx_burst(&tn->nic, 0, &m, 1, &work), 1);
		CHECK_EQ(peer_read(peer, buf, sizeof(buf)), len);
		CHECK(memcmp(buf, frame, len) == 0);

		frame_fill(frame, len, (uint8_t)(i + 100));
		CHECK_EQ(write(peer, frame, len), len);
		tn->now = 1000 + i;
		m = nic_read(tn);
		CU_ASSERT_FATAL(m != NULL);
		CHECK_EQ(m->len, len);
		CHECK_EQ(m->n_frags, 0);
		CHECK_EQ(m->arrival, 1000 + i);
		CHECK(memcmp(mbuf_data(m), frame, len) == 0);
		mbuf_free(m);
	}
	CHECK_EQ(mempool_avail(&pool), N_FRAMES);
	CHECK_EQ(tn->count.tx_frames, ARRAY_LEN(sizes));
	CHECK_EQ(tn->count.tx_errors, 0);
}

static void spec_is_checked(void)
{
	static const char *const bad[] = { "", "tap", "tap:", "eth0", "tap:a b", "tap:a/b",
					   "tap:a%d", "tap:0123456789abcdef", "packet:", "dpdk:0",
					   "tap:a:b" };
	char name[TAP_NAME_LEN];
	enum tap_kind kind;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		err[0] = '\0';
		CHECK_EQ(tap_spec_parse(bad[i], &kind, name, err, sizeof(err)), -EINVAL);
		CHECK(strlen(err) > 30);
	}
	CHECK_EQ(tap_spec_parse("tap:0123456789abcde", &kind, name, err, sizeof(err)), 0);
	CHECK(kind == TAP_KIND_TAP && strcmp(name, "0123456789abcde") == 0);
	CHECK_EQ(tap_spec_parse("packet:veth0", &kind, name, err, sizeof(err)), 0);
	CHECK(kind == TAP_KIND_PACKET && strcmp(name, "veth0") == 0);
}

static void tap_carries_every_byte(void)
{
	struct tap_nic tn;
	int peer;

	for (int gather = 0; gather < 2 && setup(); gather++) {
		CHECK_EQ(tap_nic_open(&tn, "tap:ixt0", our_mac, &pool, err, sizeof(err)), 0);
		CHECK(memcmp(tn.nic.mac, our_mac, 6) == 0);
		CHECK_EQ(tn.nic.mtu, 1500);
		CHECK_EQ(tn.nic.caps, 0);
		peer = peer_open("ixt0");
		exchange(&tn, peer, gather == 1);
		close(peer);
		tap_nic_close(&tn);
		tap_nic_close(&tn);
	}
}

static void tap_refusals_are_sentences(void)
{
	struct tap_nic a, b;

	if (!setup())
		return;
	CHECK_EQ(tap_nic_open(&a, "tap:ixt0", our_mac, &pool, err, sizeof(err)), 0);
	CHECK_EQ(tap_nic_open(&b, "tap:ixt0", our_mac, &pool, err, sizeof(err)), -EBUSY);
	CHECK(strstr(err, "ixt0 is taken") != NULL);
	CHECK_EQ(b.fd, -1);
	CHECK_EQ(tap_nic_open(&b, "tap:lo", our_mac, &pool, err, sizeof(err)), -EINVAL);
	CHECK(strstr(err, "lo exists and is no single-queue TAP device") != NULL);
	CHECK_EQ(tap_nic_open(&b, "packet:none0", our_mac, &pool, err, sizeof(err)), -ENODEV);
	CHECK(strstr(err, "no interface none0") != NULL);
	tap_nic_close(&a);
	/* It went with us: the name is free again. */
	CHECK_EQ(tap_nic_open(&b, "tap:ixt0", our_mac, &pool, err, sizeof(err)), 0);
	tap_nic_close(&b);
}

static void empty_pool_leaves_frames_in_the_kernel(void)
{
	struct mbuf *all[N_FRAMES], *m;
	struct tap_nic tn;
	uint8_t frame[100];
	int peer;

	if (!setup())
		return;
	CHECK_EQ(tap_nic_open(&tn, "tap:ixt0", our_mac, &pool, err, sizeof(err)), 0);
	peer = peer_open("ixt0");
	for (uint32_t i = 0; i < N_FRAMES; i++)
		all[i] = mbuf_alloc(&pool);
	frame_fill(frame, sizeof(frame), 1);
	CHECK_EQ(write(peer, frame, sizeof(frame)), sizeof(frame));
	CHECK_EQ(tn.nic.ops->rx_burst(&tn.nic, 0, &m, 1, &work), 0);
	CHECK_EQ(tn.count.rx_no_mbuf, 1);
	for (uint32_t i = 0; i < N_FRAMES; i++)
		mbuf_free(all[i]);
	m = nic_read(&tn);
	CU_ASSERT_FATAL(m != NULL);
	CHECK_EQ(m->len, sizeof(frame));
	mbuf_free(m);
	close(peer);
	tap_nic_close(&tn);
}

static void link_down_is_counted(void)
{
	struct tap_nic tn;
	struct mbuf *m;

	if (!setup())
		return;
	CHECK_EQ(tap_nic_open(&tn, "tap:ixt0", our_mac, &pool, err, sizeof(err)), 0);
	CHECK_EQ(system("ip link set ixt0 down"), 0);
	m = mbuf_alloc(&pool);
	m->len = 60;
	frame_fill(mbuf_data(m), 60, 1);
	CHECK_EQ(tn.nic.ops->tx_burst(&tn.nic, 0, &m, 1, &work), 1);
	CHECK_EQ(tn.count.tx_errors, 1);
	CHECK_EQ(tn.count.tx_frames, 0);
	CHECK_EQ(mempool_avail(&pool), N_FRAMES);
	tap_nic_close(&tn);
}

static void address_is_given_and_found(void)
{
	struct tap_nic tn;
	uint32_t ip;

	if (!setup())
		return;
	CHECK_EQ(tap_nic_open(&tn, "tap:ixt0", our_mac, &pool, err, sizeof(err)), 0);
	CHECK_EQ(netdev_addr_get("ixt0", &ip), -EADDRNOTAVAIL);
	CHECK_EQ(netdev_addr_set("ixt0", 0x0a090001, 24), 0);
	CHECK_EQ(netdev_addr_get("ixt0", &ip), 0);
	CHECK_EQ(ip, 0x0a090001);
	CHECK_EQ(system("ip -4 addr show ixt0 | grep -q '10.9.0.1/24 brd 10.9.0.255'"), 0);
	CHECK_EQ(netdev_addr_set("none0", 0x0a090001, 24), -ENODEV);
	tap_nic_close(&tn);
}

/* veth says UP before it carries; the kernel's own frames then come some time. */
static bool carrier_wait(const char *name)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "for i in $(seq 200); do ip link show %s | grep -q 'state UP' "
		 "&& exit 0; sleep 0.01; done; exit 1", name);
	return system(cmd) == 0;
}

static void packet_carries_every_byte(void)
{
	struct tap_nic tn;
	int peer;

	if (!setup())
		return;
	CHECK_EQ(system("ip link add va type veth peer name vb && ip link set vb up"), 0);
	CHECK_EQ(tap_nic_open(&tn, "packet:va", NULL, &pool, err, sizeof(err)), 0);
	CHECK(carrier_wait("va") && carrier_wait("vb"));
	peer = peer_open("vb");
	exchange(&tn, peer, true);
	close(peer);
	tap_nic_close(&tn);
}

static void packet_drops_frames_beyond_the_mtu(void)
{
	uint8_t frame[9000];
	struct tap_nic tn;
	struct mbuf *m;
	int peer;

	if (!setup())
		return;
	CHECK_EQ(system("ip link add va mtu 9000 type veth peer name vb mtu 9000 && "
			"ip link set vb up"), 0);
	CHECK_EQ(tap_nic_open(&tn, "packet:va", our_mac, &pool, err, sizeof(err)), 0);
	CHECK_EQ(tn.nic.mtu, 1500);
	CHECK(carrier_wait("va") && carrier_wait("vb"));
	peer = peer_open("vb");
	frame_fill(frame, sizeof(frame), 1);
	CHECK_EQ(write(peer, frame, 1515), 1515);
	CHECK_EQ(write(peer, frame, 9000), 9000);
	CHECK_EQ(write(peer, frame, 1514), 1514);
	m = nic_read(&tn);
	CU_ASSERT_FATAL(m != NULL);
	CHECK_EQ(m->len, 1514);
	CHECK_EQ(tn.count.rx_oversize, 2);
	mbuf_free(m);
	CHECK_EQ(mempool_avail(&pool), N_FRAMES);
	close(peer);
	tap_nic_close(&tn);
}

static void privilege_is_named(void)
{
	struct tap_nic tn;

	if (geteuid() != 0 || !setup() || seteuid(65534) < 0)
		return;
	CHECK(tap_nic_open(&tn, "tap:ixt0", our_mac, &pool, err, sizeof(err)) < 0);
	CHECK(strstr(err, "CAP_NET_ADMIN") != NULL || strstr(err, "run as root") != NULL);
	CHECK_EQ(tap_nic_open(&tn, "packet:lo", our_mac, &pool, err, sizeof(err)), -EPERM);
	CHECK(strstr(err, "CAP_NET_RAW") != NULL);
	CHECK_EQ(seteuid(0), 0);
}

CU_MAIN("tap_nic", TEST(spec_is_checked), TEST(tap_carries_every_byte),
	TEST(tap_refusals_are_sentences), TEST(empty_pool_leaves_frames_in_the_kernel),
	TEST(link_down_is_counted), TEST(address_is_given_and_found),
	TEST(packet_carries_every_byte), TEST(packet_drops_frames_beyond_the_mtu),
	TEST(privilege_is_named))
