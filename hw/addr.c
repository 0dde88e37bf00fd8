/* SPDX-License-Identifier: MIT */
/* addr.c - addresses as people write them; see addr.h */
#include "hw/addr.h"

#include <stdio.h>

/* A decimal number without sign or leading zero, at most @max; NULL if there is none. */
static const char *take_num(const char *s, uint32_t max, uint32_t *v)
{
	const char *start = s;

	for (*v = 0; *s >= '0' && *s <= '9'; s++) {
		*v = *v * 10 + (uint32_t)(*s - '0');
		if (*v > max)
			return NULL;
	}
	return s == start || (*start == '0' && s - start > 1) ? NULL : s;
}

static const char *take_ip(const char *s, uint32_t *ip)
{
	uint32_t v;

	*ip = 0;
	for (int i = 0; i < 4; i++) {
		if (i > 0 && *s++ != '.')
			return NULL;
		s = take_num(s, 255, &v);
		if (s == NULL)
			return NULL;
		*ip = *ip << 8 | v;
	}
	return s;
}

int addr_ip(const char *s, uint32_t *ip)
{
	s = take_ip(s, ip);
	return s == NULL || *s != '\0' ? -EINVAL : 0;
}

/* An address, @sep, and a number in [@min, @max]. */
static int ip_and_num(const char *s, char sep, uint32_t min, uint32_t max, uint32_t *ip,
		      uint32_t *v)
{
	s = take_ip(s, ip);
	if (s == NULL || *s != sep)
		return -EINVAL;
	s = take_num(s + 1, max, v);
	return s == NULL || *s != '\0' || *v < min ? -EINVAL : 0;
}

int addr_ip_prefix(const char *s, uint32_t *ip, uint32_t *prefix)
{
	return ip_and_num(s, '/', 1, 30, ip, prefix);
}

int addr_ip_port(const char *s, uint32_t *ip, uint16_t *port)
{
	uint32_t v = 0;
	int err = ip_and_num(s, ':', 1, UINT16_MAX, ip, &v);

	*port = (uint16_t)v;
	return err;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int addr_mac(const char *s, uint8_t mac[6])
{
	static const uint8_t zero[6];

	if (strlen(s) != 17)
		return -EINVAL;
	for (int i = 0; i < 6; i++, s += 3) {
		int hi = hex_digit(s[0]), lo = hex_digit(s[1]);

		if (hi < 0 || lo < 0 || s[2] != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		mac[i] = (uint8_t)(hi << 4 | lo);
	}
	return (mac[0] & 1) != 0 || memcmp(mac, zero, 6) == 0 ? -EINVAL : 0;
}

const char *addr_ip_str(uint32_t ip, char to[ADDR_IP_LEN])
{
	snprintf(to, ADDR_IP_LEN, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
	return to;
}
