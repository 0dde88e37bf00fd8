/* SPDX-License-Identifier: MIT */
/*
 * pkt_udp.c - datagrams through the ABI: delivered from their frames, sent by reference
 */
#include "cases.h"
#include "net/csum.h"

enum { PEER_IP = 0x0a000002, OUR_IP = 0x0a000001, PORT = 53, PEER_PORT = 4000, LOG = 16 };

static struct ix_event seen[LOG];
static uint32_t n_seen;

static void note(struct bed *b, struct ix_page *page)
{
	(void)b;
	for (uint32_t i = 0; i < page->n_events && n_seen < LOG; i++)
		if (page->events[i].nr == IX_EV_UDP_RECV || page->events[i].nr == IX_EV_UDP_SENT)
			seen[n_seen++] = page->events[i];
}

static struct bed *udp_bed(const struct dp_cfg *cfg)
{
	struct bed *b = bed_new(cfg);

	n_seen = 0;
	b->hook = note;
	CHECK_EQ(dp_udp_open(b->dp, PORT), 0);
	return b;
}

/* The events were looked at here, not in the bed's log. */
static void udp_bed_done(struct bed *b)
{
	bed_forget_events(b);
	bed_done(b);
}

static struct bed *fresh(void)
{
	struct dp_cfg cfg = bed_cfg();

	return udp_bed(&cfg);
}

/* A datagram of @len bytes of value @byte to @port, without a checksum (RFC 768). */
static void rx_udp(struct bed *b, uint16_t port, uint8_t byte, uint32_t len)
{
	static const uint8_t eth[ETH_HLEN] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };
	uint8_t f[512] = { 0 }, *ip = f + ETH_HLEN, *udp = ip + IP_HLEN_MIN;

	memcpy(f, eth, sizeof(eth));
	ip[IP_VHL] = 0x45;
	ip[IP_TTL] = 64;
	ip[IP_PROTO] = IPPROTO_UDP_;
	be16_store(ip + IP_TOTLEN, (uint16_t)(IP_HLEN_MIN + UDP_HLEN + len));
	be32_store(ip + IP_SRC, PEER_IP);
	be32_store(ip + IP_DST, OUR_IP);
	be16_store(ip + IP_CSUM, csum_fold(csum_partial(ip, IP_HLEN_MIN)));
	be16_store(udp + UDP_SPORT, PEER_PORT);
	be16_store(udp + UDP_DPORT, port);
	be16_store(udp + UDP_LEN, (uint16_t)(UDP_HLEN + len));
	memset(udp + UDP_HLEN, byte, len);
	bed_queue_raw(b, f, MAX(ETH_HLEN + IP_HLEN_MIN + UDP_HLEN + len, (uint32_t)ETH_FRAME_MIN));
	bed_pass(b);
}

static int64_t recv_done(struct bed *b, uint64_t handle)
{
	return bed_call(b, (struct ix_call){ .nr = IX_CALL_UDP_RECV_DONE, .handle = handle });
}

/* Send @n pieces of @len bytes from the window; the sg array lies in it too. */
static int64_t send_to(struct bed *b, uint32_t ip, uint16_t port, uint32_t n, uint32_t len)
{
	struct ix_sg *sg = (struct ix_sg *)(void *)(b->win + BED_WIN - 2048);

	for (uint32_t i = 0; i < n; i++)
		sg[i] = (struct ix_sg){ .addr = (uintptr_t)b->win + i * len, .len = len };
	return bed_call(b, (struct ix_call){ .nr = IX_CALL_UDP_SENDV, .n = n, .cookie = 77,
		.sg = (uintptr_t)sg, .addr = { .ip = ip, .port = port, .local_port = PORT } });
}

static void datagram_is_delivered_from_its_frame(void)
{
	struct bed *b = fresh();
	const uint8_t *p;

	rx_udp(b, PORT, 0xab, 100);
	CHECK_EQ(n_seen, 1);
	CHECK_EQ(seen[0].nr, IX_EV_UDP_RECV);
	CHECK_EQ(seen[0].len, 100);
	CHECK_EQ(seen[0].addr.ip, PEER_IP);
	CHECK_EQ(seen[0].addr.port, PEER_PORT);
	CHECK_EQ(seen[0].addr.local_port, PORT);
	p = (const uint8_t *)(uintptr_t)seen[0].ptr;
	CHECK_EQ(p[0], 0xab);
	CHECK_EQ(p[99], 0xab);
	CHECK(p >= b->pool.pool.base && p < b->pool.pool.end);
	CHECK_EQ(b->work.copied_bytes, 0);
	CHECK_EQ(dp_usage(b->dp).frames_held, 1);
	CHECK_EQ(recv_done(b, seen[0].handle), 0);
	CHECK_EQ(dp_usage(b->dp).frames_held, 0);
	udp_bed_done(b);
}

static void handle_of_a_datagram_is_good_once(void)
{
	struct bed *b = fresh();

	rx_udp(b, PORT, 1, 10);
	CHECK_EQ(recv_done(b, seen[0].handle + 1), -EBADF);
	CHECK_EQ(recv_done(b, seen[0].handle ^ 1ULL << 32), -EBADF);
	CHECK_EQ(recv_done(b, seen[0].handle), 0);
	CHECK_EQ(recv_done(b, seen[0].handle), -EBADF);
	rx_udp(b, PORT, 2, 10);
	CHECK_EQ(n_seen, 2);
	CHECK_EQ(recv_done(b, seen[0].handle), -EBADF);
	CHECK_EQ(recv_done(b, seen[1].handle), 0);
	udp_bed_done(b);
}

static void port_nobody_serves_is_unreachable(void)
{
	struct bed *b = fresh();

	rx_udp(b, PORT + 1, 1, 10);
	CHECK_EQ(n_seen, 0);
	CHECK_EQ(b->icmp_seen, 1);
	CHECK_EQ(bed_stat(b, STAT_UDP_NO_PORT), 1);
	udp_bed_done(b);
}

static void held_datagrams_are_bounded(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.udp_held_max = 2;
	b = udp_bed(&cfg);
	for (uint8_t i = 0; i < 3; i++)
		rx_udp(b, PORT, i, 20);
	CHECK_EQ(n_seen, 2);
	CHECK_EQ(bed_stat(b, STAT_UDP_NO_ROOM), 1);
	CHECK_EQ(recv_done(b, seen[0].handle), 0);
	rx_udp(b, PORT, 9, 20);
	CHECK_EQ(n_seen, 3);
	CHECK_EQ(recv_done(b, seen[1].handle), 0);
	CHECK_EQ(recv_done(b, seen[2].handle), 0);
	udp_bed_done(b);
}

static void sending_is_by_reference_until_udp_sent(void)
{
	struct bed *b = fresh();
	const struct mbuf *m;

	b->tx_hold = true;
	CHECK_EQ(send_to(b, PEER_IP, PEER_PORT, 2, 300), 600);
	bed_tick(b, MSEC);
	CHECK_EQ(n_seen, 0);
	m = b->held[b->n_held - 1];
	CHECK_EQ(m->n_frags, 2);
	CHECK(m->frag[0].p == b->win && m->frag[1].p == b->win + 300);
	CHECK_EQ(be16_load(m->buf + m->l4_off + UDP_SPORT), PORT);
	CHECK_EQ(be16_load(m->buf + m->l4_off + UDP_DPORT), PEER_PORT);
	CHECK_EQ(be16_load(m->buf + m->l4_off + UDP_LEN), UDP_HLEN + 600);
	bed_let_go(b);
	bed_tick(b, MSEC);
	CHECK_EQ(n_seen, 1);
	CHECK_EQ(seen[0].nr, IX_EV_UDP_SENT);
	CHECK_EQ(seen[0].cookie, 77);
	b->tx_hold = false;
	udp_bed_done(b);
}

static void what_cannot_be_sent_is_refused_whole(void)
{
	struct bed *b = fresh();

	CHECK_EQ(send_to(b, PEER_IP, 0, 1, 10), -EINVAL);
	CHECK_EQ(send_to(b, OUR_IP, PEER_PORT, 1, 10), -EINVAL);
	CHECK_EQ(send_to(b, UINT32_MAX, PEER_PORT, 1, 10), -EINVAL);
	CHECK_EQ(send_to(b, PEER_IP, PEER_PORT, MBUF_FRAGS_MAX + 1, 10), -EINVAL);
	CHECK_EQ(send_to(b, PEER_IP, PEER_PORT, 0, 10), -EINVAL);
	CHECK_EQ(send_to(b, PEER_IP, PEER_PORT, 2, 800), -EMSGSIZE);
	CHECK_EQ(send_to(b, PEER_IP, PEER_PORT, 1, 4 * BED_WIN), -EFAULT);
	bed_tick(b, MSEC);
	CHECK_EQ(n_seen, 0);
	CHECK_EQ(b->icmp_seen, 0);
	udp_bed_done(b);
}

const struct pkt_case pkt_udp[] = {
	CASE(datagram_is_delivered_from_its_frame, "RFC 768"),
	CASE(handle_of_a_datagram_is_good_once, "ix/abi.h udp_recv_done"),
	CASE(port_nobody_serves_is_unreachable, "RFC 1122 4.1.3.1"),
	CASE(held_datagrams_are_bounded, "ix/abi.h udp_recv"),
	CASE(sending_is_by_reference_until_udp_sent, "ix/abi.h udp_sent"),
	CASE(what_cannot_be_sent_is_refused_whole, "ix/abi.h udp_sendv"),
	CASES_END
};
