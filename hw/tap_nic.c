/* SPDX-License-Identifier: MIT */
/*
 * tap_nic.c - frames by read and writev on a TAP device or a packet socket
 *
 * The TAP device is opened without IFF_VNET_HDR, so the kernel finishes the checksums of
 * what it gives us and cuts segments to the MTU, and believes none of ours: both are
 * verified in software on both sides, which is what this backend is for.
 *
 * On a packet socket the kernel marks a frame whose checksum its sender left to a NIC
 * that was never there (veth); such a frame is as good as verified.
 *
 * Not here: who sleeps and when (hw/run.c), faults (hw/impair.c).
 * packet(7), Documentation/networking/tuntap.rst of the kernel.
 */
#include "hw/tap_nic.h"

#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hw/netdev.h"

enum {
	RX_CAP = MBUF_ROOM - MBUF_HEADROOM,	/* bytes a read may store */
	RX_SOCK_BYTES = 16 << 20,		/* a packet socket's queue, with overhead */
	FRAME_OVERHEAD = ETHER_HDR_LEN,
};

__attribute__((format(printf, 4, 5))) static int say(char *err, size_t err_len, int code,
						     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, err_len, fmt, ap);
	va_end(ap);
	return code;
}

/* ---- receive ---- */

/* Bytes of the next frame stored at @to, 0: a frame to be skipped, or a negative errno. */
static ssize_t read_tap(struct tap_nic *tn, uint8_t *to, uint8_t *flags)
{
	ssize_t n = read(tn->fd, to, RX_CAP);

	*flags = 0;
	return n < 0 ? -errno : n;
}

static ssize_t read_packet(struct tap_nic *tn, uint8_t *to, uint8_t *flags)
{
	union {
		struct cmsghdr align;
		uint8_t buf[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} ctl;
	struct iovec iov = { to, RX_CAP };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl,
			      .msg_controllen = sizeof(ctl) };
	ssize_t n = recvmsg(tn->fd, &msg, MSG_DONTWAIT | MSG_TRUNC);
	struct cmsghdr *c;
	struct tpacket_auxdata aux;

	*flags = 0;
	if (n < 0)
		return -errno;
	for (c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if ((aux.tp_status & TP_STATUS_CSUMNOTREADY) != 0)
			*flags = MBUF_RX_L4_CSUM_OK;
	}
	return n;
}

static uint32_t rx_burst(struct nic *nic, uint16_t queue, struct mbuf **m, uint32_t n,
			 struct work *w)
{
	struct tap_nic *tn = container_of(nic, struct tap_nic, nic);
	uint32_t got = 0;

	assert(queue == 0);
	w->rx_polls++;
	while (got < n) {
		struct mbuf *f = mbuf_alloc(tn->pool);
		uint8_t flags;
		ssize_t len;

		if (f == NULL) {
			tn->count.rx_no_mbuf++;
			break;
		}
		len = tn->kind == TAP_KIND_TAP ? read_tap(tn, mbuf_data(f), &flags) :
						 read_packet(tn, mbuf_data(f), &flags);
		if (len <= 0 || len > nic->mtu + FRAME_OVERHEAD) {
			mbuf_free(f);
			if (len > 0) {
				tn->count.rx_oversize++;
				continue;
			}
			if (len != -EAGAIN && len != -EINTR)
				tn->count.rx_errors++;
			break;
		}
		f->len = (uint16_t)len;
		f->flags = flags;
		f->arrival = tn->now;
		tn->count.rx_bytes += (uint64_t)len;
		m[got++] = f;
	}
	tn->count.rx_frames += got;
	return got;
}

/* ---- transmit ---- */

/* Returns 0: taken by the kernel or lost for good, -EAGAIN: later. */
static int tx_one(struct tap_nic *tn, const struct mbuf *m)
{
	struct iovec iov[1 + MBUF_FRAGS_MAX];
	int n = 1;

	iov[0] = (struct iovec){ mbuf_data(m), m->len };
	for (uint8_t i = 0; i < m->n_frags; i++)
		iov[n++] = (struct iovec){ (void *)(uintptr_t)m->frag[i].p, m->frag[i].len };
	if (writev(tn->fd, iov, n) >= 0) {
		tn->count.tx_frames++;
		tn->count.tx_bytes += mbuf_frame_len(m);
		return 0;
	}
	if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
		return -EAGAIN;
	tn->count.tx_errors++;
	return 0;
}

static uint32_t tx_burst(struct nic *nic, uint16_t queue, struct mbuf **m, uint32_t n,
			 struct work *w)
{
	struct tap_nic *tn = container_of(nic, struct tap_nic, nic);
	uint32_t sent;

	assert(queue == 0);
	for (sent = 0; sent < n && tx_one(tn, m[sent]) == 0; sent++)
		mbuf_free(m[sent]);
	tn->tx_blocked = sent < n;
	tn->count.tx_blocked += tn->tx_blocked;
	w->tx_doorbells += sent > 0;
	return sent;
}

static int reta_set(struct nic *nic, uint16_t bucket, uint16_t queue)
{
	if (bucket >= RSS_RETA_LEN || queue >= nic->n_queues)
		return -EINVAL;
	nic->reta[bucket] = (uint8_t)queue;
	return 0;
}

static const struct nic_ops tap_ops = { rx_burst, tx_burst, reta_set };

/* ---- bring-up ---- */

int tap_spec_parse(const char *spec, enum tap_kind *kind, char name[TAP_NAME_LEN], char *err,
		   size_t err_len)
{
	const char *colon = strchr(spec, ':');
	const char *p = colon == NULL ? "" : colon + 1;

	if (strncmp(spec, "tap:", 4) == 0)
		*kind = TAP_KIND_TAP;
	else if (strncmp(spec, "packet:", 7) == 0)
		*kind = TAP_KIND_PACKET;
	else
		return say(err, err_len, -EINVAL,
			   "'%s' is no network interface this build knows: write tap:NAME for a "
			   "TAP device, made on the spot, or packet:NAME for an existing interface",
			   spec);
	if (*p == '\0' || strlen(p) >= TAP_NAME_LEN || strpbrk(p, " \t\n/%:") != NULL)
		return say(err, err_len, -EINVAL,
			   "'%s' is no interface name: 1 to %d characters without space, '/', '%%' "
			   "or ':', as in tap:ix0",
			   p, TAP_NAME_LEN - 1);
	snprintf(name, TAP_NAME_LEN, "%s", p);
	return 0;
}

static int no_tun(char *err, size_t err_len)
{
	int e = errno;

	if (e == ENOENT || e == ENODEV || e == ENXIO)
		return say(err, err_len, -e,
			   "/dev/net/tun is missing: load the kernel's tun module (modprobe tun), "
			   "or give the container the device (--device /dev/net/tun)");
	return say(err, err_len, -e,
		   "/dev/net/tun cannot be opened (%s): run as root, or make the device beforehand "
		   "for this user (ip tuntap add NAME mode tap user $USER)",
		   strerror(e));
}

static int no_tap(const char *name, int e, char *err, size_t err_len)
{
	if (e == EPERM || e == EACCES)
		return say(err, err_len, -e,
			   "no permission to make or attach to TAP device %s: CAP_NET_ADMIN is "
			   "needed (run as root), or a device made for this user (ip tuntap add %s "
			   "mode tap user $USER)",
			   name, name);
	if (e == EBUSY)
		return say(err, err_len, -e,
			   "%s is taken: another process is attached to that TAP device; end it, "
			   "or use another name",
			   name);
	if (e == EINVAL)
		return say(err, err_len, -e,
			   "%s exists and is no single-queue TAP device; use another name, or "
			   "packet:%s if it is an interface to share",
			   name, name);
	return say(err, err_len, -e, "TAP device %s cannot be made: %s", name, strerror(e));
}

static int link_up(const struct tap_nic *tn, char *err, size_t err_len)
{
	int e = netdev_up(tn->name);

	if (e < 0)
		return say(err, err_len, e,
			   "the link of %s cannot be set up (%s): CAP_NET_ADMIN is needed, or 'ip "
			   "link set %s up' beforehand",
			   tn->name, strerror(-e), tn->name);
	return 0;
}

static int open_tap(struct tap_nic *tn, char *err, size_t err_len)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	tn->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tn->fd < 0)
		return no_tun(err, err_len);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", tn->name);
	if (ioctl(tn->fd, TUNSETIFF, &ifr) < 0)
		return no_tap(tn->name, errno, err, err_len);
	return link_up(tn, err, err_len);
}

/* The socket starts deaf, or it would hear every interface until it is bound; bound to a
 * device that is down it would start with an error. */
static int bind_packet(struct tap_nic *tn, int index)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
				   .sll_ifindex = index };
	struct packet_mreq mr = { .mr_ifindex = index, .mr_type = PACKET_MR_PROMISC };
	int on = 1, queue = RX_SOCK_BYTES;

	/* The default holds some 90 frames. Beyond the system's limit only with CAP_NET_ADMIN. */
	if (setsockopt(tn->fd, SOL_SOCKET, SO_RCVBUFFORCE, &queue, sizeof(queue)) < 0)
		setsockopt(tn->fd, SOL_SOCKET, SO_RCVBUF, &queue, sizeof(queue));
	if (setsockopt(tn->fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
	    setsockopt(tn->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
	    setsockopt(tn->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mr, sizeof(mr)) < 0 ||
	    bind(tn->fd, (struct sockaddr *)&sll, sizeof(sll)) < 0)
		return -errno;
	return 0;
}

static int open_packet(struct tap_nic *tn, char *err, size_t err_len)
{
	int index, e;

	tn->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (tn->fd < 0)
		return say(err, err_len, -errno,
			   "no packet socket (%s): packet:%s needs CAP_NET_RAW (run as root)",
			   strerror(errno), tn->name);
	e = netdev_index(tn->name, &index);
	if (e < 0)
		return say(err, err_len, e,
			   "there is no interface %s in this network namespace (%s); 'ip link' "
			   "lists what there is",
			   tn->name, strerror(-e));
	e = link_up(tn, err, err_len);
	if (e < 0)
		return e;
	e = bind_packet(tn, index);
	if (e < 0)
		return say(err, err_len, e, "interface %s cannot be shared: %s", tn->name,
			   strerror(-e));
	return 0;
}

/* MTU and MAC. */
static int take_over(struct tap_nic *tn, const uint8_t *mac, char *err, size_t err_len)
{
	uint32_t mtu = 0;
	uint8_t own[6];
	int e = netdev_mtu(tn->name, &mtu);

	if (e == 0)
		e = netdev_mac(tn->name, own);
	if (e < 0)
		return say(err, err_len, e, "%s is not usable as an Ethernet interface: %s",
			   tn->name, strerror(-e));
	if (mtu < 576)
		return say(err, err_len, -EINVAL,
			   "the MTU of %s is %u bytes, less than the 576 IPv4 needs (RFC 791); "
			   "raise it: ip link set %s mtu 1500",
			   tn->name, mtu, tn->name);
	tn->nic.mtu = (uint16_t)MIN(mtu, 1500U);
	memcpy(tn->nic.mac, mac != NULL ? mac : own, sizeof(tn->nic.mac));
	return 0;
}

int tap_nic_open(struct tap_nic *tn, const char *spec, const uint8_t mac[6], struct mempool *pool,
		 char *err, size_t err_len)
{
	int e;

	*tn = (struct tap_nic){ .nic = { .ops = &tap_ops, .n_queues = 1 }, .fd = -1, .pool = pool };
	e = tap_spec_parse(spec, &tn->kind, tn->name, err, err_len);
	if (e < 0)
		return e;
	assert(mac != NULL || tn->kind == TAP_KIND_PACKET);
	memcpy(tn->nic.rss_key, rss_default_key, RSS_KEY_LEN);
	e = tn->kind == TAP_KIND_TAP ? open_tap(tn, err, err_len) : open_packet(tn, err, err_len);
	if (e == 0)
		e = take_over(tn, mac, err, err_len);
	if (e < 0)
		tap_nic_close(tn);
	return e;
}

void tap_nic_count_missed(struct tap_nic *tn)
{
	struct tpacket_stats st = { 0 };
	socklen_t len = sizeof(st);

	/* Reading clears them. */
	if (tn->kind == TAP_KIND_PACKET &&
	    getsockopt(tn->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len) == 0)
		tn->count.rx_missed += st.tp_drops;
}

void tap_nic_close(struct tap_nic *tn)
{
	if (tn->fd >= 0)
		close(tn->fd);
	tn->fd = -1;
}
