/* SPDX-License-Identifier: MIT */
/*
 * netdev.c - ioctls on a network device (netdevice(7))
 *
 * Every call opens a socket of its own: this is bring-up, once a run.
 */
#include "hw/netdev.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* @ifr's name is set here, the rest by the caller. */
static int netdev_ioctl(const char *name, unsigned long req, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
	if (ioctl(fd, req, ifr) < 0)
		err = -errno;
	close(fd);
	return err;
}

int netdev_index(const char *name, int *index)
{
	struct ifreq ifr = { 0 };
	int err = netdev_ioctl(name, SIOCGIFINDEX, &ifr);

	*index = ifr.ifr_ifindex;
	return err;
}

int netdev_mtu(const char *name, uint32_t *mtu)
{
	struct ifreq ifr = { 0 };
	int err = netdev_ioctl(name, SIOCGIFMTU, &ifr);

	*mtu = ifr.ifr_mtu < 0 ? 0 : (uint32_t)ifr.ifr_mtu;
	return err;
}

int netdev_mac(const char *name, uint8_t mac[6])
{
	struct ifreq ifr = { 0 };
	int err = netdev_ioctl(name, SIOCGIFHWADDR, &ifr);

	if (err == 0 && ifr.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		err = -EPROTOTYPE;
	memcpy(mac, ifr.ifr_hwaddr.sa_data, 6);
	return err;
}

int netdev_up(const char *name)
{
	struct ifreq ifr = { 0 };
	int err = netdev_ioctl(name, SIOCGIFFLAGS, &ifr);

	if (err < 0 || (ifr.ifr_flags & IFF_UP) != 0)
		return err;
	ifr.ifr_flags |= IFF_UP;
	return netdev_ioctl(name, SIOCSIFFLAGS, &ifr);
}

static struct sockaddr in_addr_of(uint32_t ip)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(ip) } };
	struct sockaddr sa;

	memcpy(&sa, &in, sizeof(sa));
	return sa;
}

int netdev_addr_get(const char *name, uint32_t *ip)
{
	struct ifreq ifr = { .ifr_addr = { .sa_family = AF_INET } };
	int err = netdev_ioctl(name, SIOCGIFADDR, &ifr);
	struct sockaddr_in in;

	memcpy(&in, &ifr.ifr_addr, sizeof(in));
	*ip = ntohl(in.sin_addr.s_addr);
	return err;
}

int netdev_addr_set(const char *name, uint32_t ip, uint32_t prefix)
{
	uint32_t mask = prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
	struct ifreq addr = { .ifr_addr = in_addr_of(ip) };
	struct ifreq netmask = { .ifr_netmask = in_addr_of(mask) };
	struct ifreq brd = { .ifr_broadaddr = in_addr_of(ip | ~mask) };
	int err = netdev_ioctl(name, SIOCSIFADDR, &addr);

	if (err == 0)
		err = netdev_ioctl(name, SIOCSIFNETMASK, &netmask);
	if (err == 0)
		err = netdev_ioctl(name, SIOCSIFBRDADDR, &brd);
	return err;
}
