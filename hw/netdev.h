/* SPDX-License-Identifier: MIT */
/*
 * netdev.h - what we ask the kernel about one of its network devices, by name
 *
 * Thin wrappers over the classic ioctls (netdevice(7)). All return 0 or a negative
 * errno: -ENODEV: no such device here, -EPERM: CAP_NET_ADMIN is missing.
 */
#ifndef HW_NETDEV_H
#define HW_NETDEV_H

#include "base/types.h"

/** Stores the interface index. */
int netdev_index(const char *name, int *index);

/** Stores the MTU in bytes. */
int netdev_mtu(const char *name, uint32_t *mtu);

/** Stores the hardware address; -EPROTOTYPE when it is no Ethernet device. */
int netdev_mac(const char *name, uint8_t mac[6]);

/** Sets the link up. */
int netdev_up(const char *name);

/** Stores its first IPv4 address, host order; -EADDRNOTAVAIL when there is none. */
int netdev_addr_get(const char *name, uint32_t *ip);

/** Makes @ip/@prefix its IPv4 address, broadcast included. */
int netdev_addr_set(const char *name, uint32_t ip, uint32_t prefix);

#endif
